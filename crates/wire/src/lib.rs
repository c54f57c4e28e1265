//! Recognises protocols by their first bytes.
//!
//! Every protocol that crosses an intercepted port is spoken first by the side that dialled, and
//! five bytes are enough to tell them apart. This crate looks at bytes, never changes them, and
//! does no I/O.
//!
//! ```text
//!  16 03 ..          TLS record with a handshake in it     (RFC 8446 §5.1)
//!  CA 55 2D FA       Cassandra internode, every version    (o.a.c.net.MessagingService.PROTOCOL_MAGIC)
//!  anything else     not spoken on an internode port
//! ```
//!
//! [`claim`] reads on, to the address that a dialling node says is its own; [`ClientHello`] and
//! [`ServerHello`] read what the two sides of TLS say in clear.

mod answer;
pub mod claim;
mod crc;
mod cursor;
mod hello;
#[cfg(test)]
mod hex;

pub use answer::{NoServerHello, ServerHello, group_name, version_name};
pub use crc::checksum;
pub use hello::{ClientHello, NoClientHello};

/// How many first bytes [`classify`] needs at most to be certain.
pub const ENOUGH: usize = 5;

/// `MessagingService.PROTOCOL_MAGIC`, the first four bytes of every Cassandra internode connection.
const INTERNODE_MAGIC: [u8; 4] = [0xCA, 0x55, 0x2D, 0xFA];

/// A TLS record of type handshake, of any version that calls itself 3.x (SSL 3.0 to TLS 1.3).
const TLS_HANDSHAKE: [u8; 2] = [0x16, 0x03];

/// What the first bytes of a connection say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstBytes {
    /// A TLS handshake begins.
    Tls,
    /// The internode protocol of Cassandra or DSE begins, in plaintext.
    Internode,
    /// Neither.
    Unknown,
    /// Too few bytes to tell.
    Undecided,
}

/// Says which protocol `bytes`, the beginning of a connection, belong to.
///
/// [`FirstBytes::Undecided`] is answered only while `bytes` is a proper prefix of one of the known
/// beginnings, so it never is for [`ENOUGH`] bytes or more.
pub fn classify(bytes: &[u8]) -> FirstBytes {
    if bytes.starts_with(&TLS_HANDSHAKE) {
        FirstBytes::Tls
    } else if bytes.starts_with(&INTERNODE_MAGIC) {
        FirstBytes::Internode
    } else if TLS_HANDSHAKE.starts_with(bytes) || INTERNODE_MAGIC.starts_with(bytes) {
        FirstBytes::Undecided
    } else {
        FirstBytes::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_hello_of_any_version_is_tls() {
        for minor in 0..=4 {
            assert_eq!(classify(&[0x16, 3, minor, 0, 200]), FirstBytes::Tls);
        }
    }

    #[test]
    fn the_internode_magic_is_recognised_with_and_without_what_follows() {
        assert_eq!(classify(&[0xCA, 0x55, 0x2D, 0xFA]), FirstBytes::Internode);
        assert_eq!(
            classify(&[0xCA, 0x55, 0x2D, 0xFA, 0, 0]),
            FirstBytes::Internode
        );
    }

    #[test]
    fn a_prefix_is_undecided_and_a_deviation_is_unknown_at_once() {
        assert_eq!(classify(&[]), FirstBytes::Undecided);
        assert_eq!(classify(&[0x16]), FirstBytes::Undecided);
        assert_eq!(classify(&[0xCA, 0x55, 0x2D]), FirstBytes::Undecided);
        assert_eq!(classify(&[0xCA, 0x56]), FirstBytes::Unknown);
        assert_eq!(classify(b"GET / HTTP/1.1"), FirstBytes::Unknown);
        // An alert or application data cannot begin a connection.
        assert_eq!(classify(&[0x15, 3, 3, 0, 2]), FirstBytes::Unknown);
    }

    #[test]
    fn enough_bytes_are_always_enough() {
        for first in 0..=255 {
            for second in 0..=255 {
                let bytes = [first, second, 0x2D, 0xFA, 0];
                assert_ne!(classify(&bytes), FirstBytes::Undecided);
            }
        }
    }
}
