//! On which port a peer takes TLS.
//!
//! | the peer | `storage_port` | `ssl_storage_port` |
//! | --- | --- | --- |
//! | behind an agent | plaintext and TLS | plaintext and TLS |
//! | Cassandra 4 and later with TLS | TLS, plaintext where `optional` | TLS with `legacy_ssl_storage_port_enabled` |
//! | Cassandra 3, DSE, ScyllaDB with TLS | closed, or plaintext within `dc` and `rack` | TLS |
//!
//! The database, which speaks plaintext, dials `storage_port`. The agent tries the likelier port,
//! and on a refusal, or where nobody speaks TLS, the other one. What took TLS is tried first the
//! next time, so that a dial of every day costs no more than one without this. Nothing here sends
//! plaintext anywhere.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ringlock_config::Config;
use tokio::time::Instant;

/// Peers that are remembered at most. Whoever has more learns some of them again.
const MOST: usize = 4096;

/// How long `ssl_storage_port` is left alone as the second port after it did not answer while
/// `storage_port` did: a firewall that drops what is sent there would slow every dial down.
const SILENCE: Duration = Duration::from_secs(60);

/// What was learnt of the peers' ports under one configuration.
#[derive(Default)]
pub(crate) struct Ports(Mutex<Learnt>);

#[derive(Default)]
struct Learnt {
    generation: u64,
    peers: HashMap<IpAddr, Peer>,
}

#[derive(Clone, Copy, Default)]
struct Peer {
    /// Where to try first.
    first: Option<u16>,
    /// When `ssl_storage_port` did not answer although `storage_port` did.
    silent: Option<Instant>,
}

/// The ports of a peer in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) first: u16,
    pub(crate) second: Option<u16>,
}

impl Peer {
    fn is_silent(self, now: Instant) -> bool {
        self.silent.is_some_and(|since| now < since + SILENCE)
    }
}

impl Route {
    /// The port that was dialled, and no other.
    pub(crate) fn only(port: u16) -> Self {
        Self {
            first: port,
            second: None,
        }
    }
}

impl Ports {
    /// Where TLS is tried for a peer that the database dials at `address`, under the
    /// configuration of that generation.
    pub(crate) fn route(&self, config: &Config, generation: u64, address: SocketAddr) -> Route {
        let (storage, ssl) = (config.storage_port, config.ssl_storage_port);
        if address.port() != storage || storage == ssl {
            return Route::only(address.port());
        }
        let peer = self.of(generation).get(&address.ip()).copied();
        let peer = peer.unwrap_or_default();
        let likelier = if config.takes_tls_on_a_port_of_its_own() {
            ssl
        } else {
            storage
        };
        let first = peer.first.unwrap_or(likelier);
        let second = if first == storage { ssl } else { storage };
        let is_silent = peer.is_silent(Instant::now());
        Route {
            first,
            second: Some(second).filter(|second| *second == storage || !is_silent),
        }
    }

    /// A peer took TLS there.
    pub(crate) fn took_tls(&self, generation: u64, peer: SocketAddr) {
        self.note(generation, peer.ip(), |known| {
            known.first = Some(peer.port());
        });
    }

    /// A peer did not answer at the first port of its route. It may be down; in case it is not, the
    /// other port is tried first the next time.
    pub(crate) fn first_was_silent(&self, generation: u64, peer: IpAddr, route: Route) {
        if let Some(second) = route.second {
            self.note(generation, peer, |known| known.first = Some(second));
        }
    }

    /// A peer answered at the first port, without TLS, and not at all at the second.
    pub(crate) fn second_was_silent(&self, generation: u64, peer: IpAddr) {
        self.note(generation, peer, |known| {
            known.silent = Some(Instant::now());
        });
    }

    fn note(&self, generation: u64, peer: IpAddr, change: impl FnOnce(&mut Peer)) {
        let mut peers = self.of(generation);
        if peers.len() >= MOST && !peers.contains_key(&peer) {
            peers.clear();
        }
        change(peers.entry(peer).or_default());
    }

    /// What is known under that configuration; nothing is taken over from another one.
    fn of(&self, generation: u64) -> Peers<'_> {
        let mut learnt = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if learnt.generation != generation {
            learnt.generation = generation;
            learnt.peers.clear();
        }
        Peers(learnt)
    }
}

/// The peers, locked.
struct Peers<'a>(MutexGuard<'a, Learnt>);

impl std::ops::Deref for Peers<'_> {
    type Target = HashMap<IpAddr, Peer>;

    fn deref(&self) -> &Self::Target {
        &self.0.peers
    }
}

impl std::ops::DerefMut for Peers<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0.peers
    }
}

#[cfg(test)]
mod tests;
