use std::{collections::HashMap, fmt, net::IpAddr};

use ringlock_model::{Crossing, Network, Place};

use crate::source::Source;

/// Who is where, settled. Made by [`Claims::settle`](crate::Claims::settle).
#[derive(Clone, Debug, Default)]
pub struct Map {
    own: Settled,
    peers: HashMap<IpAddr, Known>,
    /// The narrowest first.
    networks: Vec<(Network, Place)>,
    default: Option<Place>,
    conflicts: Vec<Conflict>,
}

/// What is known of the place of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing<'m> {
    /// Every source that speaks of it says the same; the strongest is named.
    Known(&'m Place, Source),
    /// Two sources contradict each other.
    Contradicted,
    /// Nobody speaks of it.
    Unknown,
}

/// Of whom sources contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// This node.
    Own,
    /// The node at this address.
    Peer(IpAddr),
}

/// Two sources, or two rows of the system tables, that put one node into two places.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// Which node.
    pub subject: Subject,
    /// What each says, the strongest source first.
    pub claims: Vec<(Source, Place)>,
}

/// The outcome for one node.
#[derive(Clone, Debug, Default)]
pub(crate) enum Settled {
    #[default]
    Unknown,
    Agreed(Source, Place),
    Contradicted(Vec<(Source, Place)>),
}

/// A peer with its answer worked out.
#[derive(Clone, Debug)]
struct Known {
    crossing: Crossing,
    settled: Settled,
}

impl Map {
    pub(crate) fn new(
        own: Settled,
        networks: Vec<(Network, Place)>,
        default: Option<Place>,
    ) -> Self {
        let mut map = Self {
            own: Settled::Unknown,
            networks,
            default,
            ..Self::default()
        };
        map.note(Subject::Own, &own);
        map.own = own;
        map
    }

    pub(crate) fn networks(&self) -> &[(Network, Place)] {
        &self.networks
    }

    pub(crate) fn add(&mut self, subject: Subject, settled: Settled) {
        self.note(subject, &settled);
        if let Subject::Peer(address) = subject {
            let crossing = self.crossing_to(settled.place());
            self.peers.insert(address, Known { crossing, settled });
        }
    }

    /// What lies between this node and a peer at that address.
    pub fn crossing(&self, peer: IpAddr) -> Crossing {
        let peer = peer.to_canonical();
        match self.peers.get(&peer) {
            Some(known) => known.crossing,
            None => self.crossing_to(self.by_range(peer).map(|(place, _)| place)),
        }
    }

    /// What is known of the place of a peer.
    pub fn place(&self, peer: IpAddr) -> Standing<'_> {
        let peer = peer.to_canonical();
        match self.peers.get(&peer) {
            Some(known) => known.settled.standing(),
            None => match self.by_range(peer) {
                Some((place, source)) => Standing::Known(place, source),
                None => Standing::Unknown,
            },
        }
    }

    /// What is known of this node's own place.
    pub fn own(&self) -> Standing<'_> {
        self.own.standing()
    }

    /// Every contradiction, this node's own first, then by address.
    pub fn conflicts(&self) -> &[Conflict] {
        &self.conflicts
    }

    /// How many addresses are known one by one.
    pub fn len(&self) -> usize {
        self.peers.len()
    }

    /// Whether no address is known by itself.
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    /// The place of an address that nobody names by itself.
    fn by_range(&self, peer: IpAddr) -> Option<(&Place, Source)> {
        let mut networks = self.networks.iter();
        let network = networks.find(|(network, _)| network.contains(peer));
        let configured = network.map(|(_, place)| (place, Source::Configuration));
        let default = self.default.as_ref();
        configured.or_else(|| default.map(|place| (place, Source::TopologyFile)))
    }

    fn crossing_to(&self, peer: Option<&Place>) -> Crossing {
        match (self.own.place(), peer) {
            (Some(own), Some(peer)) => own.crossing(peer),
            _ => Crossing::Unknown,
        }
    }

    fn note(&mut self, subject: Subject, settled: &Settled) {
        if let Settled::Contradicted(claims) = settled {
            self.conflicts.push(Conflict {
                subject,
                claims: claims.clone(),
            });
        }
    }
}

impl Settled {
    /// What these claims come to.
    pub(crate) fn of(mut claims: Vec<(Source, Place)>) -> Self {
        claims.sort();
        claims.dedup();
        let Some((source, place)) = claims.first() else {
            return Self::Unknown;
        };
        if claims.iter().all(|(_, other)| other == place) {
            Self::Agreed(*source, place.clone())
        } else {
            Self::Contradicted(claims)
        }
    }

    fn place(&self) -> Option<&Place> {
        match self {
            Self::Agreed(_, place) => Some(place),
            Self::Unknown | Self::Contradicted(_) => None,
        }
    }

    fn standing(&self) -> Standing<'_> {
        match self {
            Self::Unknown => Standing::Unknown,
            Self::Agreed(source, place) => Standing::Known(place, *source),
            Self::Contradicted(_) => Standing::Contradicted,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => f.write_str("this node"),
            Self::Peer(address) => address.fmt(f),
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is", self.subject)?;
        for (position, (source, place)) in self.claims.iter().enumerate() {
            let comma = if position == 0 { "" } else { "," };
            write!(f, "{comma} in {place} by {source}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
