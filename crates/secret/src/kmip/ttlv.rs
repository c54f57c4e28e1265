//! TTLV, the encoding of KMIP messages: tag, type, length, value (KMIP 1.2, section 9.1).
//!
//! ```text
//! tag (3 bytes)  type (1)  length (4)  value, filled up with zeros to a multiple of 8 bytes
//! ```
//!
//! What is read is a message of a server that proved who it is, and is trusted no further: sizes,
//! nesting and the number of items are bounded, and nothing is copied.

use zeroize::Zeroizing;

/// The most bytes a message may have.
pub(crate) const MAX_MESSAGE: usize = 64 << 10;
/// The bytes before a value.
pub(crate) const HEADER: usize = 8;
/// KMIP's own messages nest eight levels deep.
const MAX_DEPTH: usize = 16;
/// The most items of one message, all levels together.
const MAX_ITEMS: usize = 2048;

const STRUCTURE: u8 = 1;
const INTEGER: u8 = 2;
const LONG_INTEGER: u8 = 3;
const BIG_INTEGER: u8 = 4;
const ENUMERATION: u8 = 5;
const BOOLEAN: u8 = 6;
const TEXT_STRING: u8 = 7;
const BYTE_STRING: u8 = 8;
const DATE_TIME: u8 = 9;
const INTERVAL: u8 = 10;

/// What an item is for: three bytes, of which KMIP's own begin with 0x42.
pub(crate) type Tag = u32;

/// One item of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Item<'a> {
    pub(crate) tag: Tag,
    pub(crate) value: Value<'a>,
}

/// The value of an item. `Debug` shows no bytes and no text: they may be keys.
#[derive(PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Structure(Vec<Item<'a>>),
    Integer(i32),
    Enumeration(u32),
    Text(&'a str),
    Bytes(&'a [u8]),
    /// A number, a truth or a time that no message of ours is asked for.
    Other,
}

impl std::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Structure(items) => f.debug_list().entries(items).finish(),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Enumeration(number) => write!(f, "{number:#x}"),
            Self::Text(_) | Self::Bytes(_) => f.write_str("****"),
            Self::Other => f.write_str("other"),
        }
    }
}

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum TtlvFault {
    /// They end within an item.
    #[error("it is cut off")]
    CutOff,
    /// More bytes than a message may have.
    #[error("it has more than {MAX_MESSAGE} bytes")]
    TooLarge,
    /// Structures within structures, or items, beyond what KMIP has use for.
    #[error("it is nested too deeply or has too many items")]
    TooComplex,
    /// A length that the type cannot have, an unknown type, or text that is no UTF-8.
    #[error("an item in it is malformed")]
    Malformed,
}

/// The number of bytes behind the header of a message.
pub(crate) fn length_behind(header: [u8; HEADER]) -> Result<usize, TtlvFault> {
    let [_, _, _, kind, a, b, c, d] = header;
    let length =
        usize::try_from(u32::from_be_bytes([a, b, c, d])).map_err(|_| TtlvFault::TooLarge)?;
    if kind != STRUCTURE || !length.is_multiple_of(8) {
        return Err(TtlvFault::Malformed);
    }
    if length > MAX_MESSAGE - HEADER {
        return Err(TtlvFault::TooLarge);
    }
    Ok(length)
}

/// Reads a whole message: one item and nothing behind it.
pub(crate) fn parse(bytes: &[u8]) -> Result<Item<'_>, TtlvFault> {
    if bytes.len() > MAX_MESSAGE {
        return Err(TtlvFault::TooLarge);
    }
    let mut reader = Reader {
        left: bytes,
        items: 0,
    };
    let item = reader.item(0)?;
    if !reader.left.is_empty() {
        return Err(TtlvFault::Malformed);
    }
    Ok(item)
}

impl<'a> Item<'a> {
    /// The items of a structure; none if this is none.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.value {
            Value::Structure(items) => items,
            _ => &[],
        }
    }

    /// The first item of a structure with this tag.
    pub(crate) fn get(&self, tag: Tag) -> Option<&Self> {
        self.items().iter().find(|item| item.tag == tag)
    }

    /// All of them.
    pub(crate) fn all(&self, tag: Tag) -> impl Iterator<Item = &Self> {
        self.items().iter().filter(move |item| item.tag == tag)
    }

    pub(crate) fn enumeration(&self, tag: Tag) -> Option<u32> {
        match self.get(tag)?.value {
            Value::Enumeration(number) => Some(number),
            _ => None,
        }
    }

    pub(crate) fn integer(&self, tag: Tag) -> Option<i32> {
        match self.get(tag)?.value {
            Value::Integer(number) => Some(number),
            _ => None,
        }
    }

    pub(crate) fn text(&self, tag: Tag) -> Option<&'a str> {
        self.get(tag)?.as_text()
    }

    pub(crate) fn bytes(&self, tag: Tag) -> Option<&'a [u8]> {
        match self.get(tag)?.value {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(crate) fn as_text(&self) -> Option<&'a str> {
        match self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

struct Reader<'a> {
    left: &'a [u8],
    items: usize,
}

