//! Versions of SSL, TLS and DTLS.

use std::fmt;

/// A protocol version, the older ones first among TLS and among DTLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// SSL 3.0 (RFC 6101), forbidden by RFC 7568.
    Ssl3,
    /// TLS 1.0 (RFC 2246), deprecated by RFC 8996.
    Tls10,
    /// TLS 1.1 (RFC 4346), deprecated by RFC 8996.
    Tls11,
    /// TLS 1.2 (RFC 5246).
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
    /// The DTLS before the standard that Cisco's VPN speaks.
    Dtls09,
    /// DTLS 1.0 (RFC 4347), deprecated by RFC 8996.
    Dtls10,
    /// DTLS 1.2 (RFC 6347).
    Dtls12,
}

impl Version {
    /// Every version.
    pub const ALL: [Self; 8] = [
        Self::Ssl3,
        Self::Tls10,
        Self::Tls11,
        Self::Tls12,
        Self::Tls13,
        Self::Dtls09,
        Self::Dtls10,
        Self::Dtls12,
    ];

    /// Whether it runs over datagrams, and so never over the databases' TCP connections.
    #[must_use]
    pub fn is_datagram(self) -> bool {
        self >= Self::Dtls09
    }

    /// Whether RFC 7568 or RFC 8996 forbids it.
    #[must_use]
    pub fn is_deprecated(self) -> bool {
        !matches!(self, Self::Tls12 | Self::Tls13 | Self::Dtls12)
    }

    /// The name that JSSE enables it by, in exactly this case.
    #[must_use]
    pub fn jsse_name(self) -> Option<&'static str> {
        match self {
            Self::Ssl3 => Some("SSLv3"),
            Self::Tls10 => Some("TLSv1"),
            Self::Tls11 => Some("TLSv1.1"),
            Self::Tls12 => Some("TLSv1.2"),
            Self::Tls13 => Some("TLSv1.3"),
            Self::Dtls09 => None,
            Self::Dtls10 => Some("DTLSv1.0"),
            Self::Dtls12 => Some("DTLSv1.2"),
        }
    }

    /// What follows `VERS-` in a priority string of GnuTLS.
    #[must_use]
    pub fn gnutls_name(self) -> &'static str {
        match self {
            Self::Ssl3 => "SSL3.0",
            Self::Tls10 => "TLS1.0",
            Self::Tls11 => "TLS1.1",
            Self::Tls12 => "TLS1.2",
            Self::Tls13 => "TLS1.3",
            Self::Dtls09 => "DTLS0.9",
            Self::Dtls10 => "DTLS1.0",
            Self::Dtls12 => "DTLS1.2",
        }
    }
}

/// As people write it: `TLS 1.2`.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ssl3 => "SSL 3.0",
            Self::Tls10 => "TLS 1.0",
            Self::Tls11 => "TLS 1.1",
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
            Self::Dtls09 => "DTLS 0.9",
            Self::Dtls10 => "DTLS 1.0",
            Self::Dtls12 => "DTLS 1.2",
        })
    }
}
