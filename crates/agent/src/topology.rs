//! Which peers are of this node's datacenter and rack.
//!
//! Whoever knows something adds it ([`Topology::configure`], [`Topology::learn`],
//! [`Topology::answered`]); the control thread makes a map of it ([`keep`]), which workers read
//! without a lock. A map that differs wakes the turnover, which ends what no longer fits.

pub(crate) mod ask;
mod conversation;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arc_swap::{ArcSwap, Guard};
use ringlock_config::{Config, ServerEncryption, SnitchFile};
use ringlock_files::{FileError, read_limited};
use ringlock_finding::Findings;
use ringlock_model::{
    Crossing, Mode, Place,
    admin::{TopologySource, TopologyStatus},
};
use ringlock_pki::LeafFacts;
use ringlock_topology::{Claims, Conflict, Map, RackdcFile, Source, Standing, TopologyFile, cql};
use tokio::sync::{Notify, watch};

use crate::shared::Shared;

/// The most that is read of a snitch's file: ten thousand nodes take less than half of it.
const MAX_FILE: u64 = 1 << 20;

/// Addresses of one certificate that are believed; a node has a few.
const MAX_ADDRESSES: usize = 64;

/// What is known of nodes' places.
#[derive(Default)]
pub(crate) struct Topology {
    map: ArcSwap<Map>,
    known: Mutex<Known>,
    learned: Notify,
    changed: watch::Sender<()>,
}

/// Everything that was said.
#[derive(Default)]
struct Known {
    /// Of the configuration, of the files, and of this node's own certificate.
    fixed: Claims,
    certificates: BTreeMap<IpAddr, Place>,
    asked: Asked,
    /// What the map in force was made of.
    settled: Claims,
    /// Contradictions that were told of and are still there.
    told: BTreeSet<Conflict>,
}

/// What the local node said.
#[derive(Default)]
struct Asked {
    local: Vec<cql::Row>,
    peers: Vec<cql::Row>,
    /// How it stands with the connection; none where there is to be none.
    state: Option<String>,
}

/// The files of the databases' snitches, as far as there are any.
#[derive(Default)]
pub(crate) struct Files {
    rackdc: Option<RackdcFile>,
    topology: Option<TopologyFile>,
}

/// Why places cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    /// A file that the configuration names cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file that the configuration names holds mistakes, one a line.
    #[error("{0}")]
    Mistakes(Findings),
    /// Nothing can tell this node's own place.
    #[error(
        "{origin}: internode_encryption: {mode} needs this node's datacenter and rack, and nothing \
         tells them; give datacenter and rack, rackdc_file or cql under ringlock.topology, or a \
         certificate with a ringlock:// URI"
    )]
    NoOwnPlace {
        /// Where the mode comes from.
        origin: String,
        /// The mode.
        mode: Mode,
    },
}

impl Files {
    /// Reads those that the configuration names, and those that were found for it.
    ///
    /// # Errors
    /// One that it names is missing or wrong. What is wrong with another is a warning.
    pub(crate) fn read(config: &Config) -> Result<Self, TopologyError> {
        let topology = &config.topology;
        Ok(Self {
            rackdc: read(topology.rackdc_file.as_ref(), RackdcFile::parse)?,
            topology: read(topology.topology_file.as_ref(), TopologyFile::parse)?,
        })
    }
}

fn read<T>(
    file: Option<&SnitchFile>,
    parse: impl Fn(&[u8], &Path) -> Result<T, Findings>,
) -> Result<Option<T>, TopologyError> {
    let Some(SnitchFile { path, is_named }) = file else {
        return Ok(None);
    };
    let read = read_limited(path, MAX_FILE)
        .map_err(TopologyError::from)
        .and_then(|bytes| parse(&bytes, path).map_err(TopologyError::Mistakes));
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if *is_named => Err(error),
        Err(TopologyError::File(FileError::Missing { .. })) => Ok(None),
        Err(error) => {
            tracing::warn!("nobody's place is taken from this file: {error}");
            Ok(None)
        }
    }
}