impl<'a> Reader<'a> {
    fn item(&mut self, depth: usize) -> Result<Item<'a>, TtlvFault> {
        self.items += 1;
        if depth > MAX_DEPTH || self.items > MAX_ITEMS {
            return Err(TtlvFault::TooComplex);
        }
        let [a, b, c, kind] = *self.array()?;
        let tag = u32::from_be_bytes([0, a, b, c]);
        let length =
            usize::try_from(u32::from_be_bytes(*self.array()?)).map_err(|_| TtlvFault::CutOff)?;
        let body = self.take(length)?;
        self.take(length.next_multiple_of(8) - length)?;
        Ok(Item {
            tag,
            value: self.value(kind, body, depth)?,
        })
    }

    fn value(&mut self, kind: u8, body: &'a [u8], depth: usize) -> Result<Value<'a>, TtlvFault> {
        let four = || <[u8; 4]>::try_from(body).map_err(|_| TtlvFault::Malformed);
        Ok(match kind {
            STRUCTURE => Value::Structure(self.structure(body, depth)?),
            INTEGER => Value::Integer(i32::from_be_bytes(four()?)),
            ENUMERATION => Value::Enumeration(u32::from_be_bytes(four()?)),
            TEXT_STRING => {
                Value::Text(std::str::from_utf8(body).map_err(|_| TtlvFault::Malformed)?)
            }
            BYTE_STRING => Value::Bytes(body),
            LONG_INTEGER | BOOLEAN | DATE_TIME if body.len() == 8 => Value::Other,
            BIG_INTEGER if body.len().is_multiple_of(8) => Value::Other,
            INTERVAL if body.len() == 4 => Value::Other,
            _ => return Err(TtlvFault::Malformed),
        })
    }

    /// The items of a structure are read by a reader of its own, so that none reaches beyond it.
    fn structure(&mut self, body: &'a [u8], depth: usize) -> Result<Vec<Item<'a>>, TtlvFault> {
        let mut inner = Reader {
            left: body,
            items: self.items,
        };
        let mut items = Vec::new();
        while !inner.left.is_empty() {
            items.push(inner.item(depth + 1)?);
        }
        self.items = inner.items;
        Ok(items)
    }

    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], TtlvFault> {
        let (array, rest) = self.left.split_first_chunk().ok_or(TtlvFault::CutOff)?;
        self.left = rest;
        Ok(array)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], TtlvFault> {
        let (taken, rest) = self
            .left
            .split_at_checked(length)
            .ok_or(TtlvFault::CutOff)?;
        self.left = rest;
        Ok(taken)
    }
}

/// Writes a message, from the innermost item outwards.
#[derive(Default)]
pub(crate) struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    pub(crate) fn structure(mut self, tag: Tag, content: impl FnOnce(Self) -> Self) -> Self {
        let inner = content(Self::default()).0;
        self.item(tag, STRUCTURE, &inner);
        self
    }

    pub(crate) fn integer(mut self, tag: Tag, number: i32) -> Self {
        self.item(tag, INTEGER, &number.to_be_bytes());
        self
    }

    pub(crate) fn enumeration(mut self, tag: Tag, number: u32) -> Self {
        self.item(tag, ENUMERATION, &number.to_be_bytes());
        self
    }

    pub(crate) fn text(mut self, tag: Tag, text: &str) -> Self {
        self.item(tag, TEXT_STRING, text.as_bytes());
        self
    }

    pub(crate) fn finish(self) -> Zeroizing<Vec<u8>> {
        self.0
    }

    fn item(&mut self, tag: Tag, kind: u8, body: &[u8]) {
        let [_, a, b, c] = tag.to_be_bytes();
        // A message of ours holds names, which are bounded long before this length would be.
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&[a, b, c, kind]);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(body);
        let end = self.0.len().next_multiple_of(8);
        self.0.resize(end, 0);
    }
}

#[cfg(test)]
mod tests;
