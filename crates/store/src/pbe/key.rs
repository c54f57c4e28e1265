use zeroize::Zeroizing;

use super::{Budget, PbeError, Scheme, seal_pbes2};
use crate::{
    WriteError,
    der::{self, OCTET_STRING, Reader, SEQUENCE},
    key::is_pkcs8,
    salt::Salts,
};

/// What the derivation of a key costs that is written; ten times what Java 17 takes for PKCS #12,
/// and about 30 ms.
const ITERATIONS: u32 = 100_000;

/// The key, in PKCS #8 form, in an `EncryptedPrivateKeyInfo` (RFC 5958 §3), and how it was
/// encrypted.
pub(crate) fn open_key(
    sealed: &[u8],
    password: &str,
    budget: &mut Budget,
) -> Result<(Zeroizing<Vec<u8>>, Scheme), PbeError> {
    let mut outer = Reader::new(sealed);
    let mut parts = || {
        let mut info = outer.sequence()?;
        outer.end()?;
        let algorithm = info.sequence()?;
        let data = info.take(OCTET_STRING)?;
        info.end()?;
        Some((algorithm, data))
    };
    let (algorithm, data) = parts().ok_or(PbeError::Parameters)?;
    let scheme = Scheme::parse(algorithm)?;
    let key = scheme.decrypt(password, data, budget)?;
    if is_pkcs8(&key) {
        Ok((key, scheme))
    } else {
        Err(PbeError::Password)
    }
}

/// A key in PKCS #8 form as an `EncryptedPrivateKeyInfo`.
pub(crate) fn seal_key(
    key: &[u8],
    password: &str,
    place: &str,
    salts: Salts,
) -> Result<Zeroizing<Vec<u8>>, WriteError> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    salts.fill(&format!("{place} salt"), key, &mut salt)?;
    salts.fill(&format!("{place} vector"), key, &mut iv)?;
    let (algorithm, data) = seal_pbes2(password, &salt, &iv, ITERATIONS, key);
    let data = der::element(OCTET_STRING, &[&data]);
    Ok(der::element(SEQUENCE, &[&algorithm, &data]))
}
