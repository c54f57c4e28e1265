//! Encryption under a password: PBES1 and PBES2 (RFC 8018), and the schemes of PKCS #12
//! (RFC 7292 appendix B and C). Shared by PEM and PKCS #12.

mod cipher;
mod derive;
mod key;
mod scheme;

pub(crate) use cipher::{Cipher, triple_des};
pub(crate) use derive::{Budget, Hash, pkcs12_key, utf16_with_end};
pub(crate) use key::{open_key, seal_key};
pub(crate) use scheme::{Scheme, hash_of_hmac, seal_pbes2};

/// The most iterations of one key derivation that are carried out: 5,000,000, as many as Java
/// does. The feature `fuzzing` lowers it, as fuzz targets stop at an input that takes long.
pub const MAX_ITERATIONS: u32 = if cfg!(feature = "fuzzing") {
    50_000
} else {
    5_000_000
};

/// Why something encrypted under a password could not be decrypted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PbeError {
    /// The parameters of the encryption are not what its algorithm has.
    #[error("the parameters of its encryption are damaged")]
    Parameters,
    /// An algorithm that is not known, or too weak or rare to be carried out.
    #[error("its {what} is not supported: {}", named(oid, *name))]
    Unsupported {
        /// What the algorithm is for.
        what: &'static str,
        /// Its object identifier.
        oid: String,
        /// Its name, where it has a usual one.
        name: Option<&'static str>,
    },
    /// A key derivation that would take too long.
    #[error("its key takes {found} iterations to derive; at most {MAX_ITERATIONS} are carried out")]
    Iterations {
        /// How many the parameters ask for.
        found: u64,
    },
    /// A derivation by scrypt that would take too long or too much memory.
    #[error(
        "its key is derived by scrypt with N = {n}, r = {r}, p = {p}, which is out of range: at \
         most 64 MiB of memory and p = 16 are carried out"
    )]
    Scrypt {
        /// The cost.
        n: u64,
        /// The block size.
        r: u64,
        /// The parallelization.
        p: u64,
    },
    /// Many derivations that would together take too long.
    #[error("the keys of the whole file take too many iterations to derive")]
    Budget,
    /// The password is not the one that was used, or the data is not what was encrypted.
    #[error("the password is wrong, or the data is damaged")]
    Password,
}

fn named(oid: &str, name: Option<&'static str>) -> String {
    match name {
        Some(name) => format!("{name} ({oid})"),
        None => oid.to_owned(),
    }
}
