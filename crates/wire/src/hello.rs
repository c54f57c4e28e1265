//! What a `ClientHello` says in clear (RFC 8446 §4.1.2).

use std::fmt;

use crate::cursor::Cursor;

const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SERVER_NAME: u16 = 0;
const SUPPORTED_VERSIONS: u16 = 43;
const HOST_NAME: u8 = 0;

/// The clear facts of a `ClientHello`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientHello<'a> {
    /// The host that the client asks for (RFC 6066 §3), if it names one.
    pub server_name: Option<&'a str>,
    versions: Versions<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Versions<'a> {
    /// Two bytes each, the client's favourite first.
    Listed(&'a [u8]),
    /// The newest one, of a client from before TLS 1.3.
    UpTo(u16),
}

/// Bytes that are no `ClientHello`, or one that cannot be read without joining records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoClientHello {
    /// Not a TLS record with a `ClientHello` in it.
    NotTls,
    /// The `ClientHello` is torn into several records, as no client of a database does.
    Torn,
    /// A length in it is wrong.
    Malformed,
}

impl<'a> ClientHello<'a> {
    /// Reads the `ClientHello` at the front of `bytes`; `None` if it is not there whole. It is one
    /// record, so at most 16,389 bytes.
    ///
    /// # Errors
    /// [`NoClientHello`].
    pub fn read(bytes: &'a [u8]) -> Result<Option<Self>, NoClientHello> {
        let mut cursor = Cursor::new(bytes);
        match (cursor.u8(), cursor.u8()) {
            (None | Some(HANDSHAKE), None | Some(3)) => {}
            _ => return Err(NoClientHello::NotTls),
        }
        let Some(record) = cursor.u8().and_then(|_minor| cursor.vector()) else {
            return Ok(None);
        };
        let mut message = Cursor::new(record);
        if message.u8() != Some(CLIENT_HELLO) {
            return Err(NoClientHello::NotTls);
        }
        let length = message.array::<3>().ok_or(NoClientHello::Torn)?;
        let length = u32::from_be_bytes([0, length[0], length[1], length[2]]);
        let length = usize::try_from(length).map_err(|_| NoClientHello::Malformed)?;
        let body = message.take(length).ok_or(NoClientHello::Torn)?;
        read_body(Cursor::new(body))
            .map(Some)
            .ok_or(NoClientHello::Malformed)
    }

    /// The protocol versions that it offers, as on the wire (0x0303 is TLS 1.2, 0x0304 TLS 1.3),
    /// its favourite first, without those that only see whether servers skip what they do not
    /// know (RFC 8701). A client from before TLS 1.3 names its newest alone.
    pub fn versions(&self) -> impl Iterator<Item = u16> + use<'a> {
        let (listed, newest): (&'a [u8], _) = match self.versions {
            Versions::Listed(listed) => (listed, None),
            Versions::UpTo(newest) => (&[], Some(newest)),
        };
        listed
            .chunks_exact(2)
            .map(|pair| u16::from(pair[0]) << 8 | u16::from(pair[1]))
            .filter(|version| !is_grease(*version))
            .chain(newest)
    }
}

fn read_body(mut body: Cursor<'_>) -> Option<ClientHello<'_>> {
    let mut hello = ClientHello {
        server_name: None,
        versions: Versions::UpTo(body.u16()?),
    };
    let _random = body.take(32)?;
    let _session = body.short_vector()?;
    let _suites = body.vector()?;
    let _compression = body.short_vector()?;
    if body.rest().is_empty() {
        return Some(hello);
    }
    let mut extensions = Cursor::new(body.vector()?);
    while !extensions.rest().is_empty() {
        let kind = extensions.u16()?;
        let mut content = Cursor::new(extensions.vector()?);
        match kind {
            SERVER_NAME => hello.server_name = read_server_name(content.vector()?)?,
            SUPPORTED_VERSIONS => hello.versions = Versions::Listed(content.short_vector()?),
            _ => {}
        }
    }
    Some(hello)
}

/// The host name in a list of names; other kinds were never defined.
fn read_server_name(names: &[u8]) -> Option<Option<&str>> {
    let mut names = Cursor::new(names);
    while !names.rest().is_empty() {
        let kind = names.u8()?;
        let name = names.vector()?;
        if kind == HOST_NAME {
            let name = std::str::from_utf8(name).ok()?;
            return name.is_ascii().then_some(Some(name));
        }
    }
    Some(None)
}

/// The reserved values 0x0A0A, 0x1A1A … 0xFAFA.
fn is_grease(version: u16) -> bool {
    let [high, low] = version.to_be_bytes();
    high == low && low & 0x0F == 0x0A
}

impl fmt::Display for NoClientHello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotTls => "the bytes are no ClientHello",
            Self::Torn => "the ClientHello is torn into several records",
            Self::Malformed => "a length in the ClientHello is wrong",
        })
    }
}

impl std::error::Error for NoClientHello {}

#[cfg(test)]
mod tests;
