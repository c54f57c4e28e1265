//! Which address a dialling peer says is its own.
//!
//! ```text
//!  4.0 and later      CA 55 2D FA · flags (4) · address · CRC-32 (4)             net.HandshakeProtocol.Initiate
//!    a stream's next  0A · address …                                             streaming.messages.StreamInitMessage
//!      or             02 · table (16) · address …                                streaming.messages.StreamMessageHeader
//!      after any number of 07                                                   streaming.messages.KeepAliveMessage
//!  3.x                CA 55 2D FA · header (4)                                   net.OutboundTcpConnection.writeHeader
//!    messages' next   version (4) · address, once the other side has answered    net.CompactEndpointSerializationHelper
//!    a stream's next  address …, at once                                         streaming.messages.StreamInitMessage
//! ```
//!
//! A header's flags are, from the lowest bit on: kind of connection and framing (8 bits, of which
//! bit 3 means a stream), version (8), and from 4.0 on the oldest (8) and newest version (8) that
//! the dialling node takes. A node of 4.0 that knows its peer to be one of 3.x dials as 3.x does.
//! An address is its length and its bytes, from 4.0 on with a port behind it that the length
//! counts: 4, 6, 16 or 18.
//!
//! Every message of 4.0 and later is taken as from the address in `Initiate`; a stream is taken as
//! from the address in its own first message, which is why both are read.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use crate::{INTERNODE_MAGIC, checksum, cursor::Cursor};

/// More bytes than any part of a dialling peer's beginning has, so [`Stage::read`] never asks for
/// more: the first file of a stream with an IPv6 address.
pub const LONGEST_PART: usize = 1 + TABLE + 1 + 16 + PORT;

/// `MessagingService.VERSION_40`: from this version on `Initiate` holds the address.
const VERSION_40: u8 = 12;
/// What follows an address that was sent with its port.
const PORT: usize = 2;
/// `TableId`, a UUID.
const TABLE: usize = 16;
/// What ScyllaDB's RPC begins with (`rpc_protocol.hh`).
const SCYLLA_RPC: &[u8; 8] = b"SSTARRPC";

/// How far the beginning of a dialling peer's stream has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing has been read.
    Opening,
    /// A 3.x node has said its version, and says its address after the other side's answer.
    Confirmation,
    /// A 3.x node has opened a stream and says its address.
    LegacyStream,
    /// A node of 4.0 or later has opened a stream and says which session it belongs to.
    Stream,
}

/// One part of a dialling peer's beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// How many bytes it has.
    pub length: usize,
    /// The address that the peer claims in it. An IPv6 address that stands for an IPv4 one is
    /// that, as Java has it.
    pub claim: Option<IpAddr>,
    /// How to read on; nothing if no more claims follow.
    pub next: Option<Stage>,
}

/// Bytes that no node begins a connection with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotInternode {
    /// Neither the magic of Cassandra's protocol nor that of ScyllaDB's.
    Magic,
    /// A header that asks for versions of before and after 4.0 at once, so that a reader would
    /// take it for either.
    Versions(u32),
    /// An address of a length that no address has here.
    AddressLength(u8),
    /// The checksum of `Initiate` is wrong.
    Checksum {
        /// What stands there.
        found: u32,
        /// What the bytes before it amount to.
        computed: u32,
    },
    /// A stream begins with a message of this type, which does not open one.
    StreamMessage(u8),
}

impl Stage {
    /// Reads the next part off the front of `bytes`; `None` if it is not there whole.
    ///
    /// For [`LONGEST_PART`] bytes and more there is always an answer. What comes behind the part
    /// never changes it.
    ///
    /// # Errors
    /// [`NotInternode`], as soon as the bytes that are there cannot become a part.
    pub fn read(self, bytes: &[u8]) -> Result<Option<Part>, NotInternode> {
        let mut cursor = Cursor::new(bytes);
        let read = match self {
            Self::Opening => read_opening(&mut cursor, bytes)?,
            Self::Confirmation => read_confirmation(&mut cursor)?,
            Self::LegacyStream => read_legacy_address(&mut cursor)?.map(last),
            Self::Stream => read_stream(&mut cursor)?,
        };
        Ok(read.map(|(claim, next)| Part {
            length: bytes.len() - cursor.rest().len(),
            claim,
            next,
        }))
    }
}

type Read = (Option<IpAddr>, Option<Stage>);

fn last(claim: IpAddr) -> Read {
    (Some(claim), None)
}

