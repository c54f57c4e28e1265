use std::{fmt, str::FromStr};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, KeyPair as _, RsaKeyPair,
    },
};
use rcgen::{
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256,
    PublicKeyData, SignatureAlgorithm,
};
use ringlock_store::PrivateKey;

use super::SigningFailed;

/// What kind of key a node gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyKind {
    /// ECDSA on P-256.
    #[default]
    P256,
    /// ECDSA on P-384.
    P384,
    /// RSA of 2048 bits, which the old cipher suites of the databases' documents need.
    Rsa2048,
    /// RSA of 3072 bits.
    Rsa3072,
    /// RSA of 4096 bits.
    Rsa4096,
}

impl KeyKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::P256,
        Self::P384,
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
    ];

    /// The name on the command line: `p256`, `rsa:2048`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::Rsa2048 => "rsa:2048",
            Self::Rsa3072 => "rsa:3072",
            Self::Rsa4096 => "rsa:4096",
        }
    }

    /// What the key is for. RSA key exchange encrypts to it, and Java demands to be told so.
    pub(super) fn usages(self) -> Vec<KeyUsagePurpose> {
        match self {
            Self::P256 | Self::P384 => vec![KeyUsagePurpose::DigitalSignature],
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => vec![
                KeyUsagePurpose::DigitalSignature,
                KeyUsagePurpose::KeyEncipherment,
            ],
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A name that is no kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected p256, p384, rsa:2048, rsa:3072 or rsa:4096")]
pub struct UnknownKeyKind;

impl FromStr for KeyKind {
    type Err = UnknownKeyKind;

    fn from_str(text: &str) -> Result<Self, UnknownKeyKind> {
        let mut kinds = Self::ALL.into_iter();
        kinds
            .find(|kind| kind.as_str() == text)
            .ok_or(UnknownKeyKind)
    }
}

/// A node's new key, which signs nothing here.
pub(super) struct NodeKey {
    public: Vec<u8>,
    algorithm: &'static SignatureAlgorithm,
    /// For the node.
    pub(super) private: PrivateKey,
}

impl NodeKey {
    pub(super) fn generate(kind: KeyKind) -> Result<Self, SigningFailed> {
        let made = match kind {
            KeyKind::P256 => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING, &PKCS_ECDSA_P256_SHA256),
            KeyKind::P384 => ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING, &PKCS_ECDSA_P384_SHA384),
            KeyKind::Rsa2048 => rsa(KeySize::Rsa2048),
            KeyKind::Rsa3072 => rsa(KeySize::Rsa3072),
            KeyKind::Rsa4096 => rsa(KeySize::Rsa4096),
        };
        made.map_err(SigningFailed::unspecified)
    }
}

fn ecdsa(
    curve: &'static EcdsaSigningAlgorithm,
    algorithm: &'static SignatureAlgorithm,
) -> Result<NodeKey, aws_lc_rs::error::Unspecified> {
    let pair = EcdsaKeyPair::generate(curve)?;
    Ok(NodeKey {
        public: pair.public_key().as_ref().to_vec(),
        algorithm,
        private: PrivateKey::pkcs8(pair.to_pkcs8v1()?.as_ref().to_vec()),
    })
}

fn rsa(size: KeySize) -> Result<NodeKey, aws_lc_rs::error::Unspecified> {
    let pair = RsaKeyPair::generate(size)?;
    let private: Pkcs8V1Der<'_> = pair.as_der()?;
    Ok(NodeKey {
        public: pair.public_key().as_ref().to_vec(),
        algorithm: &PKCS_RSA_SHA256,
        private: PrivateKey::pkcs8(private.as_ref().to_vec()),
    })
}

impl PublicKeyData for NodeKey {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}
