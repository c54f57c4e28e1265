//! The few KMIP 1.2 messages that are needed: find an object by its name, get it, get what cipher it
//! is for, and whether the server answers at all.
//!
//! Tags and numbers are those of KMIP 1.2, sections 9.1.3.1 and 9.1.3.2.

use std::fmt;

use zeroize::Zeroizing;

use super::ttlv::{self, Item, Tag, TtlvFault, Writer};

const ATTRIBUTE: Tag = 0x42_0008;
const ATTRIBUTE_NAME: Tag = 0x42_000A;
const ATTRIBUTE_VALUE: Tag = 0x42_000B;
const BATCH_COUNT: Tag = 0x42_000D;
const BATCH_ITEM: Tag = 0x42_000F;
const BLOCK_CIPHER_MODE: Tag = 0x42_0011;
const CRYPTOGRAPHIC_ALGORITHM: Tag = 0x42_0028;
const CRYPTOGRAPHIC_LENGTH: Tag = 0x42_002A;
const KEY: Tag = 0x42_003F;
const KEY_BLOCK: Tag = 0x42_0040;
const KEY_FORMAT_TYPE: Tag = 0x42_0042;
const KEY_MATERIAL: Tag = 0x42_0043;
const KEY_VALUE: Tag = 0x42_0045;
const KEY_WRAPPING_DATA: Tag = 0x42_0046;
const MAXIMUM_ITEMS: Tag = 0x42_004F;
const MAXIMUM_RESPONSE_SIZE: Tag = 0x42_0050;
const NAME_TYPE: Tag = 0x42_0054;
const NAME_VALUE: Tag = 0x42_0055;
const OBJECT_TYPE: Tag = 0x42_0057;
const OPERATION: Tag = 0x42_005C;
const PADDING_METHOD: Tag = 0x42_005F;
const PROTOCOL_VERSION: Tag = 0x42_0069;
const PROTOCOL_VERSION_MAJOR: Tag = 0x42_006A;
const PROTOCOL_VERSION_MINOR: Tag = 0x42_006B;
const REQUEST_HEADER: Tag = 0x42_0077;
const REQUEST_MESSAGE: Tag = 0x42_0078;
const REQUEST_PAYLOAD: Tag = 0x42_0079;
const RESPONSE_MESSAGE: Tag = 0x42_007B;
const RESPONSE_PAYLOAD: Tag = 0x42_007C;
const RESULT_MESSAGE: Tag = 0x42_007D;
const RESULT_REASON: Tag = 0x42_007E;
const RESULT_STATUS: Tag = 0x42_007F;
const SECRET_DATA: Tag = 0x42_0085;
const SYMMETRIC_KEY: Tag = 0x42_008F;
const UNIQUE_IDENTIFIER: Tag = 0x42_0094;

const LOCATE: u32 = 0x08;
const GET: u32 = 0x0A;
const GET_ATTRIBUTES: u32 = 0x0B;
const DISCOVER_VERSIONS: u32 = 0x1E;

const UNINTERPRETED_TEXT: u32 = 1;
const SUCCESS: u32 = 0;
const CRYPTOGRAPHIC_PARAMETERS: &str = "Cryptographic Parameters";

/// Asks for the objects of this name; two at most, as one is wanted and two are too many.
pub(super) fn locate(name: &str) -> Zeroizing<Vec<u8>> {
    request(LOCATE, |payload| {
        payload
            .integer(MAXIMUM_ITEMS, 2)
            .structure(ATTRIBUTE, |attribute| {
                attribute
                    .text(ATTRIBUTE_NAME, "Name")
                    .structure(ATTRIBUTE_VALUE, |value| {
                        value
                            .text(NAME_VALUE, name)
                            .enumeration(NAME_TYPE, UNINTERPRETED_TEXT)
                    })
            })
    })
}

/// Asks for an object in whatever form it was registered.
pub(super) fn get(identifier: &str) -> Zeroizing<Vec<u8>> {
    request(GET, |payload| payload.text(UNIQUE_IDENTIFIER, identifier))
}

/// Asks which mode and padding a key is for.
pub(super) fn get_parameters(identifier: &str) -> Zeroizing<Vec<u8>> {
    request(GET_ATTRIBUTES, |payload| {
        payload
            .text(UNIQUE_IDENTIFIER, identifier)
            .text(ATTRIBUTE_NAME, CRYPTOGRAPHIC_PARAMETERS)
    })
}

/// Asks which versions the server speaks, which needs no right to any object.
pub(super) fn discover() -> Zeroizing<Vec<u8>> {
    request(DISCOVER_VERSIONS, |payload| payload)
}

