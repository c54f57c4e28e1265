use std::fmt;

use scrypt::Params;
use zeroize::Zeroizing;

use super::{
    Budget, Cipher, Hash, PbeError, cipher,
    derive::{pkcs12_key, utf16_with_end},
};
use crate::der::{self, NULL, OCTET_STRING, OID, Reader, SEQUENCE};

const PBES2: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x05\x0D";
const PBKDF2: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x05\x0C";
const SCRYPT: &[u8] = b"\x2B\x06\x01\x04\x01\xDA\x47\x04\x0B";
const HMAC_SHA256: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x02\x09";
const AES_256_CBC: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01\x2A";

/// The salts of RFC 8018 and RFC 7292 have 8 to 32 bytes; more than this is an attack.
const MAX_SALT: usize = 1024;

/// An algorithm that encrypts under a password, with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scheme {
    cipher: Cipher,
    derivation: Derivation,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Derivation {
    /// Key and vector by PBKDF1 (RFC 8018 §6.1).
    Pbes1 {
        hash: Hash,
        salt: Vec<u8>,
        iterations: u64,
    },
    /// Key and vector by the derivation of PKCS #12 with SHA-1.
    Pkcs12 { salt: Vec<u8>, iterations: u64 },
    /// The key by PBKDF2; the vector is given (RFC 8018 §6.2).
    Pbkdf2 {
        hash: Hash,
        salt: Vec<u8>,
        iterations: u64,
        iv: Vec<u8>,
    },
    /// The key by scrypt (RFC 7914 §7); the vector is given.
    Scrypt {
        salt: Vec<u8>,
        n: u64,
        r: u64,
        p: u64,
        iv: Vec<u8>,
    },
}

impl Scheme {
    /// Reads the content of an `AlgorithmIdentifier`.
    pub(crate) fn parse(mut algorithm: Reader<'_>) -> Result<Self, PbeError> {
        let oid = algorithm.take(OID).ok_or(PbeError::Parameters)?;
        if oid == PBES2 {
            return pbes2(algorithm);
        }
        let (hash, cipher) = match oid {
            b"\x2A\x86\x48\x86\xF7\x0D\x01\x0C\x01\x01" => (None, Cipher::Rc4(128)),
            b"\x2A\x86\x48\x86\xF7\x0D\x01\x0C\x01\x02" => (None, Cipher::Rc4(40)),
            b"\x2A\x86\x48\x86\xF7\x0D\x01\x05\x03" => (Some(Hash::Md5), Cipher::Des),
            b"\x2A\x86\x48\x86\xF7\x0D\x01\x05\x0A" => (Some(Hash::Sha1), Cipher::Des),
            b"\x2A\x86\x48\x86\xF7\x0D\x01\x0C\x01\x03" => (None, Cipher::TripleDes),
            b"\x2A\x86\x48\x86\xF7\x0D\x01\x0C\x01\x04" => (None, Cipher::TripleDesTwoKeys),
            b"\x2A\x86\x48\x86\xF7\x0D\x01\x0C\x01\x05" => (None, Cipher::Rc2(128)),
            b"\x2A\x86\x48\x86\xF7\x0D\x01\x0C\x01\x06" => (None, Cipher::Rc2(40)),
            other => return Err(unsupported("encryption", other)),
        };
        let (salt, iterations) = salt_and_count(algorithm).ok_or(PbeError::Parameters)?;
        let derivation = match hash {
            Some(hash) => Derivation::Pbes1 {
                hash,
                salt,
                iterations,
            },
            None => Derivation::Pkcs12 { salt, iterations },
        };
        Ok(Self { cipher, derivation })
    }

    /// Decrypts what was encrypted under a password. A wrong one is mostly told by the padding,
    /// but once in 256 times only by what comes out, which the caller has to look at.
    pub(crate) fn decrypt(
        &self,
        password: &str,
        data: &[u8],
        budget: &mut Budget,
    ) -> Result<Zeroizing<Vec<u8>>, PbeError> {
        let utf16 = utf16_with_end(password);
        self.decrypt_by(password.as_bytes(), &utf16, data, budget)
    }

    /// Decrypts what was encrypted with no password at all, which the derivation of PKCS #12
    /// tells from the empty one.
    pub(crate) fn decrypt_without(
        &self,
        data: &[u8],
        budget: &mut Budget,
    ) -> Result<Zeroizing<Vec<u8>>, PbeError> {
        self.decrypt_by(&[], &[], data, budget)
    }

