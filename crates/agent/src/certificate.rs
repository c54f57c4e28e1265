//! Whom the peer's certificate names.

use std::net::IpAddr;

use ringlock_model::{Direction, PeerName};
use ringlock_pki::LeafFacts;
use ringlock_policy::{Claimant, Met, Permit, authorize};
use ringlock_tls::{Session, TlsState};
use time::OffsetDateTime;

use crate::{
    material::date,
    proof::{PeerChain, Proof},
    refusal::Refusal,
    shared::{InForce, Shared},
    validity,
};

/// A handshake that is over.
pub(crate) struct Meeting<'a> {
    pub(crate) session: &'a Session,
    /// What it was made from.
    pub(crate) tls: &'a TlsState,
    pub(crate) direction: Direction,
    /// The peer's.
    pub(crate) address: IpAddr,
}

/// A peer that is allowed.
pub(crate) struct Authorized {
    pub(crate) permit: Permit,
    /// Absent for a peer without certificate.
    pub(crate) name: Option<PeerName>,
    pub(crate) proof: Proof,
    /// Set for a peer that may claim none but its own addresses.
    pub(crate) claimant: Option<Claimant>,
}

/// Asks the policy whether the peer of an established session is allowed, and names it.
pub(crate) fn authorize_session(
    meeting: &Meeting<'_>,
    in_force: &InForce,
    shared: &Shared,
) -> Result<Authorized, Refusal> {
    let now = OffsetDateTime::now_utc();
    let session = meeting.session;
    let own = meeting.tls.own(meeting.direction);
    if own.until < now.truncate_to_second() {
        return Err(Refusal::OwnCertificateExpired(date(own.until)));
    }
    let peer = shared.chains.keep(session.peer_chain());
    if let Some(peer) = &peer {
        meeting.judge_again(peer, in_force, now)?;
    }
    let proof = Proof::new(peer, own.clone(), in_force.generation);
    let Some(certificate) = session.peer_certificate() else {
        return Ok(Authorized {
            permit: authorize(&in_force.requirements, Met::Anonymous)?,
            name: None,
            proof,
            claimant: None,
        });
    };
    let leaf = LeafFacts::read(certificate)?;
    let met = Met::Certificate {
        uri: leaf.uri.as_ref(),
        uris: &leaf.uris,
        subject: &leaf.subject,
        ips: &leaf.ips,
        address: meeting.address,
        direction: meeting.direction,
    };
    let permit = authorize(&in_force.requirements, met)?;
    validity::judge(&leaf, &in_force.config.internode, &shared.warned, now)?;
    shared.topology.learn(&leaf, meeting.address);
    Ok(Authorized {
        permit,
        name: Some(leaf.name()),
        proof,
        claimant: Claimant::new(&in_force.requirements, leaf.uri.as_ref(), &leaf.ips),
    })
}

impl Meeting<'_> {
    /// Judges the peer where the handshake has not: a resumed one shows no certificate, and the one
    /// of before may have ended since; and no handshake knows that a CA's time is over.
    fn judge_again(
        &self,
        peer: &PeerChain,
        in_force: &InForce,
        now: OffsetDateTime,
    ) -> Result<(), Refusal> {
        let is_resumed = self.session.facts().is_some_and(|facts| facts.resumed);
        if is_resumed || self.tls.has_lapsed_anchors(now) {
            peer.judge(self.tls, self.direction, in_force.generation, now)?;
        }
        Ok(())
    }
}