fn request(operation: u32, payload: impl FnOnce(Writer) -> Writer) -> Zeroizing<Vec<u8>> {
    let largest = i32::try_from(ttlv::MAX_MESSAGE).unwrap_or(i32::MAX);
    Writer::default()
        .structure(REQUEST_MESSAGE, |message| {
            message
                .structure(REQUEST_HEADER, |header| {
                    header
                        .structure(PROTOCOL_VERSION, |version| {
                            version
                                .integer(PROTOCOL_VERSION_MAJOR, 1)
                                .integer(PROTOCOL_VERSION_MINOR, 2)
                        })
                        .integer(MAXIMUM_RESPONSE_SIZE, largest)
                        .integer(BATCH_COUNT, 1)
                })
                .structure(BATCH_ITEM, |item| {
                    item.enumeration(OPERATION, operation)
                        .structure(REQUEST_PAYLOAD, payload)
                })
        })
        .finish()
}

/// Reads the answer to Locate: the identifiers of the objects.
///
/// # Errors
/// It is no such answer, or says that the operation failed.
pub fn located(answer: &[u8]) -> Result<Vec<String>, AnswerFault> {
    let message = ttlv::parse(answer)?;
    Ok(payload(&message)?
        .all(UNIQUE_IDENTIFIER)
        .filter_map(Item::as_text)
        .map(str::to_owned)
        .collect())
}

/// Reads the answer to Get: a symmetric key or secret data.
///
/// # Errors
/// It is no such answer, says that the operation failed, or brings another kind of object.
pub fn object(answer: &[u8]) -> Result<ManagedObject, AnswerFault> {
    let message = ttlv::parse(answer)?;
    let payload = payload(&message)?;
    let (kind, holder) = match payload.enumeration(OBJECT_TYPE) {
        Some(2) => (ObjectKind::SymmetricKey, SYMMETRIC_KEY),
        Some(7) => (ObjectKind::SecretData, SECRET_DATA),
        Some(other) => return Err(AnswerFault::Object { kind: other }),
        None => {
            return Err(AnswerFault::Incomplete {
                what: "object type",
            });
        }
    };
    let block = payload
        .get(holder)
        .and_then(|object| object.get(KEY_BLOCK))
        .ok_or(AnswerFault::Incomplete { what: "key block" })?;
    if block.get(KEY_WRAPPING_DATA).is_some() {
        return Err(AnswerFault::Wrapped);
    }
    Ok(ManagedObject {
        kind,
        algorithm: block.enumeration(CRYPTOGRAPHIC_ALGORITHM),
        bits: block
            .integer(CRYPTOGRAPHIC_LENGTH)
            .and_then(|bits| usize::try_from(bits).ok()),
        material: Zeroizing::new(material(block)?.to_vec()),
    })
}

/// The key itself: bytes as they are, or within the structure of a transparent key.
fn material<'a>(block: &Item<'a>) -> Result<&'a [u8], AnswerFault> {
    const RAW: u32 = 1;
    const OPAQUE: u32 = 2;
    const TRANSPARENT_SYMMETRIC_KEY: u32 = 7;
    let missing = AnswerFault::Incomplete {
        what: "key material",
    };
    let Some(value) = block.get(KEY_VALUE) else {
        return Err(missing);
    };
    let bytes = match block.enumeration(KEY_FORMAT_TYPE) {
        Some(RAW | OPAQUE) => value.bytes(KEY_MATERIAL),
        Some(TRANSPARENT_SYMMETRIC_KEY) => value
            .get(KEY_MATERIAL)
            .and_then(|material| material.bytes(KEY)),
        Some(format) => return Err(AnswerFault::KeyFormat { format }),
        None => None,
    };
    bytes.filter(|bytes| !bytes.is_empty()).ok_or(missing)
}

/// Reads the answer to Get Attributes: mode and padding in Java's words, each where it is told.
///
/// # Errors
/// It is no such answer, says that the operation failed, or names a mode or padding that is not
/// known here.
pub fn parameters(answer: &[u8]) -> Result<Parameters, AnswerFault> {
    let message = ttlv::parse(answer)?;
    let found = payload(&message)?
        .all(ATTRIBUTE)
        .filter(|attribute| attribute.text(ATTRIBUTE_NAME) == Some(CRYPTOGRAPHIC_PARAMETERS))
        .find_map(|attribute| attribute.get(ATTRIBUTE_VALUE));
    let mode = match found.and_then(|value| value.enumeration(BLOCK_CIPHER_MODE)) {
        None => None,
        Some(1) => Some("CBC"),
        Some(2) => Some("ECB"),
        Some(mode) => return Err(AnswerFault::Mode { mode }),
    };
    let padding = match found.and_then(|value| value.enumeration(PADDING_METHOD)) {
        None => None,
        Some(1) => Some("NoPadding"),
        Some(3) => Some("PKCS5Padding"),
        Some(padding) => return Err(AnswerFault::Padding { padding }),
    };
    Ok(Parameters { mode, padding })
}