    fn decrypt_by(
        &self,
        password: &[u8],
        utf16: &[u8],
        data: &[u8],
        budget: &mut Budget,
    ) -> Result<Zeroizing<Vec<u8>>, PbeError> {
        if data.is_empty() || !data.len().is_multiple_of(self.cipher.block_bytes()) {
            return Err(PbeError::Password);
        }
        let KeyAndIv { key, iv } = self.key_and_iv(password, utf16, budget)?;
        let plain = self.cipher.decrypt(&key, &iv, data);
        plain.ok_or(PbeError::Password)
    }

    fn key_and_iv(
        &self,
        password: &[u8],
        utf16: &[u8],
        budget: &mut Budget,
    ) -> Result<KeyAndIv, PbeError> {
        let key_bytes = self.cipher.key_bytes();
        match &self.derivation {
            Derivation::Pbes1 {
                hash,
                salt,
                iterations,
            } => {
                let count = budget.spend(*iterations)?;
                let both = hash.pbkdf1(password, salt, count);
                Ok(KeyAndIv::new(both[..8].to_vec(), &both[8..16]))
            }
            Derivation::Pkcs12 { salt, iterations } => {
                let count = budget.spend(*iterations)?;
                let derive =
                    |purpose, bytes| pkcs12_key(Hash::Sha1, purpose, utf16, salt, count, bytes);
                let (key, iv) = (derive(1, key_bytes), derive(2, self.cipher.block_bytes()));
                Ok(KeyAndIv { key, iv })
            }
            Derivation::Pbkdf2 {
                hash,
                salt,
                iterations,
                iv,
            } => {
                let count = budget.spend(*iterations)?;
                let key = hash.pbkdf2(password, salt, count, key_bytes);
                Ok(KeyAndIv::new(key, iv))
            }
            Derivation::Scrypt { salt, n, r, p, iv } => {
                let params = scrypt_params(*n, *r, *p)?;
                budget.spend(n * r * p)?;
                let mut key = Zeroizing::new(vec![0; key_bytes]);
                scrypt::scrypt(password, salt, &params, &mut key)
                    .map_err(|_| PbeError::Parameters)?;
                Ok(KeyAndIv::new(key, iv))
            }
        }
    }
}

/// What a cipher takes.
struct KeyAndIv {
    key: Zeroizing<Vec<u8>>,
    iv: Zeroizing<Vec<u8>>,
}

impl KeyAndIv {
    fn new(key: impl Into<Zeroizing<Vec<u8>>>, iv: &[u8]) -> Self {
        Self {
            key: key.into(),
            iv: iv.to_vec().into(),
        }
    }
}

impl Scheme {
    /// The cipher.
    pub(crate) fn cipher(&self) -> Cipher {
        self.cipher
    }

    /// The hash of PBKDF2; `None`: another derivation.
    pub(crate) fn pbkdf2_hash(&self) -> Option<Hash> {
        match self.derivation {
            Derivation::Pbkdf2 { hash, .. } => Some(hash),
            _ => None,
        }
    }

    /// Whether it is PBES2, whatever the derivation.
    pub(crate) fn is_pbes2(&self) -> bool {
        use Derivation::{Pbkdf2, Scrypt};
        matches!(self.derivation, Pbkdf2 { .. } | Scrypt { .. })
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cipher = self.cipher;
        match &self.derivation {
            Derivation::Pbes1 {
                hash, iterations, ..
            } => write!(f, "PBES1 {cipher}, {hash}, {iterations} iterations"),
            Derivation::Pkcs12 { iterations, .. } => {
                write!(f, "PKCS12 PBE {cipher}, SHA1, {iterations} iterations")
            }
            Derivation::Pbkdf2 {
                hash, iterations, ..
            } => write!(f, "PBES2 {cipher}, HMAC-{hash}, {iterations} iterations"),
            Derivation::Scrypt { n, r, p, .. } => {
                write!(f, "PBES2 {cipher}, scrypt N={n} r={r} p={p}")
            }
        }
    }
}

