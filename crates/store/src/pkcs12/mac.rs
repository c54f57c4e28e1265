use std::fmt;

use hmac::{EagerHash, Hmac, KeyInit, Mac as _};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use zeroize::Zeroizing;

use super::{Pkcs12Error, password::Password};
use crate::{
    PbeError,
    der::{self, INTEGER, OCTET_STRING, OID, Reader},
    pbe::{Budget, Hash, hash_of_hmac, pkcs12_key},
};

const PBMAC1: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x05\x0E";
const PBKDF2: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x05\x0C";
/// The purpose of a key in the derivation of PKCS #12 (RFC 7292 appendix B.3).
const MAC_KEY: u8 = 3;
/// More salt than this, or a longer key, no program writes.
const MAX_SALT: usize = 1024;

/// The MAC over a store's content (RFC 7292 §4, RFC 9879 §3).
pub(super) struct Mac<'a> {
    hash: Hash,
    derivation: Derivation,
    salt: &'a [u8],
    iterations: u64,
    value: &'a [u8],
}

/// How the MAC's key is derived.
enum Derivation {
    Pkcs12,
    Pbkdf2 { hash: Hash, key_bytes: usize },
}

impl<'a> Mac<'a> {
    /// Reads the content of `MacData`.
    pub(super) fn parse(mut data: Reader<'a>) -> Result<Self, Pkcs12Error> {
        let damaged = || Pkcs12Error::damaged("the MAC");
        let mut digest = data.sequence().ok_or_else(damaged)?;
        let mut algorithm = digest.sequence().ok_or_else(damaged)?;
        let value = digest.take(OCTET_STRING).ok_or_else(damaged)?;
        let salt = data.take(OCTET_STRING).ok_or_else(damaged)?;
        let iterations = match data.tag() {
            Some(_) => data.unsigned().ok_or_else(damaged)?,
            None => 1,
        };
        let oid = algorithm.take(OID).ok_or_else(damaged)?;
        if oid == PBMAC1 {
            return pbmac1(algorithm, value);
        }
        let mac = Self {
            hash: hash(oid).ok_or_else(|| unsupported(oid))?,
            derivation: Derivation::Pkcs12,
            salt,
            iterations,
            value,
        };
        (salt.len() <= MAX_SALT).then_some(mac).ok_or_else(damaged)
    }

    /// Whether the content is what the MAC was made of, with this password.
    pub(super) fn fits(
        &self,
        content: &[u8],
        password: Password<'_>,
        budget: &mut Budget,
    ) -> Result<bool, Pkcs12Error> {
        let iterations = budget.spend(self.iterations);
        let iterations = iterations.map_err(|error| match error {
            PbeError::Iterations { found } => Pkcs12Error::MacIterations { found },
            reason => Pkcs12Error::Encryption {
                place: "the MAC".to_owned(),
                reason,
            },
        })?;
        let key = match self.derivation {
            Derivation::Pkcs12 => {
                let bytes = output_bytes(self.hash);
                let utf16 = password.utf16();
                pkcs12_key(self.hash, MAC_KEY, &utf16, self.salt, iterations, bytes)
            }
            Derivation::Pbkdf2 { hash, key_bytes } => {
                hash.pbkdf2(password.utf8(), self.salt, iterations, key_bytes)
            }
        };
        let verify = match self.hash {
            Hash::Sha1 => verify::<Sha1>,
            Hash::Sha224 => verify::<Sha224>,
            Hash::Sha256 => verify::<Sha256>,
            Hash::Sha384 => verify::<Sha384>,
            Hash::Sha512 => verify::<Sha512>,
            Hash::Sha512_224 => verify::<Sha512_224>,
            Hash::Sha512_256 => verify::<Sha512_256>,
            Hash::Md5 => return Ok(false),
        };
        Ok(verify(&key, content, self.value))
    }

    /// Whether it is PBMAC1.
    pub(super) fn is_pbmac1(&self) -> bool {
        matches!(self.derivation, Derivation::Pbkdf2 { .. })
    }
}

impl fmt::Display for Mac<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hash, .. } = self;
        match self.derivation {
            Derivation::Pkcs12 => write!(f, "MAC HMAC-{hash}, {} iterations", self.iterations),
            Derivation::Pbkdf2 { hash: prf, .. } => write!(
                f,
                "PBMAC1 HMAC-{hash}, PBKDF2 HMAC-{prf}, {} iterations",
                self.iterations
            ),
        }
    }
}

