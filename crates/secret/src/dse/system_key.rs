use std::{
    fmt,
    path::{Path, PathBuf},
};

use base64ct::{Base64, Encoding};
use ringlock_files::{FileError, read_private};
use zeroize::Zeroizing;

use super::cipher::Transformation;
use crate::Password;

/// No key file is larger.
const MAX_KEY_FILE: u64 = 16 << 10;
/// No key is longer: RC2 takes 128 bytes.
const MAX_KEY: usize = 128;
/// No value is longer.
const MAX_VALUE: usize = 16 << 10;

/// A key with which DSE encrypts properties of its configuration; wiped when dropped, never shown.
pub struct SystemKey {
    transformation: Transformation,
    key: Zeroizing<Vec<u8>>,
}

impl SystemKey {
    /// Reads a key file, which others than its owner and group must not read.
    ///
    /// # Errors
    /// The file cannot be read, others may read it, or it is no system key.
    pub fn read(path: &Path) -> Result<Self, SystemKeyError> {
        let bytes = read_private(path, MAX_KEY_FILE).map_err(|error| match error {
            FileError::Exposed { path, mode, who } => SystemKeyError::Exposed { path, mode, who },
            other => SystemKeyError::File(other),
        })?;
        Self::parse(&bytes).map_err(|fault| SystemKeyError::Content {
            path: path.to_owned(),
            fault,
        })
    }

    /// Reads the bytes of a key file: one line `ALGORITHM[/MODE/PADDING]:BITS:BASE64`, with blank
    /// lines and blanks around it as they come.
    ///
    /// # Errors
    /// There is no such line or more than one, the cipher is not known, or the key is not of the
    /// strength that the line tells.
    pub fn parse(bytes: &[u8]) -> Result<Self, SystemKeyFault> {
        let text = std::str::from_utf8(bytes).map_err(|_| SystemKeyFault::NoKey)?;
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let line = lines.next().ok_or(SystemKeyFault::NoKey)?;
        if lines.next().is_some() {
            return Err(SystemKeyFault::SeveralKeys);
        }
        let mut parts = line.splitn(3, ':');
        let (Some(cipher), Some(bits), Some(base64)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(SystemKeyFault::NoKey);
        };
        let mut buffer = Zeroizing::new([0; MAX_KEY]);
        let key = Base64::decode(base64, &mut *buffer).map_err(|_| SystemKeyFault::Damaged)?;
        let bits = bits.parse().map_err(|_| SystemKeyFault::Damaged)?;
        Self::new(cipher, bits, key)
    }

    /// A key of `bits` for the cipher that Java calls `cipher`.
    ///
    /// # Errors
    /// The cipher is not known, or the key is not of that strength.
    pub(crate) fn new(cipher: &str, bits: usize, key: &[u8]) -> Result<Self, SystemKeyFault> {
        let transformation =
            Transformation::parse(cipher).ok_or_else(|| SystemKeyFault::Cipher {
                // What stands there may be a key that slipped into the wrong place.
                name: if cipher.len() <= 40 && cipher.contains('/') {
                    cipher.to_owned()
                } else {
                    String::from("of that line")
                },
            })?;
        if !transformation.accepts(key.len(), bits) {
            return Err(SystemKeyFault::Damaged);
        }
        Ok(Self {
            transformation,
            key: Zeroizing::new(key.to_vec()),
        })
    }

    /// Decrypts a value that `dsetool encryptconfigvalue` printed.
    ///
    /// # Errors
    /// It is no base64, as plain text often is, or was not encrypted with this key, as far as the
    /// padding and UTF-8 tell: these ciphers authenticate nothing.
    pub fn open(&self, value: &str) -> Result<Password, ValueFault> {
        if value.len() > MAX_VALUE {
            return Err(ValueFault::NotEncrypted);
        }
        let bytes = Base64::decode_vec(value).map_err(|_| ValueFault::NotEncrypted)?;
        let plain = self
            .transformation
            .decrypt(&self.key, &bytes)
            .ok_or(ValueFault::OtherKey)?;
        let text = std::str::from_utf8(&plain).map_err(|_| ValueFault::OtherKey)?;
        Ok(Password::new(text))
    }
}

impl fmt::Debug for SystemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SystemKey({}, {} bits)",
            self.transformation,
            self.key.len() * 8
        )
    }
}

impl fmt::Display for SystemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.transformation.fmt(f)
    }
}

/// Why a file is of no use as a system key.
#[derive(Debug, thiserror::Error)]
pub enum SystemKeyError {
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
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// Who may do what.
        who: &'static str,
    },
    /// It holds no key that can be used.
    #[error("{}: {fault}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: SystemKeyFault,
    },
}

/// What is wrong with a system key.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum SystemKeyFault {
    /// There is no line of a key.
    #[error(
        "no system key; expected a line such as AES/ECB/PKCS5Padding:128:BASE64, as `dsetool createsystemkey` writes it"
    )]
    NoKey,
    /// There is more than one.
    #[error("several lines; a system key has one")]
    SeveralKeys,
    /// The cipher is not known.
    #[error(
        "the cipher {name} is not known; expected AES, DES, DESede, Blowfish or RC2 with ECB or CBC and PKCS5Padding"
    )]
    Cipher {
        /// The cipher.
        name: String,
    },
    /// The key is not what the line says.
    #[error("the key is cut off or damaged: it is no base64 of as many bits as its line says")]
    Damaged,
}

/// Why a value cannot be opened with a system key.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ValueFault {
    /// It is no encrypted value.
    #[error("it is plain text, or no value of `dsetool encryptconfigvalue`")]
    NotEncrypted,
    /// It is base64, and not of this key.
    #[error(
        "it was encrypted with another key, is damaged, or is plain text that looks like base64"
    )]
    OtherKey,
}
