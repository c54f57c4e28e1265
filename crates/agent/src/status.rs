//! What an agent tells of itself.

use ringlock_config::Config;
use ringlock_model::{
    Direction,
    admin::{Bypassing, BypassingConnection, CertificateStatus, Link, Status},
};
use ringlock_pki::LeafFacts;
use ringlock_policy::Requirements;

use crate::{cut, shared::Shared};

/// Everything that `ringlock status` shows.
pub(crate) fn status(shared: &Shared) -> Status {
    let in_force = shared.in_force();
    let mode = shared.mode.in_force();
    let tls = shared.live.current();
    Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        cluster: in_force.config.cluster.clone(),
        mode: mode.mode,
        mode_origin: mode.origin,
        draining: shared.is_draining(),
        uptime_ms: u64::try_from(shared.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        certificate: certificate(tls.leaf()),
        engine: tls.engine().to_string(),
        outbound_certificate: tls.dialling_leaf().map(certificate),
        require_client_auth: in_force.config.internode.require_client_auth,
        trusted_peers: trusted(&in_force.requirements),
        reloads: shared.reloads.published(),
        reloads_failed: shared.reloads.failed(),
        links: links(shared),
        bypassing: bypassing(&in_force.config),
        refused: shared.refused.read(),
        topology: shared.topology.status(),
        connections: shared.connections.read(),
        turned: shared.turned.read(),
    }
}

fn trusted(requirements: &Requirements) -> Vec<String> {
    let lists = requirements.lists.iter();
    lists
        .map(|list| format!("{}: {}", list.option(), list.names().join(", ")))
        .collect()
}

fn certificate(leaf: &LeafFacts) -> CertificateStatus {
    CertificateStatus {
        name: leaf
            .uri
            .as_ref()
            .map_or_else(|| leaf.subject.clone(), ToString::to_string),
        sha256: leaf.sha256.clone(),
        not_after: crate::material::date(leaf.not_after),
    }
}

fn links(shared: &Shared) -> Vec<Link> {
    let map = shared.topology.map();
    let all = shared.links.all();
    let mut rows: Vec<_> = all.iter().map(|link| link.row(&map)).collect();
    rows.sort_by_key(|row| (row.peer, row.direction, std::cmp::Reverse(row.age_ms)));
    rows
}

fn bypassing(config: &Config) -> Bypassing {
    let Some(rules) = cut::interception_rules(config) else {
        return Bypassing::Unknown("nothing is intercepted in listen mode".to_owned());
    };
    match cut::find(&rules) {
        Ok(found) => Bypassing::Connections(found.iter().map(cut::Found::describe).collect()),
        Err(error) => Bypassing::Unknown(error.to_string()),
    }
}

impl cut::Found {
    /// The row that `status` and the report of a cut show.
    pub(crate) fn describe(&self) -> BypassingConnection {
        let (peer, port, direction) = match self.direction {
            Direction::Outbound => (
                self.socket.remote.ip(),
                self.socket.remote.port(),
                self.direction,
            ),
            Direction::Inbound => (
                self.socket.remote.ip(),
                self.socket.local.port(),
                self.direction,
            ),
        };
        BypassingConnection {
            peer,
            port,
            direction,
        }
    }
}
