use std::fmt;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use rcgen::{PKCS_ECDSA_P256_SHA256, PublicKeyData, SignatureAlgorithm, SigningKey};
use ringlock_store::PrivateKey;

use super::{LoadError, SigningFailed};

/// An ECDSA P-256 key that signs certificates.
///
/// `rcgen` has key pairs of its own, but they keep the serialized key in memory unwiped.
pub(super) struct Signer(EcdsaKeyPair);

impl Signer {
    pub(super) fn generate() -> Result<Self, SigningFailed> {
        EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)
            .map(Self)
            .map_err(SigningFailed::unspecified)
    }

    pub(super) fn read(key: &PrivateKey) -> Result<Self, LoadError> {
        EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, key.der().secret_der())
            .map(Self)
            .map_err(|_| LoadError::KeyKind)
    }

    pub(super) fn private_key(&self) -> Result<PrivateKey, SigningFailed> {
        let pkcs8 = self.0.to_pkcs8v1().map_err(SigningFailed::unspecified)?;
        Ok(PrivateKey::pkcs8(pkcs8.as_ref().to_vec()))
    }
}

impl PublicKeyData for Signer {
    fn der_bytes(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

impl SigningKey for Signer {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.0
            .sign(&SystemRandom::new(), message)
            .map(|signature| signature.as_ref().to_vec())
            .map_err(|_| rcgen::Error::RingUnspecified)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(ECDSA P-256, ****)")
    }
}