/// Makes sure that a mode which goes by places can know this node's own.
///
/// # Errors
/// [`TopologyError::NoOwnPlace`].
pub(crate) fn check(
    mode: Mode,
    origin: &str,
    config: &Config,
    own: &LeafFacts,
) -> Result<(), TopologyError> {
    if !mode.encryption.is_scoped() || config.topology.tells_own_place() || own.uri.is_some() {
        return Ok(());
    }
    Err(TopologyError::NoOwnPlace {
        origin: origin.to_owned(),
        mode,
    })
}

/// The same for the mode that the configuration names.
///
/// # Errors
/// [`TopologyError::NoOwnPlace`].
pub(crate) fn check_configured(config: &Config, own: &LeafFacts) -> Result<(), TopologyError> {
    let internode = &config.internode;
    check(
        internode.mode,
        &internode.mode_origin.to_string(),
        config,
        own,
    )
}

/// Says what a scope leaves open where certificates are required (G-24).
pub(crate) fn warn_of_scope(mode: Mode, internode: &ServerEncryption) {
    if mode.encryption.is_scoped() && internode.require_client_auth.is_required() {
        tracing::warn!(
            "internode_encryption is {}: a peer within is taken in plaintext and shows no \
             certificate, whatever require_client_auth says; it is known by the address that it \
             dials from, and not by what it says of itself",
            mode.encryption
        );
    }
}

impl Topology {
    /// Takes what the configuration, the files and this node's own certificate say.
    pub(crate) fn configure(&self, config: &Config, files: Files, own: &LeafFacts) {
        let certified = own.uri.as_ref().map(Place::from);
        let written = config.topology.own.clone();
        let rackdc = files.rackdc.and_then(|file| file.place);
        let claims = [
            (Source::Certificate, certified),
            (Source::Configuration, written),
            (Source::RackdcFile, rackdc),
        ];
        self.known().fixed = Claims {
            own: claims
                .into_iter()
                .filter_map(|(source, place)| Some((source, place?)))
                .collect(),
            own_addresses: own.ips.iter().copied().collect(),
            configured: config.topology.nodes.clone(),
            file: files.topology,
            ..Claims::default()
        };
        self.settle();
    }

    /// Takes what the certificate of a peer says whose chain was verified, who is allowed, and who
    /// was `met` at that address.
    ///
    /// Of a node elsewhere that address alone is learnt: its others may be private ones, which mean
    /// nothing here, and which a node of this datacenter, or this very node, may have as well.
    pub(crate) fn learn(&self, leaf: &LeafFacts, met: IpAddr) {
        let Some(place) = leaf.uri.as_ref().map(Place::from) else {
            return;
        };
        let known = Standing::Known(&place, Source::Certificate);
        let map = self.map.load();
        let is_near = matches!(
            map.own(),
            Standing::Known(own, _) if own.datacenter == place.datacenter
        );
        let met = met.to_canonical();
        let certified = leaf.ips.iter().copied();
        let learnt: Vec<_> = certified
            .filter(|address| is_near || *address == met)
            .take(MAX_ADDRESSES)
            .collect();
        if learnt.iter().all(|address| map.place(*address) == known) {
            return;
        }
        let mut inputs = self.known();
        for address in learnt {
            inputs.certificates.insert(address, place.clone());
        }
        drop(inputs);
        self.learned.notify_one();
    }

    /// Takes what the local node says of itself and of the others.
    fn answered(&self, local: Vec<cql::Row>, peers: Vec<cql::Row>, state: String) {
        self.known().asked = Asked {
            local,
            peers,
            state: Some(state),
        };
        self.settle();
    }

    /// Takes note of how it stands with the connection to the local node. What it said before
    /// stays: a node that restarts has not moved.
    fn note(&self, state: String) {
        self.known().asked.state = Some(state);
    }

    /// The local node is not to be asked any more.
    fn forget_answers(&self) {
        self.known().asked = Asked::default();
        self.settle();
    }

