//! Why a connection was not relayed.

use std::{
    collections::BTreeMap,
    io,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use ringlock_model::{Crossing, InternodeEncryption};
use ringlock_net::{DialError, NotRedirected};
use ringlock_policy::Denied;
use ringlock_tls::HandshakeFailure;

use crate::gate::Crowded;

/// The code of a peer that refuses this node, in the handshake or right after it.
pub(crate) const REFUSED_BY_PEER: &str = "refused-by-peer";

/// The code of a TLS session whose records are broken, at once or later.
pub(crate) const SESSION_BROKEN: &str = "session-broken";

/// Every early end of a connection. Each has a sentence, and a code under which it is counted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{0}")]
    NotRedirected(#[from] NotRedirected),
    #[error("the connection leads back to the agent itself")]
    Loop,
    #[error("{0}")]
    CrowdedOut(#[from] Crowded),
    #[error("the peer sent nothing within {0:?}")]
    SilentPeer(Duration),
    #[error("the database sent nothing within {0:?}")]
    SilentDatabase(Duration),
    #[error("the peer closed before it sent anything")]
    ClosedEarly,
    #[error("the peer's first bytes belong to neither TLS nor the internode protocol: {0}")]
    Garbage(String),
    #[error("the peer{} dialled plaintext, and internode_encryption is {encryption}", whereabouts(*.encryption, *.crossing))]
    PlaintextRefused {
        encryption: InternodeEncryption,
        crossing: Crossing,
    },
    #[error("the handshake took longer than {0:?}")]
    HandshakeTimeout(Duration),
    #[error("the peer sent {0} bytes and the handshake is still not over")]
    HandshakeTooLong(usize),
    #[error("{0}")]
    Handshake(#[from] HandshakeFailure),
    #[error("the peer's certificate cannot be read: {0}")]
    UnreadableCertificate(#[from] ringlock_pki::LeafError),
    #[error("{0}")]
    Denied(#[from] Denied),
    #[error(
        "the peer's certificate is valid for {days} days, and max_certificate_validity_period is {}",
        span(.most)
    )]
    ValidForTooLong {
        /// From its first to its last second.
        days: i64,
        most: Duration,
    },
    #[error("this node's own certificate expired on {0}")]
    OwnCertificateExpired(String),
    #[error("the peer is unreachable: {0}")]
    PeerUnreachable(#[source] DialError),
    #[error("the database is unreachable: {0}")]
    DatabaseUnreachable(#[source] DialError),
    #[error("the connection broke before it was established: {0}")]
    Broken(#[from] io::Error),
    #[error("the TLS session broke before it was used: {0}")]
    Session(#[from] ringlock_tls::SessionError),
}

impl Refusal {
    /// The code under which it is counted, in `status` and in metrics.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NotRedirected(_) => "not-redirected",
            Self::Loop => "loop",
            Self::CrowdedOut(_) => "crowded-out",
            Self::SilentPeer(_) => "silent-peer",
            Self::SilentDatabase(_) => "silent-database",
            Self::ClosedEarly => "closed-early",
            Self::Garbage(_) => "garbage",
            Self::PlaintextRefused { .. } => "plaintext-refused",
            Self::HandshakeTimeout(_) => "handshake-timeout",
            Self::HandshakeTooLong(_) => "handshake-too-long",
            Self::Handshake(failure) => handshake_code(failure),
            Self::UnreadableCertificate(_) => "unreadable-certificate",
            Self::Denied(denied) => denied_code(denied),
            Self::ValidForTooLong { .. } => "valid-for-too-long",
            Self::OwnCertificateExpired(_) => "own-certificate-expired",
            Self::PeerUnreachable(_) => "peer-unreachable",
            Self::DatabaseUnreachable(_) => "database-unreachable",
            Self::Broken(_) => "broken",
            Self::Session(_) => SESSION_BROKEN,
        }
    }

    /// Whether it is everyday life in a cluster whose nodes come and go, and no sign of a mistake
    /// or an attack.
    pub(crate) fn is_ordinary(&self) -> bool {
        matches!(
            self,
            Self::ClosedEarly
                | Self::PeerUnreachable(_)
                | Self::DatabaseUnreachable(_)
                | Self::Broken(_)
        )
    }
}

/// What a scope holds against the peer.
fn whereabouts(encryption: InternodeEncryption, crossing: Crossing) -> &'static str {
    match (encryption.is_scoped(), crossing) {
        (false, _) => "",
        (true, Crossing::SameRack) => " of this rack",
        (true, Crossing::SameDatacenter) => " of another rack",
        (true, Crossing::OtherDatacenter) => " of another datacenter",
        (true, Crossing::Unknown) => ", whose datacenter and rack are not known for sure,",
    }
}

/// A time span of whole minutes, as the option has it.
fn span(span: &Duration) -> String {
    match span.as_secs() / 60 {
        minutes if minutes % (24 * 60) == 0 => format!("{}d", minutes / (24 * 60)),
        minutes if minutes % 60 == 0 => format!("{}h", minutes / 60),
        minutes => format!("{minutes}m"),
    }
}

fn handshake_code(failure: &HandshakeFailure) -> &'static str {
    match failure {
        HandshakeFailure::NoCertificate => "no-certificate",
        HandshakeFailure::UnknownIssuer => "unknown-issuer",
        HandshakeFailure::Expired(_) => "expired",
        HandshakeFailure::NotYetValid(_) => "not-yet-valid",
        HandshakeFailure::AddressNotCertified { .. } => "address-not-certified",
        HandshakeFailure::WrongPurpose => "wrong-purpose",
        HandshakeFailure::BadCertificate(_) => "bad-certificate",
        HandshakeFailure::Revoked(_) => "revoked",
        HandshakeFailure::RevocationListExpired(_) => "revocation-list-expired",
        HandshakeFailure::RevocationUnknown => "revocation-unknown",
        HandshakeFailure::Alert(_) => REFUSED_BY_PEER,
        HandshakeFailure::Closed => "closed-in-handshake",
        HandshakeFailure::NotTls(_) => "not-tls",
        HandshakeFailure::NothingInCommon(_) => "nothing-in-common",
        HandshakeFailure::NotSigned(_) => "not-signed",
        HandshakeFailure::Other(_) => "handshake-failed",
    }
}

fn denied_code(denied: &Denied) -> &'static str {
    match denied {
        Denied::NoCertificate => "no-certificate",
        Denied::AddressNotCertified { .. } => "address-not-certified",
        Denied::WrongCluster { .. } => "wrong-cluster",
        Denied::NotTrusted { .. } => "peer-not-trusted",
        Denied::ClaimsAnother { .. } => "claims-another-address",
    }
}

/// How often each thing happened since the start.
#[derive(Default)]
pub(crate) struct Tally(Mutex<BTreeMap<&'static str, u64>>);

impl Tally {
    pub(crate) fn count(&self, code: &'static str) {
        let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *tally.entry(code).or_default() += 1;
    }

    pub(crate) fn read(&self) -> BTreeMap<String, u64> {
        let tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tally
            .iter()
            .map(|(code, times)| ((*code).to_owned(), *times))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, net::SocketAddr};

    use super::*;

    /// Where operators look a code up.
    const GUIDE: &str = include_str!("../../../docs/guide/when-something-is-refused.md");

    /// One of each; what carries a further cause, with every cause that has a code of its own.
    fn all() -> Vec<Refusal> {
        let time = Duration::from_secs(10);
        let text = String::new;
        let address = SocketAddr::from(([10, 0, 0, 2], 7000));
        let mut all = vec![
            NotRedirected::Direct { local: address }.into(),
            Refusal::Loop,
            Crowded::TooLong {
                places: 256,
                held: time,
            }
            .into(),
            Refusal::SilentPeer(time),
            Refusal::SilentDatabase(time),
            Refusal::ClosedEarly,
            Refusal::Garbage(text()),
            Refusal::PlaintextRefused {
                encryption: InternodeEncryption::All,
                crossing: Crossing::Unknown,
            },
            Refusal::HandshakeTimeout(time),
            Refusal::HandshakeTooLong(1),
            ringlock_pki::LeafError::Unreadable { reason: text() }.into(),
            Refusal::ValidForTooLong {
                days: 366,
                most: time,
            },
            Refusal::OwnCertificateExpired(text()),
            Refusal::PeerUnreachable(DialError::Refused { address }),
            Refusal::DatabaseUnreachable(DialError::Refused { address }),
            io::Error::from(io::ErrorKind::BrokenPipe).into(),
            ringlock_tls::SessionError::NotEstablished.into(),
            Denied::WrongCluster {
                found: text(),
                expected: text(),
            }
            .into(),
            Denied::NotTrusted {
                held: text(),
                option: "ringlock.trusted_peers",
                allowed: Vec::new(),
            }
            .into(),
            Denied::ClaimsAnother {
                claimed: address.ip(),
                certified: Vec::new(),
                uri: None,
            }
            .into(),
        ];
        let handshakes = [
            HandshakeFailure::NoCertificate,
            HandshakeFailure::UnknownIssuer,
            HandshakeFailure::Expired(text()),
            HandshakeFailure::NotYetValid(text()),
            HandshakeFailure::AddressNotCertified {
                dialled: None,
                held: text(),
            },
            HandshakeFailure::WrongPurpose,
            HandshakeFailure::BadCertificate(text()),
            HandshakeFailure::Revoked(text()),
            HandshakeFailure::RevocationListExpired(text()),
            HandshakeFailure::RevocationUnknown,
            HandshakeFailure::Alert(text()),
            HandshakeFailure::Closed,
            HandshakeFailure::NotTls(text()),
            HandshakeFailure::NothingInCommon(text()),
            HandshakeFailure::NotSigned(text()),
            HandshakeFailure::Other(text()),
        ];
        all.extend(handshakes.map(Refusal::from));
        all
    }

    #[test]
    fn every_cause_has_a_code_of_its_own_in_kebab_case() {
        let mut seen = BTreeSet::new();
        for refusal in all() {
            let code = refusal.code();
            assert!(seen.insert(code), "{code} stands for two causes");
            let is_word =
                |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
            assert!(code.split('-').all(is_word), "{code}");
        }
    }

    #[test]
    fn the_same_cause_has_the_same_code_whoever_found_it() {
        let denied = |denied: Denied| Refusal::from(denied).code();
        let handshake = |failure: HandshakeFailure| Refusal::from(failure).code();
        assert_eq!(
            denied(Denied::NoCertificate),
            handshake(HandshakeFailure::NoCertificate)
        );
        let address = [10, 0, 0, 2].into();
        assert_eq!(
            denied(Denied::AddressNotCertified {
                address,
                certified: Vec::new()
            }),
            handshake(HandshakeFailure::AddressNotCertified {
                dialled: None,
                held: String::new(),
            })
        );
    }

    #[test]
    fn the_guide_explains_every_code_and_no_other() {
        let explained: BTreeSet<_> = GUIDE
            .lines()
            .filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'))
            .collect();
        let codes: BTreeSet<_> = all().iter().map(Refusal::code).collect();
        assert_eq!(explained, codes);
    }

    #[test]
    fn every_refusal_is_one_line() {
        for refusal in all() {
            assert_eq!(refusal.to_string().lines().count(), 1, "{refusal:?}");
        }
    }

    #[test]
    fn a_tally_counts_by_code() {
        let tally = Tally::default();
        for refusal in [Refusal::Loop, Refusal::ClosedEarly, Refusal::Loop] {
            tally.count(refusal.code());
        }
        let counted: Vec<_> = tally.read().into_iter().collect();
        assert_eq!(
            counted,
            [("closed-early".to_owned(), 1), ("loop".to_owned(), 2)]
        );
    }
}
