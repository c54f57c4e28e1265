//! As much of the databases' client protocol, version 4 (`native_protocol_v4.spec`), as it takes to
//! ask a node for its system tables: frames to bytes and back, without a socket.
//!
//! What comes from the other side is bounded before anything is made room for: whoever listens on
//! the port of a database that is down is not believed to be one.

mod reader;

use std::net::IpAddr;

use ringlock_model::Place;

use self::reader::Reader;

/// The bytes of a frame's header.
pub const HEADER: usize = 9;

/// The longest body that is read: a row of `system.peers` has some hundred bytes.
pub const LONGEST: usize = 16 << 20;

const VERSION: u8 = 4;
const FROM_SERVER: u8 = 0x80;

/// What is asked of this node.
pub const LOCAL: &str =
    "SELECT data_center, rack, broadcast_address, listen_address FROM system.local";

/// What is asked of the other nodes: Cassandra from 4.0 on.
pub const PEERS_V2: &str = "SELECT data_center, rack, peer, preferred_ip FROM system.peers_v2";

/// The same of older ones, DSE and ScyllaDB.
pub const PEERS: &str = "SELECT data_center, rack, peer, preferred_ip FROM system.peers";

/// The header of a frame from the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    flags: u8,
    /// The stream that it answers on; negative for events.
    pub stream: i16,
    opcode: u8,
    /// How many bytes of body follow, at most [`LONGEST`].
    pub length: usize,
}

/// What a frame from the server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The connection may be used.
    Ready,
    /// The server wants to know who asks; the class that judges it.
    Authenticate(String),
    /// Rows of one of this module's queries.
    Rows(Vec<Row>),
    /// A node came, went, moved, or changed its state.
    Event,
    /// It was not done.
    Refused {
        /// The kind of error, `0x2200` where the table is not known.
        code: i32,
        /// What the server says.
        message: String,
    },
    /// Something that does not concern us.
    Other,
}

/// One node as a system table has it; what is null or blank there is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// `data_center` and `rack`.
    pub place: Option<Place>,
    /// The addresses at which other nodes know it.
    pub addresses: Vec<IpAddr>,
}

/// Why bytes are no answer of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// They are a TLS record: the port wants TLS.
    Tls,
    /// They are no frame of version 4.
    NoFrame,
    /// The frame is longer than anything that was asked for.
    TooLong(usize),
    /// The frame does not hold what its header says.
    Broken,
}

/// The codes of errors that matter here.
pub mod code {
    /// Who asks is not believed, or may not connect.
    pub const BAD_CREDENTIALS: i32 = 0x0100;
    /// There is no such table, among others.
    pub const INVALID: i32 = 0x2200;
}

/// Opens the conversation.
pub fn startup() -> Vec<u8> {
    let mut body = Vec::new();
    put_short(&mut body, 1);
    put_string(&mut body, "CQL_VERSION");
    put_string(&mut body, "3.0.0");
    frame(0x01, &body)
}

/// Answers [`Answer::Authenticate`] with SASL's `PLAIN` (RFC 4616). The bytes hold the password.
pub fn credentials(username: &str, password: &str) -> Vec<u8> {
    let length = username.len() + password.len() + 2;
    // With room from the start: growing would leave copies of the secret behind.
    let mut frame = Vec::with_capacity(HEADER + 4 + length);
    put_header(&mut frame, 0x0F, length + 4);
    put_int(&mut frame, length);
    frame.push(0);
    frame.extend_from_slice(username.as_bytes());
    frame.push(0);
    frame.extend_from_slice(password.as_bytes());
    frame
}

/// Asks to be told when nodes come, go or change their state.
pub fn register() -> Vec<u8> {
    let mut body = Vec::new();
    put_short(&mut body, 2);
    put_string(&mut body, "TOPOLOGY_CHANGE");
    put_string(&mut body, "STATUS_CHANGE");
    frame(0x0B, &body)
}

/// Asks one of this module's questions, of the local node alone.
pub fn query(text: &str) -> Vec<u8> {
    const ONE: u16 = 0x0001;
    let mut body = Vec::new();
    put_int(&mut body, text.len());
    body.extend_from_slice(text.as_bytes());
    put_short(&mut body, ONE);
    body.push(0);
    frame(0x07, &body)
}

impl Header {
    /// Reads a header.
    ///
    /// # Errors
    /// It is no header of version 4, or its body is too long.
    pub fn parse(bytes: &[u8; HEADER]) -> Result<Self, NoAnswer> {
        let [version, flags, high, low, opcode, length @ ..] = *bytes;
        match (version, flags) {
            // An alert or a handshake record of TLS (RFC 8446 §5.1).
            (21 | 22, 3) => return Err(NoAnswer::Tls),
            (version, _) if version != FROM_SERVER | VERSION => return Err(NoAnswer::NoFrame),
            _ => {}
        }
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > LONGEST {
            return Err(NoAnswer::TooLong(length));
        }
        Ok(Self {
            flags,
            stream: i16::from_be_bytes([high, low]),
            opcode,
            length,
        })
    }
}