/// Encrypts under PBES2 with AES-256-CBC and PBKDF2 with HMAC-SHA256, as Java 17 and OpenSSL 3
/// do; returns the `AlgorithmIdentifier` and the encrypted data.
pub(crate) fn seal_pbes2(
    password: &str,
    salt: &[u8],
    iv: &[u8; 16],
    iterations: u32,
    data: &[u8],
) -> (Zeroizing<Vec<u8>>, Vec<u8>) {
    let mut key = Zeroizing::new([0; 32]);
    Hash::Sha256.pbkdf2_into(password.as_bytes(), salt, iterations, key.as_mut_slice());
    let sealed = cipher::aes_256(&key, iv, data);
    let oid = |oid: &[u8]| der::element(OID, &[oid]);
    let octets = |bytes: &[u8]| der::element(OCTET_STRING, &[bytes]);
    let sequence = |parts: &[&[u8]]| der::element(SEQUENCE, parts);
    let prf = sequence(&[&oid(HMAC_SHA256), &[NULL, 0]]);
    let pbkdf2 = sequence(&[&octets(salt), &der::integer(iterations), &prf]);
    let derivation = sequence(&[&oid(PBKDF2), &pbkdf2]);
    let encryption = sequence(&[&oid(AES_256_CBC), &octets(iv)]);
    let parameters = sequence(&[&derivation, &encryption]);
    (sequence(&[&oid(PBES2), &parameters]), sealed)
}

fn pbes2(mut algorithm: Reader<'_>) -> Result<Scheme, PbeError> {
    let mut parts = || {
        let mut parameters = algorithm.sequence()?;
        // Java before 8u231 wrote the object identifier a second time (JDK-8202837).
        if parameters.maybe(OID) == Some(PBES2) {
            parameters = parameters.sequence()?;
        }
        let (derivation, encryption) = (parameters.sequence()?, parameters.sequence()?);
        parameters.end()?;
        algorithm.end()?;
        Some((derivation, encryption))
    };
    let (mut derivation, mut encryption) = parts().ok_or(PbeError::Parameters)?;
    let oid = encryption.take(OID).ok_or(PbeError::Parameters)?;
    let cipher = match oid {
        b"\x60\x86\x48\x01\x65\x03\x04\x01\x02" => Cipher::Aes128,
        b"\x60\x86\x48\x01\x65\x03\x04\x01\x16" => Cipher::Aes192,
        AES_256_CBC => Cipher::Aes256,
        b"\x2A\x86\x48\x86\xF7\x0D\x03\x07" => Cipher::TripleDes,
        b"\x2B\x0E\x03\x02\x07" => Cipher::Des,
        other => return Err(unsupported("encryption", other)),
    };
    let iv = encryption
        .take(OCTET_STRING)
        .filter(|iv| iv.len() == cipher.block_bytes() && encryption.end().is_some())
        .ok_or(PbeError::Parameters)?
        .to_vec();
    let oid = derivation.take(OID).ok_or(PbeError::Parameters)?;
    let derivation = match oid {
        PBKDF2 => by_pbkdf2(derivation, cipher, iv)?,
        SCRYPT => by_scrypt(derivation, cipher, iv).ok_or(PbeError::Parameters)?,
        other => return Err(unsupported("key derivation", other)),
    };
    Ok(Scheme { cipher, derivation })
}

fn by_pbkdf2(
    mut derivation: Reader<'_>,
    cipher: Cipher,
    iv: Vec<u8>,
) -> Result<Derivation, PbeError> {
    let mut parts = || {
        let mut parameters = derivation.sequence()?;
        derivation.end()?;
        let salt = salt(&mut parameters)?;
        let iterations = parameters.unsigned()?;
        let length = match parameters.tag() {
            Some(der::INTEGER) => Some(parameters.unsigned()?),
            _ => None,
        };
        let hash = match parameters.tag() {
            Some(_) => Some(parameters.sequence()?.take(OID)?),
            None => None,
        };
        parameters.end()?;
        let fits = length.is_none_or(|length| length == cipher.key_bytes() as u64);
        fits.then_some((salt, iterations, hash))
    };
    let (salt, iterations, prf) = parts().ok_or(PbeError::Parameters)?;
    let hash = match prf {
        None => Hash::Sha1,
        Some(oid) => hash_of_hmac(oid).ok_or_else(|| unsupported("pseudorandom function", oid))?,
    };
    Ok(Derivation::Pbkdf2 {
        hash,
        salt,
        iterations,
        iv,
    })
}

