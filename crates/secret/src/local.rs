//! A local key, and values encrypted with it.
//!
//! ```text
//! key file:  ringlock-key:v1:KEYID
//!            BASE64 of 32 random bytes
//! value:     ringlock:v1:KEYID:BASE64 of nonce (12 bytes), ciphertext, tag (16 bytes)
//! ```
//!
//! The cipher is AES-256-GCM with a random nonce; everything before the last colon of a value is
//! authenticated with it, so a value can be opened under its own version and key only. The key id is
//! the start of a digest of the key: a damaged key file is told as such, and an id cannot be given to
//! another key. With random nonces a key is good for 2³² values (NIST SP 800-38D, 8.3), more than
//! any cluster has passwords.

use std::{fmt, path::Path};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    digest::{SHA256, digest},
    rand,
};
use base64ct::{Base64, Encoding};
use ringlock_files::{FileError, read_private, write_new_atomic};
use zeroize::Zeroizing;

use crate::Password;

/// What every encrypted value begins with, whatever its version.
const SCHEME: &str = "ringlock:";
/// What a value of this version begins with.
const VALUE: &str = "ringlock:v1:";
/// What a key file of this version begins with.
const KEY: &str = "ringlock-key:v1:";
/// What a key file begins with, whatever its version.
const KEY_SCHEME: &str = "ringlock-key:";
/// What the digest of a key starts from, so that it is no digest that anybody else makes.
const ID_CONTEXT: &[u8] = b"ringlock key id v1";

const KEY_BYTES: usize = 32;
const ID_BYTES: usize = 8;
const TAG_BYTES: usize = 16;
/// No key file is larger.
const MAX_KEY_FILE: u64 = 1024;
/// No value is longer: a password has 4096 bytes at most.
const MAX_VALUE: usize = 8192;
const PRIVATE: u32 = 0o600;

/// A key that encrypts passwords for configuration files; wiped when dropped, never shown.
pub struct LocalKey {
    id: KeyId,
    key: Zeroizing<[u8; KEY_BYTES]>,
}

impl LocalKey {
    /// A new random key.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn generate() -> Result<Self, SealError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        rand::fill(&mut *key).map_err(|_| SealError)?;
        Ok(Self {
            id: KeyId::of(&key),
            key,
        })
    }

    /// Reads a key file, which others than its owner and group must not read.
    ///
    /// # Errors
    /// The file cannot be read, others may read it, or it is no whole key file of this version.
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        let bytes = read_private(path, MAX_KEY_FILE).map_err(|error| match error {
            FileError::Exposed { path, mode, who } => KeyFileError::Exposed { path, mode, who },
            other => KeyFileError::File(other),
        })?;
        Self::parse(&bytes).map_err(|reason| KeyFileError::Content {
            path: path.to_owned(),
            reason,
        })
    }

    /// Writes the key to a new file with mode 0600.
    ///
    /// # Errors
    /// Something is there already, which stays as it is, or the file cannot be written.
    pub fn write_new(&self, path: &Path) -> Result<(), FileError> {
        let base64 = Zeroizing::new(Base64::encode_string(&*self.key));
        let text = Zeroizing::new(format!("{KEY}{}\n{}\n", self.id, *base64));
        write_new_atomic(path, PRIVATE, text.as_bytes())
    }

    /// Reads the bytes of a key file.
    ///
    /// # Errors
    /// They are no whole key file of this version.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyFileFault> {
        let text = std::str::from_utf8(bytes).map_err(|_| KeyFileFault::NoHeader)?;
        let (header, rest) = text.split_once('\n').ok_or(KeyFileFault::NoHeader)?;
        let Some(id) = header.strip_prefix(KEY) else {
            return Err(match header.starts_with(KEY_SCHEME) {
                true => KeyFileFault::Version,
                false => KeyFileFault::NoHeader,
            });
        };
        let base64 = rest.strip_suffix('\n').unwrap_or(rest);
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        match Base64::decode(base64, &mut *key) {
            Ok(decoded) if decoded.len() == KEY_BYTES => {}
            _ => return Err(KeyFileFault::Damaged),
        }
        let derived = KeyId::of(&key);
        if derived.0 != id {
            return Err(KeyFileFault::Damaged);
        }
        Ok(Self { id: derived, key })
    }

    /// The name of the key: 16 hexadecimal digits, the same wherever the key is.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// Encrypts a password; each time the value is another one.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn seal(&self, password: &Password) -> Result<String, SealError> {
        let head = format!("{VALUE}{}:", self.id.0);
        let plain = password.expose().as_bytes();
        // The room is there from the start: growing would leave a copy of the password behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(plain.len() + TAG_BYTES));
        bytes.extend_from_slice(plain);
        let nonce = self.cipher().and_then(|cipher| {
            cipher
                .seal_in_place_append_tag(Aad::from(head.as_bytes()), &mut *bytes)
                .map_err(|_| SealError)
        })?;
        let mut whole = nonce.as_ref().to_vec();
        whole.extend_from_slice(&bytes);
        Ok(head + &Base64::encode_string(&whole))
    }

    /// Decrypts a value that [`seal`](Self::seal) made with this key.
    ///
    /// # Errors
    /// It is no such value, it is of another version or key, or any bit of it was changed.
    pub fn open(&self, value: &str) -> Result<Password, OpenError> {
        let sealed = Sealed::parse(value)?;
        if sealed.id != self.id.0 {
            return Err(OpenError::OtherKey {
                found: sealed.id.to_owned(),
                expected: self.id.clone(),
            });
        }
        let mut bytes = Zeroizing::new(sealed.bytes);
        let (nonce, cipher_text) = bytes
            .split_first_chunk_mut::<NONCE_LEN>()
            .ok_or(OpenError::Damaged)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let cipher = self.cipher().map_err(|SealError| OpenError::Damaged)?;
        let plain = cipher
            .open_in_place(nonce, Aad::from(sealed.head.as_bytes()), cipher_text)
            .map_err(|_| OpenError::Damaged)?;
        let text = std::str::from_utf8(plain).map_err(|_| OpenError::Damaged)?;
        Ok(Password::new(text))
    }

    fn cipher(&self) -> Result<RandomizedNonceKey, SealError> {
        RandomizedNonceKey::new(&AES_256_GCM, &*self.key).map_err(|_| SealError)
    }
}

