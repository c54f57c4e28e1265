use super::{JksError, serial, text};
use crate::Format;

const JKS: u32 = 0xFEED_FEED;
const JCEKS: u32 = 0xCECE_CECE;

/// The outer form of a store: places in its bytes, and no copy of them.
pub(super) struct Layout<'a> {
    pub(super) format: Format,
    version: u32,
    count: u32,
    entries: Cursor<'a>,
}

/// One entry.
pub(super) struct Entry<'a> {
    pub(super) alias: String,
    /// Milliseconds since 1970.
    pub(super) created: i64,
    pub(super) body: Body<'a>,
}

/// What an entry holds.
pub(super) enum Body<'a> {
    Key {
        /// The private key, encrypted: `EncryptedPrivateKeyInfo` (RFC 5208 §6).
        sealed: &'a [u8],
        chain: Certificates<'a>,
    },
    Certificate(&'a [u8]),
    /// A serialized Java object, which holds a secret key.
    Object,
}

impl<'a> Layout<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, JksError> {
        let mut cursor = Cursor { bytes, at: 0 };
        let format = match cursor.number()? {
            JKS => Format::Jks,
            JCEKS => Format::Jceks,
            _ => return Err(cursor.damaged(0, "the magic number of JKS or JCEKS")),
        };
        let version = cursor.number()?;
        if !(1..=2).contains(&version) {
            return Err(cursor.damaged(4, "the version, 1 or 2"));
        }
        Ok(Self {
            format,
            version,
            count: cursor.number()?,
            entries: cursor,
        })
    }

    /// Shows every entry and returns where they end.
    pub(super) fn walk(
        &self,
        mut visit: impl FnMut(Entry<'a>) -> Result<(), JksError>,
    ) -> Result<usize, JksError> {
        let mut cursor = self.entries.clone();
        for _ in 0..self.count {
            visit(self.entry(&mut cursor)?)?;
        }
        Ok(cursor.at)
    }

    fn entry(&self, cursor: &mut Cursor<'a>) -> Result<Entry<'a>, JksError> {
        let at = cursor.at;
        let tag = cursor.number()?;
        if !(1..=3).contains(&tag) || (tag == 3 && self.format == Format::Jks) {
            return Err(cursor.damaged(at, "the kind of an entry"));
        }
        let alias = cursor.text()?;
        let created = i64::from_be_bytes(cursor.array()?);
        let body = match tag {
            1 => Body::Key {
                sealed: cursor.sized()?,
                chain: self.chain(cursor)?,
            },
            2 => Body::Certificate(cursor.certificate(self.version)?),
            _ => {
                serial::skip(cursor)?;
                Body::Object
            }
        };
        Ok(Entry {
            alias,
            created,
            body,
        })
    }

    fn chain(&self, cursor: &mut Cursor<'a>) -> Result<Certificates<'a>, JksError> {
        let left = cursor.number()?;
        let chain = Certificates {
            cursor: cursor.clone(),
            version: self.version,
            left,
        };
        for _ in 0..left {
            cursor.certificate(self.version)?;
        }
        Ok(chain)
    }
}

/// The certificates of a chain, one after the other.
#[derive(Clone)]
pub(super) struct Certificates<'a> {
    cursor: Cursor<'a>,
    version: u32,
    left: u32,
}

impl<'a> Iterator for Certificates<'a> {
    type Item = Result<&'a [u8], JksError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        Some(self.cursor.certificate(self.version))
    }
}

/// A place in the bytes of a store.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// The next bytes; the length may be any number, as it is compared with what is left.
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], JksError> {
        let cut = JksError::Cut {
            at: self.bytes.len(),
        };
        let end = self.at.checked_add(length);
        let taken = end
            .and_then(|end| self.bytes.get(self.at..end))
            .ok_or(cut)?;
        self.at += length;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], JksError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(super) fn byte(&mut self) -> Result<u8, JksError> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn short(&mut self) -> Result<usize, JksError> {
        self.array().map(|bytes| u16::from_be_bytes(bytes).into())
    }

    pub(super) fn number(&mut self) -> Result<u32, JksError> {
        self.array().map(u32::from_be_bytes)
    }

    /// The next bytes, their number before them.
    pub(super) fn sized(&mut self) -> Result<&'a [u8], JksError> {
        let length = self.number()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn text(&mut self) -> Result<String, JksError> {
        let length = self.short()?;
        let at = self.at;
        let bytes = self.take(length)?;
        text::decode(bytes).ok_or_else(|| self.damaged(at, "a name in modified UTF-8"))
    }

    fn certificate(&mut self, version: u32) -> Result<&'a [u8], JksError> {
        if version == 2 {
            let length = self.short()?;
            let at = self.at;
            if self.take(length)? != b"X.509" {
                return Err(self.damaged(at, "a certificate of the type X.509"));
            }
        }
        self.sized()
    }

    /// Where this is, counted from the store's first byte.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    pub(super) fn damaged(&self, at: usize, expected: &'static str) -> JksError {
        JksError::Damaged { at, expected }
    }
}