    /// What lies between this node and a peer at that address.
    pub(crate) fn crossing(&self, peer: IpAddr) -> Crossing {
        self.map.load().crossing(peer)
    }

    /// The addresses of the node at that one, which is among them, as far as the local node tells.
    pub(crate) fn addresses_of(&self, peer: IpAddr) -> BTreeSet<IpAddr> {
        let peer = peer.to_canonical();
        let known = self.known();
        let rows = known.asked.peers.iter().map(|row| &row.addresses);
        let of_peer = rows.filter(|addresses| addresses.contains(&peer));
        of_peer.flatten().copied().chain([peer]).collect()
    }

    /// The map in force.
    pub(crate) fn map(&self) -> Guard<Arc<Map>> {
        self.map.load()
    }

    /// Tells of every change of the map from now on.
    pub(crate) fn watch(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Makes the map of what is known now.
    fn settle(&self) {
        let mut known = self.known();
        let claims = known.claims();
        if claims == known.settled {
            return;
        }
        let map = claims.settle();
        let conflicts: BTreeSet<_> = map.conflicts().iter().cloned().collect();
        for conflict in conflicts.difference(&known.told) {
            tracing::warn!("{conflict}; neither is believed, and the place counts as unknown");
        }
        known.told = conflicts;
        known.settled = claims;
        self.map.store(Arc::new(map));
        drop(known);
        self.changed.send_replace(());
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Each change is whole by itself, so a panic elsewhere leaves nothing half done.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `status` shows.
    pub(crate) fn status(&self) -> TopologyStatus {
        let map = self.map.load();
        let known = self.known();
        let (place, source) = match map.own() {
            Standing::Known(place, source) => (Some(place.clone()), Some(source)),
            Standing::Contradicted | Standing::Unknown => (None, None),
        };
        TopologyStatus {
            place,
            known_by: source.map(|source| source.to_string()),
            nodes: map.len(),
            sources: known.sources(),
            conflicts: map.conflicts().iter().map(ToString::to_string).collect(),
        }
    }
}

impl Known {
    fn claims(&self) -> Claims {
        let mut claims = self.fixed.clone();
        claims.certificates.clone_from(&self.certificates);
        for row in &self.asked.local {
            let own = row.place.clone();
            claims
                .own
                .extend(own.map(|place| (Source::SystemTables, place)));
            claims.own_addresses.extend(&row.addresses);
        }
        for row in &self.asked.peers {
            let Some(place) = &row.place else { continue };
            let addresses = row.addresses.iter();
            claims
                .rows
                .extend(addresses.map(|address| (*address, place.clone())));
        }
        // Seen twice under one address, a row says nothing new.
        claims.rows.sort();
        claims.rows.dedup();
        claims
    }

    fn sources(&self) -> Vec<TopologySource> {
        let fixed = &self.fixed;
        let file = fixed.file.as_ref();
        let of_own = |source| fixed.own.iter().filter(|(by, _)| *by == source).count();
        let addresses = [
            (
                Source::Certificate,
                self.certificates.len() + of_own(Source::Certificate),
            ),
            (
                Source::Configuration,
                fixed.configured.len() + of_own(Source::Configuration),
            ),
            (Source::RackdcFile, of_own(Source::RackdcFile)),
            (
                Source::TopologyFile,
                file.map_or(0, |file| {
                    file.nodes.len() + usize::from(file.default.is_some())
                }),
            ),
        ];
        let counted = addresses.into_iter().filter(|(_, count)| *count > 0);
        let counted = counted.map(|(source, count)| TopologySource {
            source: source.to_string(),
            state: format!("{count} known"),
        });
        let asked = self.asked.state.iter().map(|state| TopologySource {
            source: Source::SystemTables.to_string(),
            state: state.clone(),
        });
        counted.chain(asked).collect()
    }
}

/// Puts what workers learn into the map, for as long as the agent lives.
pub(crate) async fn keep(shared: Arc<Shared>) {
    loop {
        shared.topology.learned.notified().await;
        shared.topology.settle();
    }
}

#[cfg(test)]
mod tests;
