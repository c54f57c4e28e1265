use std::fmt;

use crate::{Format, KeyStore, MAX_BYTES, StoreError, bare, java, jks, pem, pkcs12, sniff};

/// The passwords that a store is opened or written with; never shown.
///
/// `None` is none at all and `Some("")` the empty one: Java tells them apart.
#[derive(Clone, Copy, Default)]
pub struct Passwords<'a> {
    /// What the store as a whole is under. Java reads the certificates of a JKS or JCEKS store
    /// without it, then leaving out whether the file was changed.
    pub store: Option<&'a str>,
    /// What the private keys are under; `None`: the store's.
    pub key: Option<&'a str>,
}

impl<'a> Passwords<'a> {
    /// What the private keys are under.
    #[must_use]
    pub fn for_keys(self) -> Option<&'a str> {
        self.key.or(self.store)
    }
}

impl fmt::Debug for Passwords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |password: Option<&str>| password.map(|_| "****");
        f.debug_struct("Passwords")
            .field("store", &shown(self.store))
            .field("key", &shown(self.key))
            .finish()
    }
}

/// A store that was read.
#[derive(Debug)]
pub struct Opened {
    /// The format that was found.
    pub format: Format,
    /// What its content is protected by, each once, as in `PBES2 AES-256-CBC, HMAC-SHA256,
    /// 10000 iterations`; empty where nothing is.
    pub protection: Vec<String>,
    /// What it holds.
    pub store: KeyStore,
    /// What PKCS #12 says beyond this and Java goes by; `None` for other formats.
    pub(crate) bags: Option<java::Bags>,
}

/// Reads a store of any format, told by its content.
///
/// The passwords are asked only where the content needs one; a PEM file without an encrypted key
/// opens with any. In JKS and JCEKS the store's password proves first that the file is
/// unchanged, and only then is anything in it believed.
///
/// Whatever the bytes are, at most a small multiple of [`MAX_BYTES`] of memory is taken, and the
/// work of deriving keys is bounded.
pub fn open(bytes: &[u8], passwords: Passwords<'_>) -> Result<Opened, StoreError> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(StoreError::TooLarge { size: bytes.len() });
    }
    match sniff(bytes) {
        Format::Pem => pem::read(bytes, passwords),
        Format::Jks | Format::Jceks => Ok(jks::read(bytes, passwords)?),
        Format::Pkcs12 => pkcs12::read(bytes, passwords),
        format => bare::read(format, bytes, passwords),
    }
}
