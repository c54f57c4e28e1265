//! The public half of a private key that shows itself to nobody.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use cryptoki::{
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
    session::Session,
};
use ringlock_pki::{Hash, Scheme};
use rustls_pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use x509_parser::{
    certificate::X509Certificate, prelude::FromDer, public_key::PublicKey,
    x509::SubjectPublicKeyInfo,
};

use crate::{
    TokenError,
    der::{bit_string, octet_string, sequence, unsigned},
    find::{self, Named},
};

/// `rsaEncryption` with its parameters, which are none (RFC 3279 §2.3.1).
const RSA: &[u8] = &[
    0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00,
];

/// `id-ecPublicKey`, without the curve (RFC 5480 §2.1.1).
const EC: &[u8] = &[0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];

/// What kind of key it is, as far as TLS is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Rsa,
    P256,
    P384,
}

/// The elliptic curves, with the object identifiers that tokens name them by and the length of a
/// point that is not compressed.
const CURVES: [(Kind, &[u8], usize); 2] = [
    (
        Kind::P256,
        &[0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07],
        65,
    ),
    (Kind::P384, &[0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22], 97),
];

/// Numbers of a key that are no secret, of those that the token shows.
#[derive(Default)]
struct Numbers {
    kind: Option<KeyType>,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    curve: Vec<u8>,
    point: Vec<u8>,
    always_authenticate: bool,
}

/// The kind and the public half of `key`: what itself tells, the public key beside it, or a
/// certificate.
///
/// None of these is bound to the private key by anything but its name, so whoever uses it has to
/// [`verify`] a signature first.
pub(crate) fn read(
    session: &Session,
    key: &Named,
    token: &str,
) -> Result<(Kind, SubjectPublicKeyInfoDer<'static>), TokenError> {
    let numbers = numbers(session, key.handle)?;
    let other_kind = |found: &str| TokenError::KeyKind {
        token: token.to_owned(),
        found: found.to_owned(),
    };
    if numbers.always_authenticate {
        return Err(TokenError::AlwaysAuthenticate {
            token: token.to_owned(),
        });
    }
    let kind = match numbers.kind {
        Some(KeyType::RSA) => Kind::Rsa,
        Some(KeyType::EC) => {
            let mut curves = CURVES.into_iter();
            let curve = curves.find(|(_, curve, _)| *curve == numbers.curve);
            curve
                .ok_or_else(|| other_kind("on another elliptic curve"))?
                .0
        }
        _ => return Err(other_kind("of another kind")),
    };
    let info = match numbers.info(kind) {
        Some(info) => Some(info),
        None => beside(session, key, kind)?,
    };
    let info = info.ok_or_else(|| TokenError::NoPublicKey {
        token: token.to_owned(),
    })?;
    match rsa_bits(&info) {
        Some(bits) if !(2048..=8192).contains(&bits) => {
            Err(other_kind(&format!("RSA of {bits} bits")))
        }
        _ => Ok((kind, info)),
    }
}

fn numbers(session: &Session, key: ObjectHandle) -> Result<Numbers, TokenError> {
    let wanted = [
        AttributeType::KeyType,
        AttributeType::Modulus,
        AttributeType::PublicExponent,
        AttributeType::EcParams,
        AttributeType::EcPoint,
        AttributeType::AlwaysAuthenticate,
    ];
    let mut numbers = Numbers::default();
    for wanted in wanted {
        // One by one: some modules refuse the whole question for one attribute they lack.
        for attribute in session.get_attributes(key, &[wanted])? {
            match attribute {
                Attribute::KeyType(kind) => numbers.kind = Some(kind),
                Attribute::Modulus(number) => numbers.modulus = number,
                Attribute::PublicExponent(number) => numbers.exponent = number,
                Attribute::EcParams(curve) => numbers.curve = curve,
                Attribute::EcPoint(point) => numbers.point = point,
                Attribute::AlwaysAuthenticate(always) => numbers.always_authenticate = always,
                _ => {}
            }
        }
    }
    Ok(numbers)
}

impl Numbers {
    fn info(&self, kind: Kind) -> Option<SubjectPublicKeyInfoDer<'static>> {
        let (algorithm, key) = match kind {
            Kind::Rsa => {
                if self.modulus.is_empty() || self.exponent.is_empty() {
                    return None;
                }
                let pair = [unsigned(&self.modulus), unsigned(&self.exponent)].concat();
                (RSA.to_vec(), sequence(&pair))
            }
            Kind::P256 | Kind::P384 => {
                let (_, curve, length) = CURVES.into_iter().find(|(it, ..)| *it == kind)?;
                // The standard wraps the point in an OCTET STRING; not all modules do.
                let point = match octet_string(&self.point) {
                    Some(point) if point.len() == length => point,
                    _ if self.point.len() == length => &self.point,
                    _ => return None,
                };
                ([EC, curve].concat(), point.to_vec())
            }
        };
        Some(sequence(&[sequence(&algorithm), bit_string(&key)].concat()).into())
    }
}

fn beside(
    session: &Session,
    key: &Named,
    kind: Kind,
) -> Result<Option<SubjectPublicKeyInfoDer<'static>>, TokenError> {
    for public in find::objects(session, ObjectClass::PUBLIC_KEY)? {
        if public.belongs_to(key)
            && let Some(info) = numbers(session, public.handle)?.info(kind)
        {
            return Ok(Some(info));
        }
    }
    for certificate in find::objects(session, ObjectClass::CERTIFICATE)? {
        if !certificate.belongs_to(key) {
            continue;
        }
        for value in session.get_attributes(certificate.handle, &[AttributeType::Value])? {
            if let Attribute::Value(der) = value
                && let Some(info) = of_certificate(&der.into())
            {
                return Ok(Some(info));
            }
        }
    }
    Ok(None)
}

fn rsa_bits(info: &SubjectPublicKeyInfoDer<'_>) -> Option<usize> {
    let (_, info) = SubjectPublicKeyInfo::from_der(info).ok()?;
    match info.parsed() {
        Ok(PublicKey::RSA(key)) => Some(key.key_size()),
        _ => None,
    }
}

fn of_certificate(der: &CertificateDer<'_>) -> Option<SubjectPublicKeyInfoDer<'static>> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    Some(certificate.public_key().raw.to_vec().into())
}

/// Whether `signature` was made by the key that `info` is the public half of.
pub(crate) fn verify(
    info: &SubjectPublicKeyInfoDer<'_>,
    scheme: Scheme,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let algorithm: &'static dyn VerificationAlgorithm = match scheme {
        Scheme::RsaPkcs1(Hash::Sha256) => &RSA_PKCS1_2048_8192_SHA256,
        Scheme::RsaPkcs1(Hash::Sha384) => &RSA_PKCS1_2048_8192_SHA384,
        Scheme::RsaPkcs1(Hash::Sha512) => &RSA_PKCS1_2048_8192_SHA512,
        Scheme::RsaPss(Hash::Sha256) => &RSA_PSS_2048_8192_SHA256,
        Scheme::RsaPss(Hash::Sha384) => &RSA_PSS_2048_8192_SHA384,
        Scheme::RsaPss(Hash::Sha512) => &RSA_PSS_2048_8192_SHA512,
        Scheme::EcdsaP256 => &ECDSA_P256_SHA256_ASN1,
        Scheme::EcdsaP384 => &ECDSA_P384_SHA384_ASN1,
    };
    UnparsedPublicKey::new(algorithm, info.as_ref())
        .verify(message, signature)
        .is_ok()
}
