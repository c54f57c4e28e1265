//! Why a link may not stay.

use std::{sync::Arc, time::Duration};

use ringlock_config::StaleLists;
use ringlock_model::{Direction, EndReason, Mode, Security, TlsFacts};
use ringlock_pki::LeafFacts;
use ringlock_policy::{Met, authorize, tolerates};
use ringlock_tls::{HandshakeFailure, OwnCertificate, TlsState};
use ringlock_topology::Map;
use time::OffsetDateTime;

use super::expiry::turn_at;
use crate::{
    links::LinkHandle,
    proof::Proof,
    shared::{InForce, Shared},
    validity,
};

/// A link that may not stay.
pub(super) struct Due {
    pub(super) link: Arc<LinkHandle>,
    pub(super) reason: EndReason,
    pub(super) manner: Manner,
}

/// How a link is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// At once.
    Cut,
    /// Gently, and cut if it is not over by then.
    Turn {
        grace: Duration,
        /// Whether a stream of files may go on for a while first.
        spares_streams: bool,
    },
}

/// How near an end has to be for the links to be looked at more often.
const SOON: Duration = Duration::from_secs(5);

/// What all links are held against, taken once.
pub(super) struct Judge {
    in_force: Arc<InForce>,
    tls: Arc<TlsState>,
    mode: Mode,
    /// Who is where.
    map: Arc<Map>,
    now: OffsetDateTime,
    /// Own certificates of before, and whether they are revoked.
    former: Vec<(Arc<OwnCertificate>, bool)>,
    is_list_overdue: bool,
    is_end_near: bool,
}

impl Judge {
    pub(super) fn new(shared: &Shared, now: OffsetDateTime) -> Self {
        // In this order: what is published goes the other way.
        let in_force = shared.in_force();
        let tls = shared.live.current();
        let is_overdue = tls.lists_until().is_some_and(|until| until < now);
        Self {
            mode: shared.mode.mode(),
            map: Arc::clone(&shared.topology.map()),
            is_list_overdue: is_overdue
                && in_force.config.internode.stale_lists == StaleLists::Refuse,
            in_force,
            tls,
            now,
            former: Vec::new(),
            is_end_near: false,
        }
    }

    pub(super) fn generation(&self) -> u64 {
        self.in_force.generation
    }

    /// Whether a certificate of a link that was judged ends within seconds.
    pub(super) fn is_end_near(&self) -> bool {
        self.is_end_near
    }

    /// Whether the link has to end, and how; none for one that may stay or is ending that way
    /// already.
    pub(super) fn judge(&mut self, link: Arc<LinkHandle>) -> Option<Due> {
        if link.is_over() || link.is_cut() {
            return None;
        }
        let (reason, manner) = self.find(&link)?;
        let is_new = link.ending().is_none() || manner == Manner::Cut;
        is_new.then_some(Due {
            link,
            reason,
            manner,
        })
    }

    fn find(&mut self, link: &LinkHandle) -> Option<(EndReason, Manner)> {
        if let Some(proof) = link.proof() {
            let expired = self.expire(link, proof);
            // No grace of another reason goes past the end of a certificate.
            if expired != Some(Manner::Cut)
                && let Some(reason) = self.distrust(link, proof)
            {
                return Some((reason, manner(reason)));
            }
            if let Some(manner) = expired {
                return Some((EndReason::CertificateExpired, manner));
            }
        }
        let crossing = self.map.crossing(link.peer().ip());
        let reason = if !tolerates(self.mode, link.direction(), link.security(), crossing) {
            EndReason::Mode
        } else if self.is_too_old(link) {
            EndReason::MaxAge
        } else {
            return None;
        };
        Some((reason, manner(reason)))
    }

    /// Judges what proved the link, once for each configuration.
    fn distrust(&mut self, link: &LinkHandle, proof: &Proof) -> Option<EndReason> {
        let generation = self.generation();
        if proof.is_good_under(generation) {
            return None;
        }
        let reason = self
            .judge_peer(link, proof)
            .or_else(|| self.judge_own(&proof.own, link.direction()))
            .or_else(|| self.judge_policy(link, proof));
        if reason.is_none() {
            proof.found_good(generation);
        }
        reason
    }

    fn judge_peer(&self, link: &LinkHandle, proof: &Proof) -> Option<EndReason> {
        let peer = proof.peer.as_ref()?;
        let judged = peer.judge(&self.tls, link.direction(), self.generation(), self.now);
        distrusted(&judged.err()?)
    }

    /// This node's own former certificate keeps its links until its end, unless it is revoked. The
    /// one in force keeps them in any case: another is not there to come back with.
    fn judge_own(&mut self, own: &Arc<OwnCertificate>, direction: Direction) -> Option<EndReason> {
        if own.chain == self.tls.own(direction).chain {
            return None;
        }
        let known = self.former.iter().find(|(it, _)| Arc::ptr_eq(it, own));
        let is_revoked = match known {
            Some((_, is_revoked)) => *is_revoked,
            None => {
                // It may be good for one role alone.
                let roles = [Direction::Inbound, Direction::Outbound];
                let is_revoked = roles.into_iter().any(|role| {
                    let judged = self.tls.judge(&own.chain, role, self.now);
                    matches!(judged, Err(HandshakeFailure::Revoked(_)))
                });
                self.former.push((Arc::clone(own), is_revoked));
                is_revoked
            }
        };
        is_revoked.then_some(EndReason::OwnCertificateRevoked)
    }