/// The hash under an HMAC (RFC 8018 appendix B.1).
pub(crate) fn hash_of_hmac(oid: &[u8]) -> Option<Hash> {
    match oid {
        b"\x2A\x86\x48\x86\xF7\x0D\x02\x06" => Some(Hash::Md5),
        b"\x2A\x86\x48\x86\xF7\x0D\x02\x07" => Some(Hash::Sha1),
        b"\x2A\x86\x48\x86\xF7\x0D\x02\x08" => Some(Hash::Sha224),
        HMAC_SHA256 => Some(Hash::Sha256),
        b"\x2A\x86\x48\x86\xF7\x0D\x02\x0A" => Some(Hash::Sha384),
        b"\x2A\x86\x48\x86\xF7\x0D\x02\x0B" => Some(Hash::Sha512),
        b"\x2A\x86\x48\x86\xF7\x0D\x02\x0C" => Some(Hash::Sha512_224),
        b"\x2A\x86\x48\x86\xF7\x0D\x02\x0D" => Some(Hash::Sha512_256),
        _ => None,
    }
}

fn by_scrypt(mut derivation: Reader<'_>, cipher: Cipher, iv: Vec<u8>) -> Option<Derivation> {
    let mut parameters = derivation.sequence()?;
    derivation.end()?;
    let salt = salt(&mut parameters)?;
    let (n, r) = (parameters.unsigned()?, parameters.unsigned()?);
    let p = parameters.unsigned()?;
    let length = match parameters.tag() {
        Some(_) => parameters.unsigned()?,
        None => cipher.key_bytes() as u64,
    };
    parameters.end()?;
    let derivation = Derivation::Scrypt { salt, n, r, p, iv };
    (length == cipher.key_bytes() as u64).then_some(derivation)
}

/// OpenSSL's default, N = 16384, r = 8 and p = 1, takes 16 MiB.
fn scrypt_params(n: u64, r: u64, p: u64) -> Result<Params, PbeError> {
    const MAX_MEMORY: u64 = 64 << 20;
    let refused = PbeError::Scrypt { n, r, p };
    // RFC 7914 §6: N blocks to mix, and p to begin with; each has 128 r bytes.
    let memory = n
        .max(p)
        .checked_mul(r)
        .and_then(|blocks| blocks.checked_mul(128));
    let fits = memory.is_some_and(|memory| memory <= MAX_MEMORY);
    if !fits || p > 16 || n < 2 || !n.is_power_of_two() {
        return Err(refused);
    }
    let exponent = u8::try_from(n.trailing_zeros()).ok();
    let numbers = exponent.zip(u32::try_from(r).ok().zip(u32::try_from(p).ok()));
    numbers
        .and_then(|(exponent, (r, p))| Params::new(exponent, r, p).ok())
        .ok_or(refused)
}

fn salt_and_count(mut algorithm: Reader<'_>) -> Option<(Vec<u8>, u64)> {
    let mut parameters = algorithm.sequence()?;
    let salt = salt(&mut parameters)?;
    let iterations = parameters.unsigned()?;
    parameters.end()?;
    algorithm.end()?;
    Some((salt, iterations))
}

fn salt(parameters: &mut Reader<'_>) -> Option<Vec<u8>> {
    let salt = parameters.take(OCTET_STRING)?;
    (salt.len() <= MAX_SALT).then(|| salt.to_vec())
}

fn unsupported(what: &'static str, oid: &[u8]) -> PbeError {
    let name = match oid {
        b"\x2A\x86\x48\x86\xF7\x0D\x01\x05\x01" => Some("PBE-MD2-DES"),
        b"\x2A\x86\x48\x86\xF7\x0D\x01\x05\x04" => Some("PBE-MD2-RC2-64"),
        b"\x2A\x86\x48\x86\xF7\x0D\x01\x05\x06" => Some("PBE-MD5-RC2-64"),
        b"\x2A\x86\x48\x86\xF7\x0D\x01\x05\x0B" => Some("PBE-SHA1-RC2-64"),
        b"\x2A\x86\x48\x86\xF7\x0D\x03\x02" => Some("RC2-CBC"),
        b"\x2A\x86\x48\x86\xF7\x0D\x03\x04" => Some("RC4"),
        b"\x60\x86\x48\x01\x65\x03\x04\x01\x06" => Some("AES-128-GCM"),
        b"\x60\x86\x48\x01\x65\x03\x04\x01\x2E" => Some("AES-256-GCM"),
        _ => None,
    };
    PbeError::Unsupported {
        what,
        oid: der::dotted(oid),
        name,
    }
}