impl Answer {
    /// Reads the body that follows a header.
    ///
    /// # Errors
    /// It does not hold what the header says.
    pub fn parse(header: Header, body: &[u8]) -> Result<Self, NoAnswer> {
        Self::read(header, Reader::new(body)).ok_or(NoAnswer::Broken)
    }

    fn read(header: Header, mut body: Reader<'_>) -> Option<Self> {
        const COMPRESSED: u8 = 0x01;
        const TRACED: u8 = 0x02;
        const WITH_PAYLOAD: u8 = 0x04;
        const WITH_WARNINGS: u8 = 0x08;
        if header.flags & (COMPRESSED | TRACED | WITH_PAYLOAD) != 0 {
            return None;
        }
        if header.flags & WITH_WARNINGS != 0 {
            for _ in 0..body.short()? {
                body.string()?;
            }
        }
        Some(match header.opcode {
            0x00 => Self::Refused {
                code: body.int()?,
                message: body.string()?.to_owned(),
            },
            0x02 | 0x10 => Self::Ready,
            0x03 => Self::Authenticate(body.string()?.to_owned()),
            0x08 => result(body)?,
            0x0C => Self::Event,
            _ => Self::Other,
        })
    }
}

fn result(mut body: Reader<'_>) -> Option<Answer> {
    const ROWS: i32 = 2;
    if body.int()? != ROWS {
        return Some(Answer::Other);
    }
    let columns = columns(&mut body)?;
    let count = usize::try_from(body.int()?).ok()?;
    let mut rows = Vec::new();
    for _ in 0..count {
        let mut row = Row::default();
        let (mut datacenter, mut rack) = (None, None);
        for column in &columns {
            let Some(value) = body.value()? else {
                continue;
            };
            match column {
                Column::Datacenter => datacenter = name(value),
                Column::Rack => rack = name(value),
                Column::Address => row.addresses.extend(address(value)?),
                Column::Other => {}
            }
        }
        row.place = datacenter
            .zip(rack)
            .map(|(datacenter, rack)| Place { datacenter, rack });
        rows.push(row);
    }
    Some(Answer::Rows(rows))
}

enum Column {
    Datacenter,
    Rack,
    Address,
    Other,
}

/// The columns of a result, which the server describes before the rows.
fn columns(body: &mut Reader<'_>) -> Option<Vec<Column>> {
    const GLOBAL_TABLE: i32 = 0x1;
    const MORE_PAGES: i32 = 0x2;
    const NO_METADATA: i32 = 0x4;
    const MOST: i32 = 64;
    const VARCHAR: u16 = 0x000D;
    const INET: u16 = 0x0010;
    let flags = body.int()?;
    let count = body.int()?;
    // No page size was asked for, so there is one page, with its description.
    if flags & (MORE_PAGES | NO_METADATA) != 0 || !(1..=MOST).contains(&count) {
        return None;
    }
    let table = |body: &mut Reader<'_>| body.string().and_then(|_| body.string()).map(|_| ());
    if flags & GLOBAL_TABLE != 0 {
        table(body)?;
    }
    let mut columns = Vec::new();
    for _ in 0..count {
        if flags & GLOBAL_TABLE == 0 {
            table(body)?;
        }
        let name = body.string()?;
        columns.push(match (name, body.short()?) {
            ("data_center", VARCHAR) => Column::Datacenter,
            ("rack", VARCHAR) => Column::Rack,
            (_, INET) => Column::Address,
            (_, VARCHAR) => Column::Other,
            _ => return None,
        });
    }
    Some(columns)
}

fn name(value: &[u8]) -> Option<String> {
    let text = str::from_utf8(value).ok()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// None if it is no address; an address that stands for any is as good as absent.
fn address(value: &[u8]) -> Option<Option<IpAddr>> {
    let address = match value.len() {
        0 => return Some(None),
        4 => IpAddr::from(<[u8; 4]>::try_from(value).ok()?),
        16 => IpAddr::from(<[u8; 16]>::try_from(value).ok()?),
        _ => return None,
    };
    let address = address.to_canonical();
    Some((!address.is_unspecified()).then_some(address))
}

fn frame(opcode: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEADER + body.len());
    put_header(&mut frame, opcode, body.len());
    frame.extend_from_slice(body);
    frame
}

fn put_header(out: &mut Vec<u8>, opcode: u8, length: usize) {
    out.extend_from_slice(&[VERSION, 0, 0, 0, opcode]);
    put_int(out, length);
}

/// Everything that is written here is far shorter than the types' limits.
fn put_int(out: &mut Vec<u8>, number: usize) {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    out.extend_from_slice(&number.to_be_bytes());
}

fn put_short(out: &mut Vec<u8>, number: u16) {
    out.extend_from_slice(&number.to_be_bytes());
}

fn put_string(out: &mut Vec<u8>, text: &str) {
    put_short(out, u16::try_from(text.len()).unwrap_or(u16::MAX));
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests;
