//! What a TLS server answers in clear: its `ServerHello`, and up to TLS 1.2 what follows it
//! (RFC 8446 §4.1.3, RFC 5246 §7.3, RFC 8422 §5.4).

use std::fmt;

use crate::cursor::Cursor;

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

const SERVER_HELLO: u8 = 2;
const NEW_SESSION_TICKET: u8 = 4;
const CERTIFICATE: u8 = 11;
const SERVER_KEY_EXCHANGE: u8 = 12;
const CERTIFICATE_STATUS: u8 = 22;

const PRE_SHARED_KEY: u16 = 41;
const SUPPORTED_VERSIONS: u16 = 43;
const KEY_SHARE: u16 = 51;

/// A curve that is called by its name, in a `ServerKeyExchange`.
const NAMED_CURVE: u8 = 3;

/// The random value that makes a `ServerHello` a `HelloRetryRequest`: SHA-256 of that name.
const RETRY: [u8; 32] = [
    0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
    0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
];

/// The clear facts of a server's answer, in the numbers of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerHello {
    /// The version that was chosen: 0x0303 is TLS 1.2, 0x0304 TLS 1.3.
    pub version: u16,
    /// The cipher suite that was chosen.
    pub suite: u16,
    /// The key exchange group; none where no group was used: RSA or finite fields before TLS 1.3,
    /// a session that was resumed without a fresh exchange.
    pub group: Option<u16>,
    /// Whether an earlier session was resumed.
    pub resumed: bool,
    /// Whether the server asked for another `ClientHello` first (`HelloRetryRequest`).
    pub retried: bool,
}

/// Bytes that are no TLS server's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoServerHello {
    /// Not the beginning of what a TLS server sends.
    NotTls,
    /// The server refuses, with this alert (RFC 8446 §6).
    Alert(u8),
    /// A length in it is wrong.
    Malformed,
    /// More came than [`ServerHello::LONGEST`], and it was still not over.
    TooLong,
}

impl ServerHello {
    /// How many bytes are read at most: chains of certificates seen in practice fit several times.
    pub const LONGEST: usize = 64 * 1024;

    /// Reads the answer at the front of what a server has sent so far; `None` until all that tells
    /// something is there. Records may tear messages, and messages share records.
    ///
    /// # Errors
    /// [`NoServerHello`]. More bytes change no error.
    pub fn read(bytes: &[u8]) -> Result<Option<Self>, NoServerHello> {
        let flight = Flight::join(bytes)?;
        match flight.read()? {
            Some(hello) => Ok(Some(hello)),
            None if flight.is_over => Err(NoServerHello::Malformed),
            None if bytes.len() >= Self::LONGEST => Err(NoServerHello::TooLong),
            None => Ok(None),
        }
    }
}

/// The messages of a server, joined from their records, as far as they are in clear.
struct Flight {
    messages: Vec<u8>,
    /// Whether something follows that is no message in clear.
    is_over: bool,
    /// How many bytes of messages came before the first `ChangeCipherSpec`.
    clear: Option<usize>,
}

impl Flight {
    /// Takes what is there of every record, the last one perhaps in part.
    fn join(bytes: &[u8]) -> Result<Self, NoServerHello> {
        let mut flight = Self {
            messages: Vec::new(),
            is_over: false,
            clear: None,
        };
        let mut cursor = Cursor::new(bytes);
        while let Some(kind) = cursor.u8() {
            let major = cursor.u8();
            if major.is_some_and(|major| major != 3) {
                return flight.end(kind, None);
            }
            let Some(length) = cursor.u8().and_then(|_minor| cursor.u16()) else {
                // The kind of a record alone says already what it cannot be.
                return match kind {
                    HANDSHAKE | CHANGE_CIPHER_SPEC | ALERT => Ok(flight),
                    _ => flight.end(kind, None),
                };
            };
            let rest = cursor.rest();
            let taken = usize::from(length).min(rest.len());
            let record = cursor.take(taken).unwrap_or_default();
            match kind {
                HANDSHAKE => flight.messages.extend_from_slice(record),
                // A server that retries sends one as well, and goes on in clear.
                CHANGE_CIPHER_SPEC => {
                    flight.clear.get_or_insert(flight.messages.len());
                }
                _ => return flight.end(kind, Some(record)),
            }
        }
        Ok(flight)
    }

    /// A record that is no handshake: the end of what is in clear, if there was anything.
    fn end(mut self, kind: u8, record: Option<&[u8]>) -> Result<Self, NoServerHello> {
        self.is_over = true;
        match (kind, record) {
            _ if !self.messages.is_empty() => Ok(self),
            (ALERT, Some([_level, alert, ..])) => Err(NoServerHello::Alert(*alert)),
            (ALERT, Some(_)) => {
                self.is_over = false;
                Ok(self)
            }
            _ => Err(NoServerHello::NotTls),
        }
    }

