//! Which mechanism of a token makes a signature of TLS, and what it has to be given.

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512};
use cryptoki::{
    mechanism::{
        Mechanism, MechanismType,
        rsa::{PkcsMgfType, PkcsPssParams},
    },
    types::Ulong,
};
use ringlock_pki::{Hash, Scheme};

use crate::{TokenError, der, public_key::Kind};

/// How a token makes the signatures of one scheme.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Method {
    pub(crate) scheme: Scheme,
    input: Input,
}

/// What a mechanism is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    /// The message; the token hashes it.
    Message,
    /// Its hash.
    Digest,
    /// Its hash and the name of the hash function (RFC 8017 §9.2).
    DigestInfo,
}

/// What a token with the mechanisms `present` can sign with a key of `kind`, the preferred scheme
/// first.
///
/// A mechanism that takes a hash is preferred to one that takes the message: more tokens have it
/// (SoftHSM 2.6 knows no ECDSA but this), and less has to be carried to them.
pub(crate) fn methods(
    kind: Kind,
    present: &[MechanismType],
    token: &str,
) -> Result<Vec<Method>, TokenError> {
    let schemes: &[Scheme] = match kind {
        Kind::Rsa => &Scheme::RSA,
        Kind::P256 => &[Scheme::EcdsaP256],
        Kind::P384 => &[Scheme::EcdsaP384],
    };
    let methods: Vec<Method> = schemes
        .iter()
        .filter_map(|scheme| {
            let mut ways = Method::ways(*scheme).into_iter();
            ways.find(|way| present.contains(&way.mechanism().mechanism_type()))
        })
        .collect();
    if !methods.is_empty() {
        return Ok(methods);
    }
    let (what, expected) = match kind {
        Kind::Rsa => (
            "an RSA key",
            "CKM_RSA_PKCS_PSS, CKM_RSA_PKCS and their kind",
        ),
        Kind::P256 => ("a key on P-256", "CKM_ECDSA, CKM_ECDSA_SHA256"),
        Kind::P384 => ("a key on P-384", "CKM_ECDSA, CKM_ECDSA_SHA384"),
    };
    Err(TokenError::NoMechanism {
        token: token.to_owned(),
        what,
        expected,
    })
}

impl Method {
    /// The ways to make signatures of a scheme, the preferred one first.
    fn ways(scheme: Scheme) -> [Self; 2] {
        let hashed = match scheme {
            Scheme::RsaPkcs1(_) => Input::DigestInfo,
            Scheme::RsaPss(_) | Scheme::EcdsaP256 | Scheme::EcdsaP384 => Input::Digest,
        };
        [hashed, Input::Message].map(|input| Self { scheme, input })
    }

    pub(crate) fn mechanism(self) -> Mechanism<'static> {
        let hashes = self.input == Input::Message;
        match (self.scheme, hashes) {
            (Scheme::RsaPkcs1(_), false) => Mechanism::RsaPkcs,
            (Scheme::RsaPkcs1(Hash::Sha256), true) => Mechanism::Sha256RsaPkcs,
            (Scheme::RsaPkcs1(Hash::Sha384), true) => Mechanism::Sha384RsaPkcs,
            (Scheme::RsaPkcs1(Hash::Sha512), true) => Mechanism::Sha512RsaPkcs,
            (Scheme::RsaPss(hash), false) => Mechanism::RsaPkcsPss(pss(hash)),
            (Scheme::RsaPss(Hash::Sha256), true) => Mechanism::Sha256RsaPkcsPss(pss(Hash::Sha256)),
            (Scheme::RsaPss(Hash::Sha384), true) => Mechanism::Sha384RsaPkcsPss(pss(Hash::Sha384)),
            (Scheme::RsaPss(Hash::Sha512), true) => Mechanism::Sha512RsaPkcsPss(pss(Hash::Sha512)),
            (Scheme::EcdsaP256 | Scheme::EcdsaP384, false) => Mechanism::Ecdsa,
            (Scheme::EcdsaP256, true) => Mechanism::EcdsaSha256,
            (Scheme::EcdsaP384, true) => Mechanism::EcdsaSha384,
        }
    }

    /// What the mechanism is to be given for `message`.
    pub(crate) fn input(self, message: &[u8]) -> Vec<u8> {
        let hash = self.scheme.hash();
        match self.input {
            Input::Message => message.to_vec(),
            Input::Digest => digest(hash, message),
            Input::DigestInfo => [digest_info(hash), &digest(hash, message)].concat(),
        }
    }

    /// The signature as TLS carries it. Absent if the token's is none.
    pub(crate) fn output(self, signature: Vec<u8>) -> Option<Vec<u8>> {
        match self.scheme {
            Scheme::RsaPkcs1(_) | Scheme::RsaPss(_) => Some(signature),
            Scheme::EcdsaP256 | Scheme::EcdsaP384 => der::ecdsa_signature(&signature),
        }
    }
}

