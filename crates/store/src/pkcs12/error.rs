use crate::{MAX_ITERATIONS, PbeError};

/// Why a PKCS #12 store could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Pkcs12Error {
    /// The bytes end before the store does.
    #[error("this PKCS12 keystore is cut off after {size} bytes; copy it again")]
    Truncated {
        /// How many bytes there are.
        size: usize,
    },
    /// A part that is not built as RFC 7292 says.
    #[error("this PKCS12 keystore is damaged: {place} is not what RFC 7292 describes")]
    Damaged {
        /// The part, with its article.
        place: &'static str,
    },
    /// A certificate that is not readable X.509.
    #[error("this PKCS12 keystore is damaged: the certificate {alias} is no X.509: {reason}")]
    Certificate {
        /// Its name, or its place among the certificates.
        alias: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A version other than 3.
    #[error("this PKCS12 keystore says that it is of version {version}; expected 3")]
    Version {
        /// The version found.
        version: u64,
    },
    /// Content that is encrypted or signed for a key instead of a password.
    #[error(
        "this PKCS12 keystore is protected by a public key, which Java does not read either; \
         expected one that a password protects"
    )]
    PublicKey,
    /// Encrypted, and no password was given.
    #[error("this PKCS12 keystore is encrypted, and no password was given for it")]
    NoPassword,
    /// The password does not fit, or the content was changed; nobody can tell which.
    #[error(
        "the password is wrong, or this PKCS12 keystore was changed; Java says `keystore password \
         was incorrect`"
    )]
    Password,
    /// The store's password fits, and a private key has another one.
    #[error(
        "the private key {alias} has another password than its PKCS12 keystore, and it was not \
         given; Java says `Get Key failed`"
    )]
    KeyPassword {
        /// The key's name, or its place among the keys.
        alias: String,
    },
    /// A part is encrypted in a way that is not read.
    #[error("this PKCS12 keystore cannot be decrypted: of {place}, {reason}")]
    Encryption {
        /// The part, with its article.
        place: String,
        /// Why.
        reason: PbeError,
    },
    /// A MAC whose algorithm is not known.
    #[error("the MAC of this PKCS12 keystore is made in a way that is not supported: {oid}")]
    Mac {
        /// The object identifier of the algorithm.
        oid: String,
    },
    /// A MAC whose key would take too long to derive.
    #[error(
        "the MAC of this PKCS12 keystore takes {found} iterations; at most {MAX_ITERATIONS} are \
         carried out, as in Java"
    )]
    MacIterations {
        /// How many it takes.
        found: u64,
    },
}

impl Pkcs12Error {
    pub(super) fn damaged(place: &'static str) -> Self {
        Self::Damaged { place }
    }
}
