//! Bytes to and from private keys and certificates.
//!
//! ```text
//!                  ┌─ PEM ──► sections ──► KeyStore { keys, certificates }
//! bytes ──► sniff ─┤
//!                  └─ JKS, JCEKS, PKCS12, bare DER ──► a refusal that says how to convert
//! ```
//!
//! The format is told by content, never by name. What is read is bounded, every message names
//! the line, and private keys are wiped from memory when they are dropped and never shown.
//!
//! It opens no file and judges nothing: whether a key belongs to a certificate, who issued it
//! and whether it is still valid is `ringlock-pki`'s to say.

mod error;
mod key;
mod pem;
mod sniff;

use std::fmt;

use rustls_pki_types::CertificateDer;

pub use error::StoreError;
pub use key::PrivateKey;
pub use pem::{certificate_to_pem, certificates_to_pem, parse_pem};
pub use sniff::{Format, sniff};

/// The most bytes a store may have: 1 MiB, five times what the roots of the public web take.
pub const MAX_BYTES: u64 = 1 << 20;

/// What a store holds, in the order of the file.
#[derive(Default)]
pub struct KeyStore {
    /// The private keys.
    pub keys: Vec<PrivateKey>,
    /// The certificates; each is readable X.509.
    pub certificates: Vec<CertificateDer<'static>>,
}

impl KeyStore {
    /// Both stores' content as one, such as a key file's and a certificate file's.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.keys.extend(other.keys);
        self.certificates.extend(other.certificates);
        self
    }
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyStore")
            .field("keys", &self.keys)
            .field("certificates", &self.certificates.len())
            .finish()
    }
}

#[cfg(test)]
mod tests;
