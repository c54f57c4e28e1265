//! A look at the TLS between the two proxies: what they agreed on, and whether they resumed.
//!
//! The server's first message goes over the wire in the clear, so a relay between the proxies
//! can read it without taking part in the TLS.

use ringlock_suites::Suite;
use ringlock_wire::group_name;
use serde::Serialize;

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
        let hello = ringlock_wire::ServerHello::read(bytes).ok()??;
        Some(Self {
            version: match hello.version {
                0x0304 => "TLS 1.3".to_owned(),
                0x0303 => "TLS 1.2".to_owned(),
                other => format!("{other:#06x}"),
            },
            suite: Suite::by_code(hello.suite).map_or_else(
                || format!("{:#06x}", hello.suite),
                |suite| suite.name().to_owned(),
            ),
            group: match hello.group {
                None => "unknown".to_owned(),
                Some(23) => "P-256".to_owned(),
                Some(24) => "P-384".to_owned(),
                Some(other) => {
                    group_name(other).map_or_else(|| format!("{other:#06x}"), str::to_owned)
                }
            },
            resumed: hello.resumed,
        })
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
    fn anything_else_and_every_cut_is_nothing() {
        let whole = record([7; 32], &VERSION);
        for end in 0..whole.len() {
            assert_eq!(ServerHello::parse(&whole[..end]), None);
        }
        assert_eq!(ServerHello::parse(b"HTTP/1.1 400 Bad Request\r\n"), None);
    }
}
