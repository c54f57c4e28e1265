//! How Java's own stores encrypt a private key.

use md5::{Digest, Md5, digest::Output};
use zeroize::Zeroizing;

use super::{DIGEST_BYTES, JksError};
use crate::{
    PbeError, PrivateKey,
    der::{self, NULL, OCTET_STRING, OID, Reader, SEQUENCE},
    key::is_pkcs8,
    names::shown,
    pbe::{Budget, Cipher, Hash, triple_des},
};

/// 1.3.6.1.4.1.42.2.17.1.1, of `sun.security.provider.KeyProtector`.
const JKS_OID: &[u8] = b"\x2B\x06\x01\x04\x01\x2A\x02\x11\x01\x01";
/// 1.3.6.1.4.1.42.2.19.1, of `com.sun.crypto.provider.KeyProtector`.
pub(super) const JCEKS_OID: &[u8] = b"\x2B\x06\x01\x04\x01\x2A\x02\x13\x01";

pub(super) const JKS_SALT: usize = DIGEST_BYTES;
pub(super) const JCEKS_SALT: usize = 8;

/// Why a key stays closed.
pub(super) enum Sealed {
    Password,
    Other(PbeError),
}

impl Sealed {
    pub(super) fn about(self, alias: &str) -> JksError {
        let alias = shown(alias);
        match self {
            Self::Password => JksError::KeyPassword { alias },
            Self::Other(reason) => JksError::Locked { alias, reason },
        }
    }
}

/// The key in an `EncryptedPrivateKeyInfo`, and what it was protected by. A JCEKS store may hold
/// keys that are protected as in JKS.
pub(super) fn unseal(
    sealed: &[u8],
    password: &str,
    budget: &mut Budget,
) -> Result<(PrivateKey, String), Sealed> {
    let parts = parse(sealed).ok_or(Sealed::Other(PbeError::Parameters))?;
    let (key, protection) = match parts.oid {
        JKS_OID => (
            open_jks(parts.data, password),
            "keys by SHA1 and XOR".to_owned(),
        ),
        JCEKS_OID => {
            let parameters = jceks_parameters(parts.parameters);
            let (salt, iterations) = parameters.ok_or(Sealed::Other(PbeError::Parameters))?;
            let count = budget.spend(iterations).map_err(Sealed::Other)?;
            (
                open_jceks(parts.data, password, salt, count),
                format!("keys by PBEWithMD5AndTripleDES, {count} iterations"),
            )
        }
        other => {
            return Err(Sealed::Other(PbeError::Unsupported {
                what: "encryption",
                oid: der::dotted(other),
                name: None,
            }));
        }
    };
    let mut key = key.filter(|key| is_pkcs8(key)).ok_or(Sealed::Password)?;
    Ok((PrivateKey::pkcs8(std::mem::take(&mut *key)), protection))
}

/// Encrypts a key in PKCS #8 form as JKS does.
pub(super) fn seal_jks(key: &[u8], password: &str, salt: &[u8; JKS_SALT]) -> Zeroizing<Vec<u8>> {
    let password = utf16(password);
    let mut data = salt.to_vec();
    data.extend(mixed(key, &password, salt).iter());
    data.extend(Hash::Sha1.digest(&[&password, key]).iter());
    let oid = der::element(OID, &[JKS_OID]);
    let algorithm = der::element(SEQUENCE, &[&oid, &[NULL, 0]]);
    let data = der::element(OCTET_STRING, &[&data]);
    der::element(SEQUENCE, &[&algorithm, &data])
}

/// Encrypts a key in PKCS #8 form as JCEKS does. Equal halves of a salt, from which not every
/// Java derives the same key, are made unlike.
pub(super) fn seal_jceks(
    key: &[u8],
    password: &str,
    mut salt: [u8; JCEKS_SALT],
    iterations: u32,
) -> Zeroizing<Vec<u8>> {
    let (first, second) = halves(salt);
    if first == second {
        salt[0] ^= 1;
    }
    let (first, second) = halves(salt);
    let (secret, iv) = jceks_key(password, [first, second], iterations);
    let data = triple_des(&secret, &iv, key);
    let salt = der::element(OCTET_STRING, &[&salt]);
    let parameters = der::element(SEQUENCE, &[&salt, &der::integer(iterations)]);
    let oid = der::element(OID, &[JCEKS_OID]);
    let algorithm = der::element(SEQUENCE, &[&oid, &parameters]);
    let data = der::element(OCTET_STRING, &[&data]);
    der::element(SEQUENCE, &[&algorithm, &data])
}

