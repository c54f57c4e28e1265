use std::fmt;

use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};

use crate::PrivateKey;

/// What a store holds, in the order of the file.
#[derive(Default)]
pub struct KeyStore {
    /// The private keys, each with the chain that the store keeps beside it.
    pub keys: Vec<KeyEntry>,
    /// The certificates that stand under no key; each is readable X.509.
    pub certificates: Vec<CertificateEntry>,
    /// Certificate revocation lists (RFC 5280 §5), which only PEM holds.
    pub revocation_lists: Vec<CertificateRevocationListDer<'static>>,
    /// What is named and not read.
    pub others: Vec<OtherEntry>,
}

/// A private key, Java's `PrivateKeyEntry`.
#[derive(PartialEq, Eq)]
pub struct KeyEntry {
    /// Its name in the store; PEM has none.
    pub alias: Option<String>,
    /// When it came into the store: milliseconds since 1970, UTC.
    pub created: Option<i64>,
    /// The key itself.
    pub key: PrivateKey,
    /// Its certificate, then each one's issuer. Empty in PEM, where certificates stand by
    /// themselves.
    pub chain: Vec<CertificateDer<'static>>,
}

/// A certificate that stands under no key, Java's `trustedCertEntry`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateEntry {
    /// Its name in the store; PEM has none.
    pub alias: Option<String>,
    /// When it came into the store: milliseconds since 1970, UTC.
    pub created: Option<i64>,
    /// The certificate.
    pub certificate: CertificateDer<'static>,
    /// Whether Java takes it for a trust anchor. In PKCS #12 that needs an attribute,
    /// 2.16.840.1.113894.746875.1.1, which `keytool` writes and `openssl` mostly does not.
    pub trusted: bool,
}

/// An entry that is not for TLS, such as a secret key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherEntry {
    /// Its name in the store.
    pub alias: Option<String>,
    /// What it is, in words that follow an article: `secret key`.
    pub kind: &'static str,
}

impl KeyStore {
    /// Both stores' content as one, such as a key file's and a certificate file's.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.keys.extend(other.keys);
        self.certificates.extend(other.certificates);
        self.revocation_lists.extend(other.revocation_lists);
        self.others.extend(other.others);
        self
    }

    /// Every certificate: those of the keys' chains, then those that stand by themselves.
    pub fn all_certificates(&self) -> impl Iterator<Item = &CertificateDer<'static>> {
        let chains = self.keys.iter().flat_map(|entry| &entry.chain);
        chains.chain(self.certificates.iter().map(|entry| &entry.certificate))
    }
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyStore")
            .field("keys", &self.keys)
            .field("certificates", &self.certificates.len())
            .field("revocation_lists", &self.revocation_lists.len())
            .field("others", &self.others)
            .finish()
    }
}

impl fmt::Debug for KeyEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyEntry")
            .field("alias", &self.alias)
            .field("key", &self.key)
            .field("chain", &self.chain.len())
            .finish_non_exhaustive()
    }
}

impl From<PrivateKey> for KeyEntry {
    /// A key as PEM holds it: without a name and without a chain.
    fn from(key: PrivateKey) -> Self {
        Self {
            alias: None,
            created: None,
            key,
            chain: Vec::new(),
        }
    }
}

impl From<CertificateDer<'static>> for CertificateEntry {
    /// A certificate as PEM holds it: without a name, and trusted where it is asked for trust.
    fn from(certificate: CertificateDer<'static>) -> Self {
        Self {
            alias: None,
            created: None,
            certificate,
            trusted: true,
        }
    }
}
