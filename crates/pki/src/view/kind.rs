use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair,
};
use ringlock_store::PrivateKey;
use rustls_pki_types::PrivateKeyDer;
use x509_parser::{public_key::PublicKey, x509::SubjectPublicKeyInfo};

/// Elliptic curves and keys by their object identifiers, in the words of their users.
const KINDS: [(&str, &str); 9] = [
    ("1.2.840.10045.3.1.7", "ECDSA P-256"),
    ("1.3.132.0.34", "ECDSA P-384"),
    ("1.3.132.0.35", "ECDSA P-521"),
    ("1.3.132.0.10", "ECDSA secp256k1"),
    ("1.3.132.0.33", "ECDSA P-224"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
    ("1.3.101.110", "X25519"),
    ("1.3.101.111", "X448"),
];

/// Which kind of key a certificate holds: `RSA 2048`, `ECDSA P-256`, `Ed25519`, or the object
/// identifier of an unknown one.
pub(crate) fn kind_of(key: &SubjectPublicKeyInfo<'_>) -> String {
    let curve = key.algorithm.parameters.as_ref();
    let curve = curve.and_then(|parameters| parameters.as_oid().ok());
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => format!("RSA {}", bits(rsa.modulus)),
        Ok(PublicKey::DSA(_)) => "DSA".to_owned(),
        _ => {
            let id = curve.unwrap_or_else(|| key.algorithm.algorithm.clone());
            let id = id.to_id_string();
            let known = KINDS.iter().find(|(known, _)| *known == id);
            known.map_or(id, |(_, name)| (*name).to_owned())
        }
    }
}

/// Which kind a private key is, in the same words; none for a kind that is not supported.
pub fn private_key_kind(key: &PrivateKey) -> Option<String> {
    let der = key.der().secret_der();
    if Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).is_ok() {
        return Some("Ed25519".to_owned());
    }
    let curves = [
        (&ECDSA_P256_SHA256_ASN1_SIGNING, "ECDSA P-256"),
        (&ECDSA_P384_SHA384_ASN1_SIGNING, "ECDSA P-384"),
        (&ECDSA_P521_SHA512_ASN1_SIGNING, "ECDSA P-521"),
    ];
    for (curve, name) in curves {
        if EcdsaKeyPair::from_private_key_der(curve, der).is_ok() {
            return Some(name.to_owned());
        }
    }
    let rsa = match key.der() {
        PrivateKeyDer::Pkcs1(_) => RsaKeyPair::from_der(der),
        _ => RsaKeyPair::from_pkcs8(der),
    };
    let modulus_len = rsa.ok()?.public_modulus_len();
    Some(format!("RSA {}", modulus_len * 8))
}

/// The length of a number that may begin with zeros.
pub(crate) fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros).map_or(0, |first| {
        (number.len() - zeros) * 8 - first.leading_zeros() as usize
    })
}
