use std::{error::Error, fmt, sync::Arc};

use ringlock_store::PrivateKey;
use rustls_pki_types::SubjectPublicKeyInfoDer;

/// A private key that can be used and not seen, such as one in a hardware token.
///
/// [`sign`](Self::sign) may block for as long as the other side takes, so it is not to be called
/// where other connections wait.
pub trait Signer: fmt::Debug + Send + Sync {
    /// The key's public half.
    fn public_key(&self) -> &SubjectPublicKeyInfoDer<'static>;

    /// What it can sign with, the preferred scheme first; never changes.
    fn schemes(&self) -> &[Scheme];

    /// The signature of `message`, in the form in which TLS carries it: ECDSA's as DER.
    ///
    /// # Errors
    /// Whatever keeps the key from signing, in a sentence for the operator.
    fn sign(&self, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, SignerError>;
}

/// The key of an identity.
#[derive(Clone, Debug)]
pub enum IdentityKey {
    /// In this process' memory.
    Private(PrivateKey),
    /// Elsewhere.
    Remote(Arc<dyn Signer>),
}

impl IdentityKey {
    /// Whether signing means to wait for somebody else.
    pub fn is_remote(&self) -> bool {
        matches!(self, Self::Remote(_))
    }
}

impl From<PrivateKey> for IdentityKey {
    fn from(key: PrivateKey) -> Self {
        Self::Private(key)
    }
}

/// A signature scheme of TLS 1.2 or 1.3 (RFC 8446 §4.2.3), of those that tokens have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// RSASSA-PKCS1-v1_5, TLS 1.2 only.
    RsaPkcs1(Hash),
    /// RSASSA-PSS with a key of the usual kind, the salt as long as the hash.
    RsaPss(Hash),
    /// ECDSA on P-256 with SHA-256.
    EcdsaP256,
    /// ECDSA on P-384 with SHA-384.
    EcdsaP384,
}

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Scheme {
    /// Every scheme of an RSA key: those that both versions of TLS know come first.
    pub const RSA: [Self; 6] = [
        Self::RsaPss(Hash::Sha256),
        Self::RsaPss(Hash::Sha384),
        Self::RsaPss(Hash::Sha512),
        Self::RsaPkcs1(Hash::Sha256),
        Self::RsaPkcs1(Hash::Sha384),
        Self::RsaPkcs1(Hash::Sha512),
    ];

    /// The hash that the message goes through.
    pub fn hash(self) -> Hash {
        match self {
            Self::RsaPkcs1(hash) | Self::RsaPss(hash) => hash,
            Self::EcdsaP256 => Hash::Sha256,
            Self::EcdsaP384 => Hash::Sha384,
        }
    }
}

/// Why a key elsewhere did not sign.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SignerError(Box<dyn Error + Send + Sync>);

impl SignerError {
    /// Wraps the cause, whose message is all that is shown.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}
