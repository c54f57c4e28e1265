//! Bytes to and from private keys and certificates.
//!
//! ```text
//!                  ┌─ PEM, bare DER ─┐
//! bytes ──► sniff ─┼─ JKS, JCEKS ────┼──► KeyStore { keys, certificates, revocation_lists }
//!    ▲             └─ PKCS12 ────────┘       │
//!    └──────── write as one of a `Kind` ◄────┘
//! ```
//!
//! The format is told by content, never by name. What is read is bounded, every message names
//! the line or entry, and private keys are wiped from memory when they are dropped and never
//! shown.
//!
//! It opens no file and judges nothing: whether a key belongs to a certificate, who issued it
//! and whether it is still valid is `ringlock-pki`'s to say.

mod bare;
mod der;
mod entry;
mod error;
mod java;
mod jks;
mod key;
mod names;
mod open;
mod pbe;
mod pem;
mod pkcs12;
mod salt;
mod sniff;
mod write;

pub use entry::{CertificateEntry, KeyEntry, KeyStore, OtherEntry};
pub use error::StoreError;
pub use java::{JavaView, as_java_sees};
pub use jks::JksError;
pub use key::{KeyFormError, PrivateKey};
pub use open::{Opened, Passwords, open};
pub use pbe::{MAX_ITERATIONS, PbeError};
pub use pem::{certificate_to_pem, certificates_to_pem, parse_pem};
pub use pkcs12::Pkcs12Error;
pub use sniff::{Format, sniff};
pub use write::{Kind, UnknownKind, WriteError, Writing, write};

/// The most bytes a store may have: 32 MiB, room for more than 10,000 certificates.
pub const MAX_BYTES: u64 = 32 << 20;

#[cfg(test)]
mod tests;
