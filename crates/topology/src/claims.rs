use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use ringlock_model::{Network, Place};

use crate::{
    map::{Map, Settled, Subject},
    source::Source,
    topology_file::TopologyFile,
};

/// What every source says, before anybody is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// What is said of this node itself.
    pub own: Vec<(Source, Place)>,
    /// This node's addresses; what is said of them is said of this node.
    pub own_addresses: BTreeSet<IpAddr>,
    /// Places by the addresses in verified certificates.
    pub certificates: BTreeMap<IpAddr, Place>,
    /// `ringlock.topology.nodes`. Of those that hold an address the narrowest counts.
    pub configured: Vec<(Network, Place)>,
    /// `cassandra-topology.properties`. Its default counts where nobody else says anything.
    pub file: Option<TopologyFile>,
    /// The rows of the system tables; two rows may have one address.
    pub rows: Vec<(IpAddr, Place)>,
}

impl Claims {
    /// Settles who is where.
    pub fn settle(&self) -> Map {
        let mut networks: Vec<_> = self
            .configured
            .iter()
            .filter(|(network, _)| network.as_host().is_none())
            .cloned()
            .collect();
        networks.sort_by_key(|(network, _)| std::cmp::Reverse(network.prefix()));
        let rows = self.rows_by_address();
        let default = self.file.as_ref().and_then(|file| file.default.clone());
        let mut own = self.own.clone();
        for address in &self.own_addresses {
            own.extend(self.of(address.to_canonical(), &networks, &rows));
        }
        if own.is_empty() {
            own.extend(default.clone().map(|place| (Source::TopologyFile, place)));
        }
        let mut map = Map::new(Settled::of(own), networks, default);
        for address in self.addresses() {
            let claims = self.of(address, map.networks(), &rows);
            map.add(Subject::Peer(address), Settled::of(claims));
        }
        map
    }

    fn addresses(&self) -> BTreeSet<IpAddr> {
        let hosts = self
            .configured
            .iter()
            .filter_map(|(network, _)| network.as_host());
        let file = self.file.iter().flat_map(|file| file.nodes.keys().copied());
        let rows = self.rows.iter().map(|(address, _)| *address);
        self.certificates
            .keys()
            .copied()
            .chain(hosts)
            .chain(file)
            .chain(rows)
            .map(|address| address.to_canonical())
            .collect()
    }

    fn rows_by_address(&self) -> BTreeMap<IpAddr, Vec<&Place>> {
        let mut rows: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (address, place) in &self.rows {
            rows.entry(address.to_canonical()).or_default().push(place);
        }
        rows
    }

    /// What is said of one address.
    fn of(
        &self,
        address: IpAddr,
        networks: &[(Network, Place)],
        rows: &BTreeMap<IpAddr, Vec<&Place>>,
    ) -> Vec<(Source, Place)> {
        let host = Network::host(address);
        let configured = self
            .configured
            .iter()
            .find(|(network, _)| *network == host)
            .or_else(|| {
                networks
                    .iter()
                    .find(|(network, _)| network.contains(address))
            })
            .map(|(_, place)| place);
        let file = self.file.as_ref().and_then(|file| file.nodes.get(&address));
        let rows = rows.get(&address).into_iter().flatten().copied();
        let certificate = self.certificates.get(&address);
        [
            (Source::Certificate, certificate),
            (Source::Configuration, configured),
            (Source::TopologyFile, file),
        ]
        .into_iter()
        .filter_map(|(source, place)| Some((source, place?.clone())))
        .chain(rows.map(|place| (Source::SystemTables, place.clone())))
        .collect()
    }
}