/// Reads any answer, and be it a refusal: who gives one speaks KMIP.
pub(super) fn is_answer(answer: &[u8]) -> Result<(), AnswerFault> {
    match ttlv::parse(answer)?.tag {
        RESPONSE_MESSAGE => Ok(()),
        _ => Err(AnswerFault::Incomplete {
            what: "response message",
        }),
    }
}

fn payload<'a>(message: &'a Item<'a>) -> Result<&'a Item<'a>, AnswerFault> {
    if message.tag != RESPONSE_MESSAGE {
        return Err(AnswerFault::Incomplete {
            what: "response message",
        });
    }
    let item = message
        .get(BATCH_ITEM)
        .ok_or(AnswerFault::Incomplete { what: "batch item" })?;
    match item.enumeration(RESULT_STATUS) {
        Some(SUCCESS) => item
            .get(RESPONSE_PAYLOAD)
            .ok_or(AnswerFault::Incomplete { what: "payload" }),
        Some(_) => Err(AnswerFault::Failed {
            reason: Reason(item.enumeration(RESULT_REASON).unwrap_or_default()),
            message: sober(item.text(RESULT_MESSAGE).unwrap_or_default()),
        }),
        None => Err(AnswerFault::Incomplete {
            what: "result status",
        }),
    }
}

/// A server's words as they may stand on a line of a log.
fn sober(text: &str) -> String {
    text.chars().take(200).filter(|c| !c.is_control()).collect()
}

/// An object that a KMIP server keeps; its material is wiped when dropped, and never shown.
#[derive(PartialEq, Eq)]
pub struct ManagedObject {
    /// What it is.
    pub kind: ObjectKind,
    /// The number of the algorithm that it is for (KMIP 1.2, 9.1.3.2.13), where it is told.
    pub algorithm: Option<u32>,
    /// Its strength in bits, where it is told.
    pub bits: Option<usize>,
    /// The key or secret itself.
    pub material: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for ManagedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedObject")
            .field("kind", &self.kind)
            .field("algorithm", &self.algorithm)
            .field("bits", &self.bits)
            .field("material", &"****")
            .finish()
    }
}

/// The kinds of objects that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// A key of a cipher.
    SymmetricKey,
    /// A password or a seed.
    SecretData,
}

/// What a key is used with, in Java's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// `ECB` or `CBC`, where it is told.
    pub mode: Option<&'static str>,
    /// `PKCS5Padding` or `NoPadding`, where it is told.
    pub padding: Option<&'static str>,
}

/// Why an answer of a KMIP server is of no use.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum AnswerFault {
    /// It is no message.
    #[error("its answer is no KMIP: {0}")]
    Ttlv(#[from] TtlvFault),
    /// The server refused.
    #[error("it refuses: {reason}{}{message}", if message.is_empty() { "" } else { ": " })]
    Failed {
        /// Why.
        reason: Reason,
        /// The server's own words.
        message: String,
    },
    /// Something that every such answer has is missing.
    #[error("its answer has no {what}")]
    Incomplete {
        /// What is missing.
        what: &'static str,
    },
    /// Another kind of object.
    #[error("the object is of type {kind:#x}; expected a symmetric key or secret data")]
    Object {
        /// KMIP's number for it.
        kind: u32,
    },
    /// The key is encrypted by another key.
    #[error("the key is wrapped by another key; expected it as it is")]
    Wrapped,
    /// The key is in a form that is not known here.
    #[error(
        "the key has the format type {format:#x}; expected raw, opaque or transparent symmetric"
    )]
    KeyFormat {
        /// KMIP's number for it.
        format: u32,
    },
    /// The key is for a mode that is not known here.
    #[error("the key is for the block cipher mode {mode:#x}; expected ECB or CBC")]
    Mode {
        /// KMIP's number for it.
        mode: u32,
    },
    /// The key is for a padding that is not known here.
    #[error("the key is for the padding method {padding:#x}; expected PKCS #5 or none")]
    Padding {
        /// KMIP's number for it.
        padding: u32,
    },
}

/// Why a KMIP server did not do what it was asked (KMIP 1.2, 9.1.3.2.29).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Reason(u32);

impl Reason {
    /// There is no such object, or none that this client may see.
    pub const ITEM_NOT_FOUND: Self = Self(0x01);
    /// The client may not do that.
    pub const PERMISSION_DENIED: Self = Self(0x0C);
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            0x01 => "item not found",
            0x02 => "response too large",
            0x03 => "authentication not successful",
            0x04 => "invalid message",
            0x05 => "operation not supported",
            0x06 => "missing data",
            0x07 => "invalid field",
            0x08 => "feature not supported",
            0x0B => "illegal operation",
            0x0C => "permission denied",
            0x0D => "object archived",
            0x10 => "key format type not supported",
            0x100 => "general failure",
            other => return write!(f, "result reason {other:#x}"),
        })
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests;
