use std::net::IpAddr;

use time::OffsetDateTime;

use super::{Peer, Role};
use crate::{LeafError, TrustError, text::utc};

/// Why a certificate is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no certificate to send.
    #[error("there is no certificate to show")]
    NothingSent,
    /// A certificate cannot be read.
    #[error(transparent)]
    Unreadable(#[from] LeafError),
    /// The truststore holds nothing that this peer trusts.
    #[error("the truststore holds no trust anchor; `ringlock store repair` makes one of it")]
    NoAnchors,
    /// The truststore is one that a Ringlock agent does not start with.
    #[error("the truststore is refused: {0}")]
    Trust(#[from] TrustError),
    /// The chain leads to nothing that is trusted.
    #[error("{issuer}, which issued {subject}, is neither sent nor in the truststore")]
    MissingIssuer {
        /// The last certificate that could be reached.
        subject: String,
        /// Its issuer.
        issuer: String,
    },
    /// The issuer is there by name, with another key.
    #[error(
        "the truststore or the chain holds a certificate of {issuer}, but its key did not sign \
         {subject}; it is another CA of the same name, or an older one"
    )]
    OtherKey {
        /// The last certificate that could be reached.
        subject: String,
        /// Its issuer.
        issuer: String,
    },
    /// The chain ends at a root that is not trusted.
    #[error("{subject} is a root that the truststore does not hold")]
    UntrustedRoot {
        /// The root.
        subject: String,
    },
    /// A certificate of the chain has run out.
    #[error("{subject} expired at {}", utc(*not_after))]
    Expired {
        /// Its subject.
        subject: String,
        /// When it expired.
        not_after: OffsetDateTime,
    },
    /// A certificate of the chain is not valid yet.
    #[error("{subject} is not valid before {}; are the clocks right?", utc(*not_before))]
    NotYetValid {
        /// Its subject.
        subject: String,
        /// When it will be.
        not_before: OffsetDateTime,
    },
    /// A certificate that issued another may not do so.
    #[error("{subject} may not issue certificates: {reason}")]
    NotCa {
        /// Its subject.
        subject: String,
        /// What it lacks.
        reason: &'static str,
    },
    /// More CAs stand below one than it allows.
    #[error("{subject} allows at most {limit} CAs below it, but there are {found}")]
    PathLength {
        /// Its subject.
        subject: String,
        /// `pathLenConstraint`.
        limit: u32,
        /// How many there are.
        found: u32,
    },
    /// The certificate is not for this end of a connection.
    #[error("{subject} lacks the extended key usage {missing}")]
    Usage {
        /// Its subject.
        subject: String,
        /// The usage.
        missing: &'static str,
    },
    /// The key may not sign a handshake.
    #[error("{subject} lacks the key usage digitalSignature, without which no handshake is signed")]
    KeyUsage {
        /// Its subject.
        subject: String,
    },
    /// The leaf is a CA's.
    #[error("{subject} is a CA's certificate, which is refused as a node's own")]
    Ca {
        /// Its subject.
        subject: String,
    },
    /// The node is at an address that its certificate does not have.
    #[error(
        "{subject} has no IP address {address} among its names ({})",
        listed(sans)
    )]
    Address {
        /// Its subject.
        subject: String,
        /// The address.
        address: IpAddr,
        /// The names that it has.
        sans: Vec<String>,
    },
    /// A revocation list revokes it.
    #[error("{subject} is revoked")]
    Revoked {
        /// Its subject.
        subject: String,
    },
    /// A signature or key that is too weak.
    #[error("{subject} {weakness}, which is too weak")]
    Weak {
        /// Its subject.
        subject: String,
        /// What is weak, as a verb with its object: `is signed with SHA-1`.
        weakness: String,
    },
    /// A node that is Java itself does not show its certificate: a peer names the subjects of its
    /// anchors, and a key manager of Java's looks for these among the issuers of its chains.
    #[error(
        "{subject} is trusted itself, but not its issuer; a Java node does not show it when it \
         dials, as the peer asks for certificates that its anchors issued"
    )]
    NotShown {
        /// Its subject.
        subject: String,
    },
    /// Anything else that the verifier finds.
    #[error("{subject} is refused: {reason}")]
    Other {
        /// The leaf's subject.
        subject: String,
        /// What the verifier says.
        reason: String,
    },
}

impl Refusal {
    /// What the peer's own log has in this case; none where it has no constant words.
    pub fn says(&self, peer: Peer, role: Role) -> Option<String> {
        match peer {
            Peer::Java => self.java_says(role),
            Peer::Scylla => self.gnutls_says().map(str::to_owned),
            Peer::Ringlock => None,
        }
    }

    /// The words of JDK 17. A node that is Java too shows no certificate to a peer that names none
    /// of its issuers.
    fn java_says(&self, role: Role) -> Option<String> {
        const NOT_SHOWN: &str = "Empty client certificate chain";
        const NO_PATH: &str = "PKIX path building failed: … unable to find valid certification \
                               path to requested target";
        Some(match self {
            Self::NotShown { .. } => NOT_SHOWN.to_owned(),
            Self::NoAnchors => "the trustAnchors parameter must be non-empty".to_owned(),
            Self::MissingIssuer { .. } | Self::UntrustedRoot { .. } if role == Role::Client => {
                format!("{NOT_SHOWN}, or {NO_PATH}")
            }
            Self::MissingIssuer { .. } | Self::OtherKey { .. } | Self::UntrustedRoot { .. } => {
                NO_PATH.to_owned()
            }
            Self::Expired { .. } | Self::NotYetValid { .. } => {
                "PKIX path validation failed: … validity check failed".to_owned()
            }
            Self::Usage { .. } => format!(
                "Extended key usage does not permit use for TLS {} authentication",
                role.as_str()
            ),
            Self::KeyUsage { .. } => "KeyUsage does not allow digital signatures".to_owned(),
            Self::Address { .. } if role == Role::Client => {
                "Endpoint Identification Algorithm HTTPS is not supported on the server side"
                    .to_owned()
            }
            Self::Address { sans, .. } if sans.is_empty() => {
                "No subject alternative names present".to_owned()
            }
            Self::Address { address, .. } => {
                format!("No subject alternative names matching IP address {address} found")
            }
            _ => return None,
        })
    }

    fn gnutls_says(&self) -> Option<&'static str> {
        Some(match self {
            Self::MissingIssuer { .. }
            | Self::OtherKey { .. }
            | Self::UntrustedRoot { .. }
            | Self::NoAnchors => "The certificate issuer is unknown.",
            Self::Expired { .. } => "The certificate chain uses expired certificate.",
            Self::NotYetValid { .. } => "The certificate chain uses not yet valid certificate.",
            Self::NotCa { .. } => "The certificate issuer is not a CA.",
            Self::Revoked { .. } => "The certificate chain is revoked.",
            Self::Weak { .. } => "The certificate chain uses insecure algorithm.",
            _ => return None,
        })
    }
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "it has none".to_owned(),
        names => names.join(", "),
    }
}