/// A password as JKS hashes it: UTF-16, big endian.
pub(super) fn utf16(password: &str) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * password.len()));
    bytes.extend(password.encode_utf16().flat_map(u16::to_be_bytes));
    bytes
}

struct Parts<'a> {
    oid: &'a [u8],
    parameters: Reader<'a>,
    data: &'a [u8],
}

fn parse(sealed: &[u8]) -> Option<Parts<'_>> {
    let mut outer = Reader::new(sealed);
    let mut info = outer.sequence()?;
    outer.end()?;
    let mut algorithm = info.sequence()?;
    let data = info.take(OCTET_STRING)?;
    info.end()?;
    Some(Parts {
        oid: algorithm.take(OID)?,
        parameters: algorithm,
        data,
    })
}

fn jceks_parameters(mut parameters: Reader<'_>) -> Option<([u8; JCEKS_SALT], u64)> {
    let mut parts = parameters.sequence()?;
    let salt = parts.take(OCTET_STRING)?.try_into().ok()?;
    Some((salt, parts.unsigned()?))
}

fn open_jks(data: &[u8], password: &str) -> Option<Zeroizing<Vec<u8>>> {
    let password = utf16(password);
    let (salt, rest) = data.split_at_checked(JKS_SALT)?;
    let (hidden, check) = rest.split_at_checked(rest.len().checked_sub(DIGEST_BYTES)?)?;
    let key = mixed(hidden, &password, salt);
    let right = *Hash::Sha1.digest(&[&password, &key]) == *check;
    right.then_some(key)
}

/// XOR with SHA-1 of the password and the salt, then of the password and that hash, and so on;
/// its own inverse.
fn mixed(bytes: &[u8], password: &[u8], salt: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut mixed = Zeroizing::new(bytes.to_vec());
    let mut stream = Hash::Sha1.digest(&[password, salt]);
    for chunk in mixed.chunks_mut(DIGEST_BYTES) {
        for (byte, stream) in chunk.iter_mut().zip(stream.iter()) {
            *byte ^= stream;
        }
        stream = Hash::Sha1.digest(&[password, &stream]);
    }
    mixed
}

fn open_jceks(
    data: &[u8],
    password: &str,
    salt: [u8; JCEKS_SALT],
    iterations: u32,
) -> Option<Zeroizing<Vec<u8>>> {
    let open = |halves| {
        let (secret, iv) = jceks_key(password, halves, iterations);
        let key = Cipher::TripleDes.decrypt(secret.as_slice(), &iv, data);
        key.filter(|key| is_pkcs8(key))
    };
    let (first, second) = halves(salt);
    if first != second {
        return open([first, second]);
    }
    // Java turns round the first of two equal halves. In old versions the second exchange missed.
    let [a, b, c, d] = first;
    open([[d, c, b, a], second]).or_else(|| open([[d, a, b, d], second]))
}

/// The key and the vector: for each half of the salt MD5 of it and the password, then of that
/// hash and the password, and so on.
fn jceks_key(
    password: &str,
    halves: [[u8; 4]; 2],
    iterations: u32,
) -> (Zeroizing<[u8; 24]>, [u8; 8]) {
    let [first, second] = halves.map(|half| {
        let mut hash = md5(&half, password);
        for _ in 1..iterations {
            hash = md5(&hash, password);
        }
        Zeroizing::new(<[u8; 16]>::from(hash))
    });
    let mut key = Zeroizing::new([0; 24]);
    let mut iv = [0; 8];
    key[..16].copy_from_slice(&*first);
    key[16..].copy_from_slice(&second[..8]);
    iv.copy_from_slice(&second[8..]);
    (key, iv)
}

fn halves(salt: [u8; JCEKS_SALT]) -> ([u8; 4], [u8; 4]) {
    let [a, b, c, d, e, f, g, h] = salt;
    ([a, b, c, d], [e, f, g, h])
}

fn md5(start: &[u8], password: &str) -> Output<Md5> {
    Md5::new_with_prefix(start)
        .chain_update(password)
        .finalize()
}
