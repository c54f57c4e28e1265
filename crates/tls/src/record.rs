//! The record layer of an established session (RFC 8446 §5, RFC 5246 §6.2.3.3).
//!
//! rustls does the handshake and keeps the key schedule, and hands over the traffic secrets by the
//! interface that it made for kernels that do TLS. What is left is framing, nonces and one call of
//! the AEAD a record. It is done here because the library's own way copies every byte twice more
//! each way and keeps the handshake's memory; docs/adr/0002-relay.md has the figures.
//!
//! ```text
//!   TLS 1.3   17 03 03 LENGTH │ ciphertext of (content, type) │ tag
//!   TLS 1.2   type 03 03 LENGTH │ explicit nonce (GCM) │ ciphertext of content │ tag
//! ```

mod keys;
mod opener;
mod sealer;

pub(crate) use keys::{Cipher, Version};
pub(crate) use opener::Opener;
pub(crate) use sealer::Sealer;

/// The most plaintext that one record carries (RFC 8446 §5.1).
pub const MAX_RECORD: usize = 1 << 14;

/// The most that a record with an AEAD may exceed its plaintext by (RFC 8446 §5.2); more than any
/// suite of TLS 1.2 that rustls speaks needs.
const MAX_EXPANSION: usize = 256;

/// The same of a record in CBC: IV, HMAC-SHA384, and as much padding as the peer likes
/// (RFC 5246 §6.2.3.2).
const MAX_CBC_EXPANSION: usize = 16 + 48 + 256;

/// Content type, version, length.
pub(crate) const HEADER: usize = 5;

/// Every AEAD of TLS that is spoken here has a tag of this size.
pub(crate) const TAG: usize = 16;

/// The most that sealing adds to one record: header, explicit nonce, content type, tag.
pub(crate) const OVERHEAD: usize = HEADER + 8 + 1 + TAG;

/// The same in CBC: header, IV, HMAC-SHA384, and padding to the end of a block.
const CBC_OVERHEAD: usize = HEADER + 16 + 48 + 16;

/// The most that sealing adds to one record, whichever engine does it.
pub(crate) const MOST_OVERHEAD: usize = if OVERHEAD > CBC_OVERHEAD {
    OVERHEAD
} else {
    CBC_OVERHEAD
};

/// The longest record with an AEAD that is accepted, with its header.
const MAX_AEAD_RECORD: usize = HEADER + MAX_RECORD + MAX_EXPANSION;

/// The longest record that is accepted of any suite, with its header.
pub const MAX_SEALED_RECORD: usize = HEADER + MAX_RECORD + MAX_CBC_EXPANSION;

/// Where plaintext belongs in a buffer in which it is to be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slots {
    /// Where the plaintext of a record begins in it.
    pub(crate) start: usize,
    /// The length of a full record.
    pub(crate) stride: usize,
}

impl Slots {
    /// One slot of [`MAX_RECORD`] bytes for each record that has room in `buffer`.
    pub(crate) fn of(self, buffer: &mut [u8]) -> impl Iterator<Item = &mut [u8]> {
        buffer
            .chunks_exact_mut(self.stride)
            .map(move |record| &mut record[self.start..self.start + MAX_RECORD])
    }
}

/// What a record carries (RFC 8446 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// 20; has no business in an established session.
    ChangeCipherSpec,
    /// 21.
    Alert,
    /// 22.
    Handshake,
    /// 23.
    ApplicationData,
}

/// Why a record is refused. Each is the alert that the peer is told (RFC 8446 §6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Its tag does not fit: it was altered, replayed or dropped before.
    #[error("a record was not sealed with the session's keys")]
    BadMac,
    /// More than 2^14 bytes of content, or more than 256 around it.
    #[error("a record is longer than the protocol allows")]
    Overflow,
    /// A message or record that no established session may receive.
    #[error("a record is of a type that has no place here")]
    Unexpected,
    /// Its bytes follow no grammar.
    #[error("a record cannot be decoded")]
    Decode,
}

impl Content {
    pub(crate) fn from_wire(value: u8) -> Option<Self> {
        match value {
            20 => Some(Self::ChangeCipherSpec),
            21 => Some(Self::Alert),
            22 => Some(Self::Handshake),
            23 => Some(Self::ApplicationData),
            _ => None,
        }
    }

    pub(crate) fn to_wire(self) -> u8 {
        match self {
            Self::ChangeCipherSpec => 20,
            Self::Alert => 21,
            Self::Handshake => 22,
            Self::ApplicationData => 23,
        }
    }
}

impl RecordError {
    /// The number of the alert.
    pub(crate) fn alert(self) -> u8 {
        match self {
            Self::BadMac => 20,
            Self::Overflow => 22,
            Self::Unexpected => 10,
            Self::Decode => 50,
        }
    }
}