impl fmt::Debug for LocalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalKey({})", self.id)
    }
}

/// The name of a key: 16 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyId(String);

impl KeyId {
    fn of(key: &[u8; KEY_BYTES]) -> Self {
        let mut input = Zeroizing::new([0; ID_CONTEXT.len() + KEY_BYTES]);
        input[..ID_CONTEXT.len()].copy_from_slice(ID_CONTEXT);
        input[ID_CONTEXT.len()..].copy_from_slice(key);
        let digest = digest(&SHA256, &*input);
        let hex = digest.as_ref()[..ID_BYTES]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self(hex)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The parts of an encrypted value.
struct Sealed<'a> {
    /// All that is authenticated beside the ciphertext.
    head: &'a str,
    id: &'a str,
    bytes: Vec<u8>,
}

impl<'a> Sealed<'a> {
    fn parse(value: &'a str) -> Result<Self, OpenError> {
        let Some(rest) = value.strip_prefix(VALUE) else {
            return Err(if is_sealed(value) {
                OpenError::Version
            } else {
                OpenError::NotSealed
            });
        };
        if value.len() > MAX_VALUE {
            return Err(OpenError::Damaged);
        }
        let (id, base64) = rest.split_once(':').ok_or(OpenError::Damaged)?;
        let well_formed = id.len() == 2 * ID_BYTES
            && id
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !well_formed {
            return Err(OpenError::Damaged);
        }
        Ok(Self {
            head: &value[..VALUE.len() + id.len() + 1],
            id,
            bytes: Base64::decode_vec(base64).map_err(|_| OpenError::Damaged)?,
        })
    }
}

/// Whether a value says that it was encrypted with a local key, of whatever version.
pub fn is_sealed(value: &str) -> bool {
    value.starts_with(SCHEME)
}

/// The key that a value says it was encrypted with.
///
/// # Errors
/// It is no such value, of another version, or damaged.
pub fn key_of(value: &str) -> Result<KeyId, OpenError> {
    Sealed::parse(value).map(|sealed| KeyId(sealed.id.to_owned()))
}

/// The system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random bytes")]
pub struct SealError;

/// Why a value cannot be opened.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum OpenError {
    /// It is no encrypted value.
    #[error("it is no value that `ringlock secret encrypt` made")]
    NotSealed,
    /// It is of a later version.
    #[error("it is of a version that this Ringlock does not know; expected {VALUE}…")]
    Version,
    /// It was encrypted with another key.
    #[error("it was encrypted with the key {found}; expected the key {expected}")]
    OtherKey {
        /// The key that it names.
        found: String,
        /// The key at hand.
        expected: KeyId,
    },
    /// It is cut off or was changed.
    #[error("it is damaged: cut off or changed since it was encrypted")]
    Damaged,
}

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It could not be read.
    #[error(transparent)]
    File(FileError),
    /// It may be read by others, or changed by its group.
    #[error(
        "{} holds a key, but its mode {mode:04o} lets {who}; `chmod 600 {}` closes it \
         (0400 and 0640 are accepted as well)",
        path.display(), path.display()
    )]
    Exposed {
        /// The file.
        path: std::path::PathBuf,
        /// Its permission bits.
        mode: u32,
        /// Who may do what.
        who: &'static str,
    },
    /// It is no key file, or not as it was written.
    #[error("{} {reason}", path.display())]
    Content {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        reason: KeyFileFault,
    },
}

/// What is wrong with the content of a key file.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyFileFault {
    /// It does not begin as one.
    #[error("is no key file; expected one that `ringlock secret keygen` made")]
    NoHeader,
    /// It is of a later version.
    #[error("is a key file of a version that this Ringlock does not know; expected {KEY}…")]
    Version,
    /// It is cut off or was changed.
    #[error("is damaged: its key is not the one that its first line names")]
    Damaged,
}

#[cfg(test)]
mod tests;
