//! What all threads of an agent share.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use ringlock_config::{Config, Interception, SpiffePeers};
use ringlock_net::Dialer;
use ringlock_policy::{PeerList, Requirements, spiffe_identity};
use ringlock_tls::{Live, TlsState};
use tokio::{sync::watch, time::Instant};

use crate::{
    front::IsOpen, gate::Gate, links::Links, local::Local, mode::ModeStore, ports::Ports,
    proof::PeerChains, refusal::Tally, signing::Signing, topology::Topology, validity::Warned,
};

/// State and counters of one agent. Workers read it, the control thread changes it.
pub(crate) struct Shared {
    pub(crate) live: Live,
    pub(crate) mode: ModeStore,
    pub(crate) links: Links,
    pub(crate) refused: Tally,
    pub(crate) connections: Tally,
    /// Links that were ended by order, by reason.
    pub(crate) turned: Tally,
    /// The chains of the peers of all links.
    pub(crate) chains: PeerChains,
    /// Who is where.
    pub(crate) topology: Topology,
    /// On which port a peer takes TLS.
    pub(crate) ports: Ports,
    /// Whether the local database does TLS itself.
    pub(crate) local: Local,
    /// Whether peers' connections are taken.
    pub(crate) is_open: IsOpen,
    /// Peers' certificates that end soon.
    pub(crate) warned: Warned,
    /// Places for peers that have not proved themselves yet.
    pub(crate) gate: Arc<Gate>,
    /// Where handshakes go on whose key is elsewhere.
    pub(crate) signing: Signing,
    pub(crate) phase: watch::Sender<Phase>,
    pub(crate) reloads: Reloads,
    pub(crate) started: Instant,
    /// Ports that the agent itself listens on.
    pub(crate) own_ports: Vec<u16>,
    /// Tells of every configuration that was put in force.
    pub(crate) configured: watch::Sender<()>,
    in_force: ArcSwap<InForce>,
}

/// The configuration in force, with what is derived from it once and not per connection.
pub(crate) struct InForce {
    /// Counts configurations, and with them what handshakes are made from: who takes this first
    /// and [`Shared::live`] then has the one of this generation, or a newer one.
    pub(crate) generation: u64,
    pub(crate) config: Config,
    pub(crate) requirements: Requirements,
}

/// The life of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Connections are taken.
    Running,
    /// None are taken; those that are there are ended gently.
    Draining,
    /// Everything ends.
    Stopped,
}

/// How reloads went.
#[derive(Default)]
pub(crate) struct Reloads {
    published: AtomicU64,
    failed: AtomicU64,
}

impl Shared {
    pub(crate) fn new(config: Config, tls: TlsState, mode: ModeStore) -> Self {
        let in_force = InForce::new(config, &tls, 0);
        let config = &in_force.config;
        Self {
            live: Live::new(tls),
            mode,
            links: Links::default(),
            refused: Tally::default(),
            connections: Tally::default(),
            turned: Tally::default(),
            chains: PeerChains::default(),
            topology: Topology::default(),
            ports: Ports::default(),
            local: Local::default(),
            is_open: IsOpen::default(),
            warned: Warned::default(),
            gate: Arc::new(Gate::new(config.max_handshakes)),
            signing: Signing::default(),
            phase: watch::Sender::new(Phase::Running),
            reloads: Reloads::default(),
            started: Instant::now(),
            own_ports: own_ports(config),
            configured: watch::Sender::default(),
            in_force: ArcSwap::from_pointee(in_force),
        }
    }

    pub(crate) fn in_force(&self) -> Arc<InForce> {
        self.in_force.load_full()
    }

    /// Puts a configuration in force, for which what handshakes are made from was published already.
    pub(crate) fn put_in_force(&self, config: Config) {
        let generation = self.in_force().generation + 1;
        self.in_force.store(Arc::new(InForce::new(
            config,
            &self.live.current(),
            generation,
        )));
        self.configured.send_replace(());
    }

    pub(crate) fn is_draining(&self) -> bool {
        *self.phase.borrow() != Phase::Running
    }

    /// Goes on to `phase`; there is no way back.
    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.send_if_modified(|current| {
            let later = *current < phase;
            *current = (*current).max(phase);
            later
        });
    }
}

impl InForce {
    fn new(config: Config, tls: &TlsState, generation: u64) -> Self {
        Self {
            generation,
            requirements: Requirements {
                cluster: config.cluster.clone(),
                client_auth: config.internode.require_client_auth.is_required(),
                endpoint_verification: config.internode.require_endpoint_verification,
                lists: peer_lists(&config, tls),
            },
            config,
        }
    }

    /// The mark that the kernel tells the agent's own connections by.
    pub(crate) fn mark(&self) -> Option<u32> {
        match &self.config.interception {
            Interception::Transparent { mark, .. } => Some(mark.get()),
            Interception::Listen { .. } => None,
        }
    }

    /// Dials peers and the database.
    pub(crate) fn dialer(&self) -> Dialer {
        Dialer {
            mark: self.mark(),
            ..Dialer::default()
        }
    }

    pub(crate) fn handshake_timeout(&self) -> Duration {
        self.config.handshake_timeout
    }
}

impl Reloads {
    pub(crate) fn count_published(&self) {
        self.published.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn published(&self) -> u64 {
        self.published.load(Ordering::Relaxed)
    }

    pub(crate) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}

/// Whose certificates are taken. Who shares this node's own identity is known by the certificate
/// that it shows when it dials.
fn peer_lists(config: &Config, tls: &TlsState) -> Vec<PeerList> {
    let trusted = &config.trusted_peers;
    let patterns = trusted.patterns.clone().map(PeerList::Patterns);
    let spiffe = trusted.spiffe.as_ref().map(|peers| {
        PeerList::Spiffe(match peers {
            SpiffePeers::Listed(identities) => identities.clone(),
            SpiffePeers::Own { .. } => {
                let own = tls.dialling_leaf().unwrap_or(tls.leaf());
                spiffe_identity(&own.uris)
                    .map(str::to_owned)
                    .into_iter()
                    .collect()
            }
        })
    });
    patterns.into_iter().chain(spiffe).collect()
}

fn own_ports(config: &Config) -> Vec<u16> {
    match &config.interception {
        Interception::Transparent {
            inbound_port,
            outbound_port,
            ..
        } => vec![*inbound_port, *outbound_port],
        Interception::Listen { listeners } => listeners
            .iter()
            .map(|listener| listener.address.port())
            .collect(),
    }
}
