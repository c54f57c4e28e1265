use std::fmt;

use rustls_pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use zeroize::{Zeroize, Zeroizing};

use crate::pem;

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

    fn label(&self) -> &'static str {
        match self.0 {
            PrivateKeyDer::Pkcs1(_) => pem::RSA_PRIVATE_KEY,
            PrivateKeyDer::Sec1(_) => pem::EC_PRIVATE_KEY,
            _ => pem::PRIVATE_KEY,
        }
    }
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
