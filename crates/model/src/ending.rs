use std::fmt;

use serde::{Deserialize, Serialize};

/// Why an agent ended a link that could have gone on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndReason {
    /// The mode asks for something else than the link has.
    Mode,
    /// The agent drains.
    Drain,
    /// It was older than `max_link_age`.
    MaxAge,
    /// The configuration asks for more than the link has: a certificate, an address in it, a
    /// shorter validity, another cluster, protocol or suite.
    PolicyTightened,
    /// A certificate ends: the peer's, this node's own, or one that either leads to.
    CertificateExpired,
    /// This node has another certificate now, and the one that it had shown is revoked.
    OwnCertificateRevoked,
    /// The peer's certificate, or one of its CAs', is revoked.
    PeerRevoked,
    /// The CA that the peer's certificate leads to is no longer trusted.
    TrustRemoved,
}

impl EndReason {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::Mode,
        Self::Drain,
        Self::MaxAge,
        Self::PolicyTightened,
        Self::CertificateExpired,
        Self::OwnCertificateRevoked,
        Self::PeerRevoked,
        Self::TrustRemoved,
    ];

    /// The word that stands for it in logs and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mode => "mode",
            Self::Drain => "drain",
            Self::MaxAge => "max-age",
            Self::PolicyTightened => "policy-tightened",
            Self::CertificateExpired => "certificate-expired",
            Self::OwnCertificateRevoked => "own-certificate-revoked",
            Self::PeerRevoked => "peer-revoked",
            Self::TrustRemoved => "trust-removed",
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde::de::{IntoDeserializer as _, value::Error};

    use super::*;

    #[test]
    fn logs_and_json_use_the_same_words() {
        for reason in EndReason::ALL {
            let word = reason.as_str().into_deserializer();
            assert_eq!(EndReason::deserialize(word), Ok::<_, Error>(reason));
        }
    }
}
