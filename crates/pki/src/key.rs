use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair,
};
use ringlock_store::PrivateKey;
use rustls_pki_types::{PrivateKeyDer, SubjectPublicKeyInfoDer};
use x509_parser::{prelude::FromDer, x509::SubjectPublicKeyInfo};

/// A private key that no TLS handshake could be signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the private key is damaged or of a kind that is not supported; expected RSA of 2048 to 8192 \
     bits, ECDSA on P-256, P-384 or P-521, or Ed25519"
)]
pub struct UnusableKey;

/// The public half of a private key, in the form in which a certificate holds it: the content
/// of `subjectPublicKey` (RFC 5280 §4.1.2.7).
pub(crate) fn public_key(key: &PrivateKey) -> Result<Vec<u8>, UnusableKey> {
    let der = key.der().secret_der();
    if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
        return Ok(pair.public_key().as_ref().to_vec());
    }
    let curves = [
        &ECDSA_P256_SHA256_ASN1_SIGNING,
        &ECDSA_P384_SHA384_ASN1_SIGNING,
        &ECDSA_P521_SHA512_ASN1_SIGNING,
    ];
    for curve in curves {
        if let Ok(pair) = EcdsaKeyPair::from_private_key_der(curve, der) {
            return Ok(pair.public_key().as_ref().to_vec());
        }
    }
    let rsa = match key.der() {
        PrivateKeyDer::Pkcs1(_) => RsaKeyPair::from_der(der),
        _ => RsaKeyPair::from_pkcs8(der),
    };
    rsa.map(|pair| pair.public_key().as_ref().to_vec())
        .map_err(|_| UnusableKey)
}

/// The same of a key that signs elsewhere.
pub(crate) fn subject_public_key(
    info: &SubjectPublicKeyInfoDer<'_>,
) -> Result<Vec<u8>, UnusableKey> {
    match SubjectPublicKeyInfo::from_der(info) {
        Ok(([], info)) => Ok(info.subject_public_key.data.into_owned()),
        _ => Err(UnusableKey),
    }
}