/// TLS has the salt as long as the hash (RFC 8446 §4.2.3).
fn pss(hash: Hash) -> PkcsPssParams {
    let (hash_alg, mgf, length) = match hash {
        Hash::Sha256 => (MechanismType::SHA256, PkcsMgfType::MGF1_SHA256, 32),
        Hash::Sha384 => (MechanismType::SHA384, PkcsMgfType::MGF1_SHA384, 48),
        Hash::Sha512 => (MechanismType::SHA512, PkcsMgfType::MGF1_SHA512, 64),
    };
    PkcsPssParams {
        hash_alg,
        mgf,
        s_len: Ulong::from(length),
    }
}

fn digest(hash: Hash, message: &[u8]) -> Vec<u8> {
    let algorithm = match hash {
        Hash::Sha256 => &SHA256,
        Hash::Sha384 => &SHA384,
        Hash::Sha512 => &SHA512,
    };
    digest::digest(algorithm, message).as_ref().to_vec()
}

/// What stands before the hash in a `DigestInfo` (RFC 8017 §9.2, note 1).
fn digest_info(hash: Hash) -> &'static [u8] {
    match hash {
        Hash::Sha256 => &[
            0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
            0x01, 0x05, 0x00, 0x04, 0x20,
        ],
        Hash::Sha384 => &[
            0x30, 0x41, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
            0x02, 0x05, 0x00, 0x04, 0x30,
        ],
        Hash::Sha512 => &[
            0x30, 0x51, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
            0x03, 0x05, 0x00, 0x04, 0x40,
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schemes(kind: Kind, present: &[MechanismType]) -> Result<Vec<Scheme>, String> {
        let methods = methods(kind, present, "t").map_err(|error| error.to_string())?;
        Ok(methods.iter().map(|method| method.scheme).collect())
    }

    #[test]
    fn a_token_without_pss_signs_for_tls_1_2_only() {
        assert_eq!(
            schemes(Kind::Rsa, &[MechanismType::RSA_PKCS]).unwrap(),
            Scheme::RSA[3..]
        );
    }

    #[test]
    fn a_token_that_hashes_itself_signs_with_the_hashes_that_it_has() {
        let present = [
            MechanismType::SHA384_RSA_PKCS_PSS,
            MechanismType::ECDSA_SHA256,
        ];
        assert_eq!(
            schemes(Kind::Rsa, &present).unwrap(),
            [Scheme::RsaPss(Hash::Sha384)]
        );
        assert_eq!(schemes(Kind::P256, &present).unwrap(), [Scheme::EcdsaP256]);
        let method = &methods(Kind::P256, &present, "t").unwrap()[0];
        assert_eq!(method.input(b"message"), b"message");
    }

    #[test]
    fn a_token_that_cannot_sign_says_what_is_missing() {
        assert_eq!(
            schemes(Kind::P384, &[MechanismType::ECDSA_SHA256]).unwrap_err(),
            "the token t has no mechanism to sign with a key on P-384; expected one of CKM_ECDSA, \
             CKM_ECDSA_SHA384"
        );
    }
}