fn read_opening(cursor: &mut Cursor<'_>, bytes: &[u8]) -> Result<Option<Read>, NotInternode> {
    if begins_like(bytes, SCYLLA_RPC) {
        // Its RPC names no address before its first call.
        return Ok(cursor.take(SCYLLA_RPC.len()).map(|_| (None, None)));
    }
    if !begins_like(bytes, &INTERNODE_MAGIC) {
        return Err(NotInternode::Magic);
    }
    let Some((_, flags)) = cursor.u32().zip(cursor.u32()) else {
        return Ok(None);
    };
    let [newest, oldest, version, kind] = flags.to_be_bytes();
    let streams = kind & 1 << 3 != 0;
    if version < VERSION_40 {
        if newest != 0 || oldest != 0 {
            return Err(NotInternode::Versions(flags));
        }
        let next = if streams {
            Stage::LegacyStream
        } else {
            Stage::Confirmation
        };
        return Ok(Some((None, Some(next))));
    }
    if newest < VERSION_40 {
        return Err(NotInternode::Versions(flags));
    }
    let Some(claim) = read_address(cursor)? else {
        return Ok(None);
    };
    let covered = &bytes[..bytes.len() - cursor.rest().len()];
    let Some(found) = cursor.u32() else {
        return Ok(None);
    };
    let computed = checksum(covered);
    if found != computed {
        return Err(NotInternode::Checksum { found, computed });
    }
    Ok(Some((Some(claim), streams.then_some(Stage::Stream))))
}

fn read_confirmation(cursor: &mut Cursor<'_>) -> Result<Option<Read>, NotInternode> {
    match cursor.u32() {
        Some(_version) => Ok(read_legacy_address(cursor)?.map(last)),
        None => Ok(None),
    }
}

fn read_stream(cursor: &mut Cursor<'_>) -> Result<Option<Read>, NotInternode> {
    /// `StreamMessage.Type`.
    const STREAM: u8 = 2;
    const KEEP_ALIVE: u8 = 7;
    const STREAM_INIT: u8 = 10;
    match cursor.u8() {
        None => Ok(None),
        Some(STREAM_INIT) => Ok(read_address(cursor)?.map(last)),
        Some(STREAM) => match cursor.take(TABLE) {
            Some(_table) => Ok(read_address(cursor)?.map(last)),
            None => Ok(None),
        },
        // It belongs to no session and may come at any time.
        Some(KEEP_ALIVE) => Ok(Some((None, Some(Stage::Stream)))),
        Some(other) => Err(NotInternode::StreamMessage(other)),
    }
}

/// `InetAddressAndPort.Serializer.deserialize`.
fn read_address(cursor: &mut Cursor<'_>) -> Result<Option<IpAddr>, NotInternode> {
    let Some(length) = cursor.u8() else {
        return Ok(None);
    };
    let (address, port) = match length {
        4 | 6 => (read_v4(cursor), length == 6),
        16 | 18 => (read_v6(cursor), length == 18),
        _ => return Err(NotInternode::AddressLength(length)),
    };
    if port && cursor.take(PORT).is_none() {
        return Ok(None);
    }
    Ok(address)
}

/// `CompactEndpointSerializationHelper.deserialize`. Nodes of 4.0 would take a port here as well,
/// but none sends one.
fn read_legacy_address(cursor: &mut Cursor<'_>) -> Result<Option<IpAddr>, NotInternode> {
    match cursor.u8() {
        None => Ok(None),
        Some(4) => Ok(read_v4(cursor)),
        Some(16) => Ok(read_v6(cursor)),
        Some(other) => Err(NotInternode::AddressLength(other)),
    }
}

fn read_v4(cursor: &mut Cursor<'_>) -> Option<IpAddr> {
    cursor
        .array::<4>()
        .map(|octets| Ipv4Addr::from(octets).into())
}

fn read_v6(cursor: &mut Cursor<'_>) -> Option<IpAddr> {
    let octets = cursor.array::<16>()?;
    Some(IpAddr::V6(Ipv6Addr::from(octets)).to_canonical())
}

/// Whether one of the two is the beginning of the other.
fn begins_like(bytes: &[u8], pattern: &[u8]) -> bool {
    bytes
        .iter()
        .zip(pattern)
        .all(|(byte, wanted)| byte == wanted)
}

impl fmt::Display for NotInternode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => write!(f, "they do not begin like the internode protocol"),
            Self::Versions(flags) => {
                write!(
                    f,
                    "the versions in the header {flags:08x} contradict each other"
                )
            }
            Self::AddressLength(length) => write!(f, "an address has {length} bytes"),
            Self::Checksum { found, computed } => {
                write!(
                    f,
                    "the checksum is {found:08x}, and {computed:08x} would be right"
                )
            }
            Self::StreamMessage(kind) => {
                write!(f, "a stream begins with a message of type {kind}")
            }
        }
    }
}

impl std::error::Error for NotInternode {}

#[cfg(test)]
mod tests;
