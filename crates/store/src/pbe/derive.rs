use std::fmt;

use hmac::EagerHash;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use zeroize::{Zeroize, Zeroizing};

use super::{MAX_ITERATIONS, PbeError};

/// What one file may cost in iterations of a key derivation, all of its entries together.
pub(crate) struct Budget {
    left: u64,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self {
            left: 20 * u64::from(MAX_ITERATIONS),
        }
    }

    /// Takes this many iterations, if one derivation may have them and all together did not yet.
    pub(crate) fn spend(&mut self, iterations: u64) -> Result<u32, PbeError> {
        let count = u32::try_from(iterations).ok();
        let Some(count @ 1..=MAX_ITERATIONS) = count else {
            return Err(PbeError::Iterations { found: iterations });
        };
        self.left = self.left.checked_sub(iterations).ok_or(PbeError::Budget)?;
        Ok(count)
    }
}

/// A hash function under a key derivation or a MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha512_224,
    Sha512_256,
}

impl Hash {
    /// PBKDF2 (RFC 8018 §5.2) with the HMAC of this hash.
    pub(crate) fn pbkdf2(
        self,
        password: &[u8],
        salt: &[u8],
        iterations: u32,
        key_bytes: usize,
    ) -> Zeroizing<Vec<u8>> {
        let mut key = Zeroizing::new(vec![0; key_bytes]);
        self.pbkdf2_into(password, salt, iterations, &mut key);
        key
    }

    /// As [`Self::pbkdf2`], with as many bytes as there are to fill.
    pub(crate) fn pbkdf2_into(self, password: &[u8], salt: &[u8], iterations: u32, key: &mut [u8]) {
        let derive = match self {
            Self::Md5 => pbkdf2::<Md5>,
            Self::Sha1 => pbkdf2::<Sha1>,
            Self::Sha224 => pbkdf2::<Sha224>,
            Self::Sha256 => pbkdf2::<Sha256>,
            Self::Sha384 => pbkdf2::<Sha384>,
            Self::Sha512 => pbkdf2::<Sha512>,
            Self::Sha512_224 => pbkdf2::<Sha512_224>,
            Self::Sha512_256 => pbkdf2::<Sha512_256>,
        };
        derive(password, salt, iterations, key);
    }

    /// PBKDF1 (RFC 8018 §5.1), without the cut at its end.
    pub(crate) fn pbkdf1(
        self,
        password: &[u8],
        salt: &[u8],
        iterations: u32,
    ) -> Zeroizing<Vec<u8>> {
        self.iterated(&[password, salt], iterations)
    }

    /// The hash of all parts, one after the other.
    pub(crate) fn digest(self, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
        self.iterated(parts, 1)
    }

    /// The hash of the hash of … all parts.
    fn iterated(self, parts: &[&[u8]], iterations: u32) -> Zeroizing<Vec<u8>> {
        let iterated = match self {
            Self::Md5 => iterated::<Md5>,
            Self::Sha1 => iterated::<Sha1>,
            Self::Sha224 => iterated::<Sha224>,
            Self::Sha256 => iterated::<Sha256>,
            Self::Sha384 => iterated::<Sha384>,
            Self::Sha512 => iterated::<Sha512>,
            Self::Sha512_224 => iterated::<Sha512_224>,
            Self::Sha512_256 => iterated::<Sha512_256>,
        };
        iterated(parts, iterations)
    }

    fn block_bytes(self) -> usize {
        match self {
            Self::Md5 | Self::Sha1 | Self::Sha224 | Self::Sha256 => 64,
            Self::Sha384 | Self::Sha512 | Self::Sha512_224 | Self::Sha512_256 => 128,
        }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA1",
            Self::Sha224 => "SHA224",
            Self::Sha256 => "SHA256",
            Self::Sha384 => "SHA384",
            Self::Sha512 => "SHA512",
            Self::Sha512_224 => "SHA512/224",
            Self::Sha512_256 => "SHA512/256",
        })
    }
}

/// The key derivation of PKCS #12 (RFC 7292 appendix B.2).
///
/// `purpose` is 1 for a key, 2 for an initial vector, 3 for a MAC's key. The password is in
/// UTF-16, as [`utf16_with_end`] makes it.
pub(crate) fn pkcs12_key(
    hash: Hash,
    purpose: u8,
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    key_bytes: usize,
) -> Zeroizing<Vec<u8>> {
    let block = hash.block_bytes();
    let diversifier = vec![purpose; block];
    let password = Zeroizing::new(repeated(password, block));
    let mut mixed = Zeroizing::new([&repeated(salt, block)[..], &password].concat());
    let mut key = Zeroizing::new(Vec::with_capacity(key_bytes + 64));
    loop {
        let part = hash.iterated(&[&diversifier, &mixed], iterations);
        key.extend_from_slice(&part);
        if key.len() >= key_bytes {
            key.truncate(key_bytes);
            return key;
        }
        for chunk in mixed.chunks_exact_mut(block) {
            add_one_and(chunk, &part);
        }
    }
}

/// A password as PKCS #12 hashes it: UTF-16, big endian, with a zero at its end.
pub(crate) fn utf16_with_end(password: &str) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * password.len() + 2));
    bytes.extend(password.encode_utf16().flat_map(u16::to_be_bytes));
    bytes.extend([0, 0]);
    bytes
}

/// The bytes again and again until a whole number of blocks is full; nothing stays nothing.
fn repeated(bytes: &[u8], block: usize) -> Vec<u8> {
    let length = bytes.len().next_multiple_of(block);
    bytes.iter().copied().cycle().take(length).collect()
}

/// Adds `part`, repeated, and one to a number of the chunk's width.
fn add_one_and(chunk: &mut [u8], part: &[u8]) {
    let mut carry = 1;
    for (at, byte) in chunk.iter_mut().enumerate().rev() {
        let sum = u16::from(*byte) + u16::from(part[at % part.len()]) + carry;
        let [high, low] = sum.to_be_bytes();
        *byte = low;
        carry = u16::from(high);
    }
}

fn pbkdf2<H: EagerHash>(password: &[u8], salt: &[u8], iterations: u32, key: &mut [u8]) {
    pbkdf2::pbkdf2_hmac::<H>(password, salt, iterations, key);
}

fn iterated<H: Digest>(parts: &[&[u8]], iterations: u32) -> Zeroizing<Vec<u8>> {
    let mut first = H::new();
    for part in parts {
        first.update(part);
    }
    let mut output = first.finalize();
    for _ in 1..iterations {
        output = H::digest(&output);
    }
    let digest = Zeroizing::new(output.to_vec());
    output.as_mut_slice().zeroize();
    digest
}