/// The MAC of a store that is written: HMAC-SHA256 with the derivation of PKCS #12.
pub(super) fn hmac_sha256(
    content: &[u8],
    password: Password<'_>,
    salt: &[u8],
    iterations: u32,
) -> [u8; 32] {
    let utf16 = password.utf16();
    let key = pkcs12_key(Hash::Sha256, MAC_KEY, &utf16, salt, iterations, 32);
    // The block of SHA-256 is longer than the key, which HMAC then fills up with zeros.
    let mut block = Zeroizing::new([0; 64]);
    block[..key.len()].copy_from_slice(&key);
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    mac.update(content);
    mac.finalize().into_bytes().into()
}

/// The object identifier of SHA-256.
pub(super) const SHA256: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x01";

fn hash(oid: &[u8]) -> Option<Hash> {
    match oid {
        b"\x2B\x0E\x03\x02\x1A" => Some(Hash::Sha1),
        SHA256 => Some(Hash::Sha256),
        b"\x60\x86\x48\x01\x65\x03\x04\x02\x02" => Some(Hash::Sha384),
        b"\x60\x86\x48\x01\x65\x03\x04\x02\x03" => Some(Hash::Sha512),
        b"\x60\x86\x48\x01\x65\x03\x04\x02\x04" => Some(Hash::Sha224),
        b"\x60\x86\x48\x01\x65\x03\x04\x02\x05" => Some(Hash::Sha512_224),
        b"\x60\x86\x48\x01\x65\x03\x04\x02\x06" => Some(Hash::Sha512_256),
        _ => None,
    }
}

/// The parameters of PBMAC1 (RFC 8018 §7.1). The salt and the iterations beside them are not
/// used (RFC 9879 §4).
fn pbmac1<'a>(mut algorithm: Reader<'a>, value: &'a [u8]) -> Result<Mac<'a>, Pkcs12Error> {
    let damaged = || Pkcs12Error::damaged("the MAC");
    let mut parts = || {
        let mut parameters = algorithm.sequence()?;
        let mut derivation = parameters.sequence()?;
        let name = derivation.take(OID)?;
        let scheme = parameters.sequence()?.take(OID)?;
        Some((name, derivation.sequence()?, scheme))
    };
    let (name, mut pbkdf2, scheme) = parts().ok_or_else(damaged)?;
    if name != PBKDF2 {
        return Err(unsupported(name));
    }
    let mut numbers = || {
        let salt = pbkdf2.take(OCTET_STRING)?;
        let iterations = pbkdf2.unsigned()?;
        // The length is optional in PBKDF2, and required here (RFC 9879 §4).
        let length = match pbkdf2.tag() {
            Some(INTEGER) => usize::try_from(pbkdf2.unsigned()?).ok()?,
            _ => return None,
        };
        let prf = match pbkdf2.tag() {
            Some(_) => Some(pbkdf2.sequence()?.take(OID)?),
            None => None,
        };
        let bounded = salt.len() <= MAX_SALT && (1..=MAX_SALT).contains(&length);
        bounded.then_some((salt, iterations, length, prf))
    };
    let (salt, iterations, key_bytes, prf) = numbers().ok_or_else(damaged)?;
    let hash = match prf {
        None => Hash::Sha1,
        Some(oid) => hash_of_hmac(oid).ok_or_else(|| unsupported(oid))?,
    };
    Ok(Mac {
        hash: hash_of_hmac(scheme)
            .filter(|hash| *hash != Hash::Md5)
            .ok_or_else(|| unsupported(scheme))?,
        derivation: Derivation::Pbkdf2 { hash, key_bytes },
        salt,
        iterations,
        value,
    })
}

fn output_bytes(hash: Hash) -> usize {
    match hash {
        Hash::Md5 => 16,
        Hash::Sha1 => 20,
        Hash::Sha224 | Hash::Sha512_224 => 28,
        Hash::Sha256 | Hash::Sha512_256 => 32,
        Hash::Sha384 => 48,
        Hash::Sha512 => 64,
    }
}

/// Compares in constant time.
fn verify<H: EagerHash>(key: &Zeroizing<Vec<u8>>, content: &[u8], value: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<H>::new_from_slice(key) else {
        return false;
    };
    mac.update(content);
    mac.verify_slice(value).is_ok()
}

fn unsupported(oid: &[u8]) -> Pkcs12Error {
    Pkcs12Error::Mac {
        oid: der::dotted(oid),
    }
}
