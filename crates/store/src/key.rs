use std::fmt;

use rustls_pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    der::{self, INTEGER, NULL, OCTET_STRING, OID, Reader, SEQUENCE},
    pem,
};

const RSA_ENCRYPTION: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01";
const EC_PUBLIC_KEY: &[u8] = b"\x2A\x86\x48\xCE\x3D\x02\x01";

/// A private key in DER form; wiped from memory when dropped, never shown.
#[derive(PartialEq, Eq)]
pub struct PrivateKey(PrivateKeyDer<'static>);

impl PrivateKey {
    /// A key in PKCS #8 form (RFC 5958).
    pub fn pkcs8(der: Vec<u8>) -> Self {
        Self(PrivatePkcs8KeyDer::from(der).into())
    }

    /// An RSA key in PKCS #1 form (RFC 8017).
    pub fn pkcs1(der: Vec<u8>) -> Self {
        Self(PrivatePkcs1KeyDer::from(der).into())
    }

    /// An elliptic curve key in SEC 1 form (RFC 5915).
    pub fn sec1(der: Vec<u8>) -> Self {
        Self(PrivateSec1KeyDer::from(der).into())
    }

    /// The key itself. Whoever clones it is responsible for wiping the clone.
    pub fn der(&self) -> &PrivateKeyDer<'static> {
        &self.0
    }

    /// The key as a PEM section, wiped when dropped.
    pub fn to_pem(&self) -> Zeroizing<String> {
        pem::encode(self.label(), self.0.secret_der())
    }

    /// The key in the first form of PKCS #8 (RFC 5208), the only one that every Java reads: other
    /// forms are wrapped, and the public half that RFC 5958 added is left out.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyFormError> {
        let der = self.0.secret_der();
        match &self.0 {
            PrivateKeyDer::Pkcs1(_) => Ok(wrap(RSA_ENCRYPTION, &[NULL, 0], der)),
            PrivateKeyDer::Sec1(_) => {
                let curve = sec1_curve(der).ok_or(KeyFormError::NoCurve)?;
                let key = sec1_without_curve(der).ok_or(KeyFormError::Damaged)?;
                Ok(wrap(EC_PUBLIC_KEY, curve, &key))
            }
            _ => first_form(der).ok_or(KeyFormError::Damaged),
        }
    }

    fn label(&self) -> &'static str {
        match self.0 {
            PrivateKeyDer::Pkcs1(_) => pem::RSA_PRIVATE_KEY,
            PrivateKeyDer::Sec1(_) => pem::EC_PRIVATE_KEY,
            _ => pem::PRIVATE_KEY,
        }
    }
}

/// Why a private key cannot be written in PKCS #8 form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFormError {
    /// A key in SEC 1 form may leave out its curve, PKCS #8 may not.
    #[error("it does not say on which elliptic curve it is")]
    NoCurve,
    /// The bytes are no key of the form that they are said to have.
    #[error("it is damaged")]
    Damaged,
}

/// Whether the bytes have the outer form of PKCS #8: a version, an algorithm and a key.
pub(crate) fn is_pkcs8(der: &[u8]) -> bool {
    let mut outer = Reader::new(der);
    let mut begins = || {
        let mut key = outer.sequence()?;
        outer.end()?;
        let version = key.unsigned()?;
        key.sequence()?.take(OID)?;
        key.take(OCTET_STRING)?;
        (version <= 1).then_some(())
    };
    begins().is_some()
}

fn first_form(der: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    const PUBLIC_KEY: u8 = 0x81;
    if !is_pkcs8(der) {
        return None;
    }
    let mut key = Reader::new(der).sequence()?;
    key.unsigned()?;
    let (algorithm, content) = (key.whole(SEQUENCE)?, key.whole(OCTET_STRING)?);
    let attributes = match key.tag() {
        Some(tag) if tag != PUBLIC_KEY => key.whole(tag)?,
        _ => &[],
    };
    let version = [INTEGER, 1, 0];
    Some(der::element(
        SEQUENCE,
        &[&version, algorithm, content, attributes],
    ))
}

fn wrap(algorithm: &[u8], parameters: &[u8], key: &[u8]) -> Zeroizing<Vec<u8>> {
    let oid = der::element(OID, &[algorithm]);
    let algorithm = der::element(SEQUENCE, &[&oid, parameters]);
    let key = der::element(OCTET_STRING, &[key]);
    der::element(SEQUENCE, &[&[INTEGER, 1, 0], &algorithm, &key])
}

/// Where a key in SEC 1 form names its curve (RFC 5915 §3).
const SEC1_PARAMETERS: u8 = 0xA0;

/// The curve's identifier, as an element.
fn sec1_curve(der: &[u8]) -> Option<&[u8]> {
    let mut key = Reader::new(der).sequence()?;
    key.unsigned()?;
    key.take(OCTET_STRING)?;
    Reader::new(key.take(SEC1_PARAMETERS)?).whole(OID)
}

/// The key as it stands in PKCS #8, where the curve is said beside it.
fn sec1_without_curve(der: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    const PUBLIC_KEY: u8 = 0xA1;
    let mut key = Reader::new(der).sequence()?;
    let (version, secret) = (key.whole(INTEGER)?, key.whole(OCTET_STRING)?);
    key.maybe(SEC1_PARAMETERS);
    let public = match key.tag() {
        Some(_) => key.whole(PUBLIC_KEY)?,
        None => &[],
    };
    key.end()?;
    Some(der::element(SEQUENCE, &[version, secret, public]))
}

impl Clone for PrivateKey {
    fn clone(&self) -> Self {
        Self(self.0.clone_key())
    }
}

impl Drop for PrivateKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, ****)", self.label())
    }
}
