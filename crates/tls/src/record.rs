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

/// The most that a record may exceed its plaintext by (RFC 8446 §5.2); more than any suite of
/// TLS 1.2 that is spoken here needs.
const MAX_EXPANSION: usize = 256;

/// Content type, version, length.
pub(crate) const HEADER: usize = 5;

/// Every AEAD of TLS that is spoken here has a tag of this size.
pub(crate) const TAG: usize = 16;

/// The most that sealing adds to one record: header, explicit nonce, content type, tag.
pub(crate) const OVERHEAD: usize = HEADER + 8 + 1 + TAG;

/// The longest record that is accepted, with its header.
pub const MAX_SEALED_RECORD: usize = HEADER + MAX_RECORD + MAX_EXPANSION;

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
