//! Whom the peer's certificate names.

use std::net::IpAddr;

use ringlock_model::PeerName;
use ringlock_pki::LeafFacts;
use ringlock_policy::{Met, Permit, authorize};
use ringlock_tls::Session;
use time::OffsetDateTime;

use crate::{
    refusal::Refusal,
    shared::{InForce, Shared},
    validity,
};

/// Asks the policy whether the peer of an established session is allowed, and names it.
pub(crate) fn authorize_session(
    session: &Session,
    address: IpAddr,
    in_force: &InForce,
    shared: &Shared,
) -> Result<(Permit, Option<PeerName>), Refusal> {
    let Some(certificate) = session.peer_certificate() else {
        let permit = authorize(&in_force.requirements, Met::Anonymous)?;
        return Ok((permit, None));
    };
    let leaf = LeafFacts::read(certificate)?;
    let met = Met::Certificate {
        uri: leaf.uri.as_ref(),
        ips: &leaf.ips,
        address,
    };
    let permit = authorize(&in_force.requirements, met)?;
    let limits = &in_force.config.internode;
    validity::judge(&leaf, limits, &shared.warned, OffsetDateTime::now_utc())?;
    Ok((permit, Some(leaf.name())))
}
