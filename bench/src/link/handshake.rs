//! A look at the TLS between the two proxies: what they agreed on, and whether they resumed.
//!
//! The server's first message goes over the wire in the clear, so a relay between the proxies
//! can read it (RFC 8446, section 4.1.3) without taking part in the TLS.

use serde::Serialize;

/// Record type and handshake type of a ServerHello.
const HANDSHAKE: u8 = 22;
const SERVER_HELLO: u8 = 2;
/// Extensions that a ServerHello of TLS 1.3 may carry (RFC 8446, section 4.2).
const PRE_SHARED_KEY: u16 = 41;
const SUPPORTED_VERSIONS: u16 = 43;
const KEY_SHARE: u16 = 51;
/// The random value that makes a ServerHello a HelloRetryRequest begins with this
/// (RFC 8446, section 4.1.3).
const RETRY: [u8; 4] = [0xcf, 0x21, 0xad, 0x74];

/// What a server agreed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ServerHello {
    /// `TLS 1.3`, or the number of another version.
    pub(crate) version: String,
    /// The cipher suite.
    pub(crate) suite: String,
    /// The key exchange.
    pub(crate) group: String,
    /// Whether an earlier session was taken up, which skips certificates.
    pub(crate) resumed: bool,
}

impl ServerHello {
    /// Reads the first bytes that a server sent; `None` if they are not a ServerHello, or not
    /// all of it.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        loop {
            let record_type = reader.u8()?;
            reader.take(2)?;
            let length = reader.u16()?;
            let record = reader.take(length.into())?;
            if record_type != HANDSHAKE {
                // A ChangeCipherSpec may stand between a retry and the real answer.
                continue;
            }
            if let Some(hello) = Self::parse_message(record)? {
                return Some(hello);
            }
        }
    }

    /// The inner `None` is a HelloRetryRequest.
    fn parse_message(record: &[u8]) -> Option<Option<Self>> {
        let mut reader = Reader(record);
        if reader.u8()? != SERVER_HELLO {
            return None;
        }
        reader.take(3 + 2)?;
        if reader.take(32)?.starts_with(&RETRY) {
            return Some(None);
        }
        let session_id = reader.u8()?;
        reader.take(session_id.into())?;
        let suite = reader.u16()?;
        reader.take(1)?;
        let mut hello = Self {
            version: "TLS 1.2".to_owned(),
            suite: suite_name(suite),
            group: "unknown".to_owned(),
            resumed: false,
        };
        let length = reader.u16()?;
        let mut extensions = Reader(reader.take(length.into())?);
        while let Some(kind) = extensions.u16() {
            let length = extensions.u16()?;
            let mut body = Reader(extensions.take(length.into())?);
            match kind {
                SUPPORTED_VERSIONS => hello.version = version_name(body.u16()?),
                KEY_SHARE => hello.group = group_name(body.u16()?),
                PRE_SHARED_KEY => hello.resumed = true,
                _ => {}
            }
        }
        Some(Some(hello))
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    fn u16(&mut self) -> Option<u16> {
        let bytes = self.take(2)?;
        Some(u16::from_be_bytes([bytes[0], bytes[1]]))
    }
}

fn version_name(number: u16) -> String {
    match number {
        0x0304 => "TLS 1.3".to_owned(),
        other => format!("{other:#06x}"),
    }
}

fn suite_name(number: u16) -> String {
    match number {
        0x1301 => "TLS_AES_128_GCM_SHA256".to_owned(),
        0x1302 => "TLS_AES_256_GCM_SHA384".to_owned(),
        0x1303 => "TLS_CHACHA20_POLY1305_SHA256".to_owned(),
        other => format!("{other:#06x}"),
    }
}

fn group_name(number: u16) -> String {
    match number {
        23 => "P-256".to_owned(),
        24 => "P-384".to_owned(),
        29 => "X25519".to_owned(),
        0x11ec => "X25519MLKEM768".to_owned(),
        other => format!("{other:#06x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(random: [u8; 32], extensions: &[u8]) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend(random);
        body.push(0);
        body.extend([0x13, 0x01, 0]);
        body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
        body.extend(extensions);
        let mut message = vec![2, 0];
        message.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        message.extend(body);
        let mut record = vec![22, 3, 3];
        record.extend(u16::try_from(message.len()).unwrap().to_be_bytes());
        record.extend(message);
        record
    }

    const VERSION: [u8; 6] = [0, 43, 0, 2, 3, 4];
    const SHARE: [u8; 9] = [0, 51, 0, 5, 0, 29, 0, 1, 0xff];
    const PSK: [u8; 6] = [0, 41, 0, 2, 0, 0];

    #[test]
    fn a_full_handshake_names_version_suite_and_group() {
        let hello = ServerHello::parse(&record([7; 32], &[&VERSION[..], &SHARE].concat()));
        let hello = hello.unwrap();
        assert_eq!(hello.version, "TLS 1.3");
        assert_eq!(hello.suite, "TLS_AES_128_GCM_SHA256");
        assert_eq!(hello.group, "X25519");
        assert!(!hello.resumed);
    }

    #[test]
    fn a_pre_shared_key_means_that_a_session_was_resumed() {
        let extensions = [&VERSION[..], &SHARE, &PSK].concat();
        assert!(
            ServerHello::parse(&record([7; 32], &extensions))
                .unwrap()
                .resumed
        );
    }

    #[test]
    fn after_a_retry_the_second_hello_counts() {
        let mut random = [0; 32];
        random[..4].copy_from_slice(&RETRY);
        let mut bytes = record(random, &VERSION);
        bytes.extend([20, 3, 3, 0, 1, 1]);
        bytes.extend(record([7; 32], &[&VERSION[..], &SHARE, &PSK].concat()));
        assert!(ServerHello::parse(&bytes).unwrap().resumed);
    }

    #[test]
    fn anything_else_and_every_cut_is_nothing() {
        let whole = record([7; 32], &VERSION);
        for end in 0..whole.len() {
            assert_eq!(ServerHello::parse(&whole[..end]), None);
        }
        assert_eq!(ServerHello::parse(b"HTTP/1.1 400 Bad Request\r\n"), None);
    }
}