    fn read(&self) -> Result<Option<ServerHello>, NoServerHello> {
        let mut messages = Cursor::new(&self.messages);
        let mut hello: Option<ServerHello> = None;
        loop {
            let at = self.messages.len() - messages.rest().len();
            if let Some(hello) = hello.filter(|_| self.clear.is_some_and(|clear| clear <= at)) {
                // Before TLS 1.3 who resumes goes over to the keys at once.
                return Ok(Some(hello.resumed_before_1_3()));
            }
            let Some(kind) = messages.u8() else {
                return Ok(None);
            };
            if hello.is_none() && kind != SERVER_HELLO {
                return Err(NoServerHello::NotTls);
            }
            let Some(body) = take_message(&mut messages) else {
                return Ok(None);
            };
            match (hello, kind) {
                (None, _) => match read_hello(body).ok_or(NoServerHello::Malformed)? {
                    Hello::Retry => return self.read_retried(messages),
                    Hello::Chosen(chosen) if chosen.is_1_3() => return Ok(Some(chosen)),
                    Hello::Chosen(chosen) => hello = Some(chosen),
                },
                (Some(_), CERTIFICATE | CERTIFICATE_STATUS) => {}
                (Some(hello), NEW_SESSION_TICKET) => return Ok(Some(hello.resumed_before_1_3())),
                (Some(hello), SERVER_KEY_EXCHANGE) => {
                    return Ok(Some(ServerHello {
                        group: hello.read_group(body),
                        ..hello
                    }));
                }
                // Keys are exchanged by the certificate's own.
                (Some(hello), _) => return Ok(Some(hello)),
            }
        }
    }

    /// The answer to the second `ClientHello`, which is of TLS 1.3.
    fn read_retried(&self, mut messages: Cursor<'_>) -> Result<Option<ServerHello>, NoServerHello> {
        match messages.u8() {
            None => return Ok(None),
            Some(SERVER_HELLO) => {}
            Some(_) => return Err(NoServerHello::Malformed),
        }
        let Some(body) = take_message(&mut messages) else {
            return Ok(None);
        };
        match read_hello(body) {
            Some(Hello::Chosen(hello)) => Ok(Some(ServerHello {
                retried: true,
                ..hello
            })),
            // A second retry is forbidden.
            Some(Hello::Retry) | None => Err(NoServerHello::Malformed),
        }
    }
}

impl ServerHello {
    fn is_1_3(self) -> bool {
        self.version >= 0x0304
    }

    fn resumed_before_1_3(self) -> Self {
        Self {
            resumed: true,
            ..self
        }
    }

    /// The group of a `ServerKeyExchange`, whose form depends on the suite: those with elliptic
    /// curves are 0xC0xx and 0xCCxx, where the others do not begin like a named curve.
    fn read_group(self, exchange: &[u8]) -> Option<u16> {
        let [high, _] = self.suite.to_be_bytes();
        let mut exchange = Cursor::new(exchange);
        let is_named = matches!(high, 0xC0 | 0xCC) && exchange.u8()? == NAMED_CURVE;
        is_named.then(|| exchange.u16()).flatten()
    }
}

enum Hello {
    Retry,
    Chosen(ServerHello),
}

fn read_hello(body: &[u8]) -> Option<Hello> {
    let mut body = Cursor::new(body);
    let version = body.u16()?;
    if body.array()? == RETRY {
        return Some(Hello::Retry);
    }
    let _session = body.short_vector()?;
    let mut hello = ServerHello {
        version,
        suite: body.u16()?,
        group: None,
        resumed: false,
        retried: false,
    };
    let _compression = body.u8()?;
    if body.rest().is_empty() {
        return Some(Hello::Chosen(hello));
    }
    let mut extensions = Cursor::new(body.vector()?);
    while !extensions.rest().is_empty() {
        let kind = extensions.u16()?;
        let mut content = Cursor::new(extensions.vector()?);
        match kind {
            SUPPORTED_VERSIONS => hello.version = content.u16()?,
            KEY_SHARE => hello.group = Some(content.u16()?),
            PRE_SHARED_KEY => hello.resumed = true,
            _ => {}
        }
    }
    Some(Hello::Chosen(hello))
}

/// What follows the type of a message; none if it is not there whole.
fn take_message<'a>(messages: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let [high, middle, low] = messages.array::<3>()?;
    let length = u32::from_be_bytes([0, high, middle, low]);
    messages.take(usize::try_from(length).ok()?)
}

/// The name of a TLS version in the spelling of JSSE, such as `TLSv1.3`.
#[must_use]
pub fn version_name(version: u16) -> Option<&'static str> {
    Some(match version {
        0x0300 => "SSLv3",
        0x0301 => "TLSv1",
        0x0302 => "TLSv1.1",
        0x0303 => "TLSv1.2",
        0x0304 => "TLSv1.3",
        _ => return None,
    })
}

/// The name of a key exchange group in IANA's registry, such as `X25519MLKEM768`; elliptic curves
/// in capitals or not as it has them.
#[must_use]
pub fn group_name(group: u16) -> Option<&'static str> {
    Some(match group {
        23 => "secp256r1",
        24 => "secp384r1",
        25 => "secp521r1",
        29 => "X25519",
        30 => "X448",
        256 => "ffdhe2048",
        257 => "ffdhe3072",
        258 => "ffdhe4096",
        259 => "ffdhe6144",
        260 => "ffdhe8192",
        0x11EB => "SecP256r1MLKEM768",
        0x11EC => "X25519MLKEM768",
        0x11ED => "SecP384r1MLKEM1024",
        _ => return None,
    })
}

impl fmt::Display for NoServerHello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotTls => f.write_str("the bytes are no answer of a TLS server"),
            Self::Alert(alert) => write!(f, "the server refuses with alert {alert}"),
            Self::Malformed => f.write_str("a length in the server's answer is wrong"),
            Self::TooLong => f.write_str("the server's answer goes on for too long"),
        }
    }
}

impl std::error::Error for NoServerHello {}

#[cfg(test)]
mod tests;