    fn judge_policy(&self, link: &LinkHandle, proof: &Proof) -> Option<EndReason> {
        let is_offered = match link.security() {
            Security::Tls(facts) => is_offered(&self.tls, facts),
            Security::Plaintext { .. } | Security::Native(_) => true,
        };
        (!is_offered || !self.is_authorized(link, proof)).then_some(EndReason::PolicyTightened)
    }

    fn is_authorized(&self, link: &LinkHandle, proof: &Proof) -> bool {
        let requirements = &self.in_force.requirements;
        let Some(leaf) = proof.peer.as_ref().and_then(|peer| peer.leaf()) else {
            return authorize(requirements, Met::Anonymous).is_ok();
        };
        let Ok(leaf) = LeafFacts::read(leaf) else {
            return false;
        };
        let met = Met::Certificate {
            uri: leaf.uri.as_ref(),
            uris: &leaf.uris,
            subject: &leaf.subject,
            ips: &leaf.ips,
            address: link.peer().ip(),
            direction: link.direction(),
        };
        authorize(requirements, met).is_ok()
            && validity::check(&leaf, &self.in_force.config.internode).is_ok()
    }

    /// Whether a certificate of the link ends.
    fn expire(&mut self, link: &LinkHandle, proof: &Proof) -> Option<Manner> {
        let (direction, generation) = (link.direction(), self.generation());
        let peer = proof.peer.as_ref();
        let peer = peer.map(|peer| peer.until(&self.tls, direction, generation, self.now));
        let end = peer.map_or(proof.own.until, |peer| peer.min(proof.own.until));
        if self.now >= end {
            return Some(Manner::Cut);
        }
        self.is_end_near |= end - self.now < SOON;
        let born = self.now - link.since().elapsed();
        // Whoever goes while a list is overdue does not come back.
        let is_due = !self.is_list_overdue && self.now >= turn_at(born, end, link.spread());
        is_due.then(|| manner(EndReason::CertificateExpired))
    }

    fn is_too_old(&self, link: &LinkHandle) -> bool {
        let Some(most) = self.in_force.config.max_link_age else {
            return false;
        };
        let own = most.mul_f32(0.9 + link.spread() / 5.0);
        let is_tls = matches!(link.security(), Security::Tls(_));
        is_tls && !self.is_list_overdue && link.since().elapsed() >= own
    }
}

/// A peer that was revoked gets no more. Otherwise a link is ended gently: its nodes may be good,
/// and come back with another certificate.
fn manner(reason: EndReason) -> Manner {
    /// Links whose nodes may go on as they are.
    const GRACE: Duration = Duration::from_secs(5);
    /// Links that have to be over within five seconds in all.
    const SHORT_GRACE: Duration = Duration::from_secs(2);
    let (grace, spares_streams) = match reason {
        EndReason::PeerRevoked => return Manner::Cut,
        EndReason::TrustRemoved | EndReason::OwnCertificateRevoked => (SHORT_GRACE, false),
        EndReason::PolicyTightened => (SHORT_GRACE, true),
        EndReason::Mode | EndReason::Drain | EndReason::MaxAge | EndReason::CertificateExpired => {
            (GRACE, true)
        }
    };
    Manner::Turn {
        grace,
        spares_streams,
    }
}

/// What it means for a link that its peer would be refused now; nothing, where nothing is known
/// against the peer.
fn distrusted(failure: &HandshakeFailure) -> Option<EndReason> {
    match failure {
        HandshakeFailure::Revoked(_) => Some(EndReason::PeerRevoked),
        HandshakeFailure::Expired(_) => Some(EndReason::CertificateExpired),
        HandshakeFailure::RevocationUnknown => Some(EndReason::PolicyTightened),
        // A list that is late says nothing of the peer, and a clock that was set back neither.
        HandshakeFailure::RevocationListExpired(_) | HandshakeFailure::NotYetValid(_) => None,
        _ => Some(EndReason::TrustRemoved),
    }
}

fn is_offered(tls: &TlsState, facts: &TlsFacts) -> bool {
    tls.protocols().contains(&&*facts.version) && tls.suites().contains(&&*facts.suite)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revoked_peer_gets_no_more_and_only_lost_trust_takes_a_streams_grace() {
        for reason in EndReason::ALL {
            let spared = match manner(reason) {
                Manner::Cut => None,
                Manner::Turn {
                    grace,
                    spares_streams,
                } => {
                    assert!(grace <= Duration::from_secs(5), "{reason}");
                    Some(spares_streams)
                }
            };
            let expected = match reason {
                EndReason::PeerRevoked => None,
                EndReason::TrustRemoved | EndReason::OwnCertificateRevoked => Some(false),
                _ => Some(true),
            };
            assert_eq!(spared, expected, "{reason}");
        }
    }

    #[test]
    fn what_says_nothing_of_the_peer_ends_no_link() {
        let text = String::new;
        for (failure, reason) in [
            (
                HandshakeFailure::Revoked(text()),
                Some(EndReason::PeerRevoked),
            ),
            (
                HandshakeFailure::UnknownIssuer,
                Some(EndReason::TrustRemoved),
            ),
            (
                HandshakeFailure::Expired(text()),
                Some(EndReason::CertificateExpired),
            ),
            (
                HandshakeFailure::RevocationUnknown,
                Some(EndReason::PolicyTightened),
            ),
            (HandshakeFailure::RevocationListExpired(text()), None),
            (HandshakeFailure::NotYetValid(text()), None),
        ] {
            assert_eq!(distrusted(&failure), reason, "{failure}");
        }
    }
}
