use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use super::{
    CASSANDRA_5_0, Cassandra, CassandraError, Jit, NodeEvidence, NodeOptions, Release, RingEntry,
};
use crate::{
    clock::poll,
    lab::{Family, Host, Lab},
};

/// How many of the nodes are seeds.
const SEEDS: usize = 3;
/// Tokens per node.
const TOKENS: usize = 4;
/// How often the nodes are asked while all of them are waited for.
const ROUND: Duration = Duration::from_millis(500);

/// How a cluster is to be started.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// Which Cassandra.
    pub release: &'static Release,
    /// Which addresses its nodes use.
    pub family: Family,
    /// For each node of the lab its own TLS as [`NodeOptions::native_tls`] has it; nodes beyond
    /// the end do none.
    pub native_tls: Vec<Option<String>>,
    /// For each node of the lab its datacenter and rack; nodes beyond the end are placed as
    /// [`Cluster`] says.
    pub places: Vec<(&'static str, &'static str)>,
    /// For each node of the lab an address that only its own datacenter reaches it at, as
    /// [`NodeOptions::private`] has it; nodes beyond the end have none.
    pub private: Vec<Option<IpAddr>>,
    /// More lines of every node's `cassandra.yaml`.
    pub yaml: String,
    /// How the nodes are compiled while they run.
    pub jit: Jit,
}

impl Default for ClusterOptions {
    /// Plaintext 5.0 over IPv4.
    fn default() -> Self {
        Self {
            release: &CASSANDRA_5_0,
            family: Family::V4,
            native_tls: Vec::new(),
            places: Vec::new(),
            private: Vec::new(),
            yaml: String::new(),
            jit: Jit::Quick,
        }
    }
}

impl ClusterOptions {
    /// For the host with that index.
    fn node(&self, hosts: &[Host], index: usize) -> NodeOptions {
        let seeds = hosts.iter().take(SEEDS);
        let place = self.places.get(index);
        NodeOptions {
            release: self.release,
            datacenter: place.map_or(datacenter(index), |place| place.0).to_owned(),
            rack: place.map_or_else(|| format!("r{}", index + 1), |place| place.1.to_owned()),
            family: self.family,
            seeds: seeds.map(|host| host.address(self.family)).collect(),
            tokens: tokens(index, hosts.len()),
            native_tls: self.native_tls.get(index).cloned().flatten(),
            private: self.private.get(index).copied().flatten(),
            yaml: self.yaml.clone(),
            jit: self.jit,
        }
    }
}

/// A node on every host of a lab, in two datacenters: every third one in `dc2`, the others in
/// `dc1`, each in a rack of its own.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Cassandra>,
}

impl Cluster {
    /// Starts all nodes at once, each with its share of evenly spread tokens.
    ///
    /// They are new and hold no data, so none has to bootstrap from another. Started one after
    /// the other, three take more than three times as long.
    pub fn start(lab: &Lab, options: &ClusterOptions) -> Result<Self, CassandraError> {
        let hosts = lab.nodes().iter().enumerate();
        let nodes = hosts
            .map(|(index, host)| Cassandra::start(lab, host, &options.node(lab.nodes(), index)));
        Ok(Self {
            nodes: nodes.collect::<Result<_, _>>()?,
        })
    }

    /// Starts the node with that index again, after it has ended. What the log of its first run
    /// says stays there.
    pub fn start_again(
        &mut self,
        lab: &Lab,
        index: usize,
        options: &ClusterOptions,
    ) -> Result<(), CassandraError> {
        let (hosts, Some(node)) = (lab.nodes(), self.nodes.get_mut(index)) else {
            return Ok(());
        };
        *node = Cassandra::start(lab, &node.host().clone(), &options.node(hosts, index))?;
        Ok(())
    }

    /// Writes every node's files, as starting them does, and gives each node's `cassandra.yaml`.
    pub fn write_files(
        lab: &Lab,
        options: &ClusterOptions,
    ) -> Result<Vec<PathBuf>, CassandraError> {
        let hosts = lab.nodes().iter().enumerate();
        hosts
            .map(|(index, host)| {
                Cassandra::write_files(lab, host, &options.node(lab.nodes(), index))
            })
            .collect()
    }

    /// Waits until every node serves clients and sees every node up and normal.
    pub fn wait_ready(&mut self, patience: Duration) -> Result<(), CassandraError> {
        for node in &mut self.nodes {
            node.wait_ready(patience)?;
        }
        self.wait_all_up(patience)
    }

    /// How many nodes serve clients by now; an error if one has ended.
    pub fn ready_nodes(&mut self) -> Result<usize, CassandraError> {
        let mut ready = 0;
        for node in &mut self.nodes {
            ready += usize::from(node.is_ready()?);
        }
        Ok(ready)
    }

    /// Waits until every node sees every node up and normal.
    pub fn wait_all_up(&self, patience: Duration) -> Result<(), CassandraError> {
        let mut last = Ok(());
        poll(patience, ROUND, || {
            last = self.check_all_up();
            match &last {
                Err(CassandraError::NotAllUp { .. }) => Ok(None),
                Ok(()) => Ok(Some(())),
                Err(_) => Err(()),
            }
        })
        .ok();
        last
    }

    /// Whether every node sees every node up and normal right now.
    pub fn check_all_up(&self) -> Result<(), CassandraError> {
        let expected = self.nodes.len();
        for node in &self.nodes {
            let status = node.status()?;
            let all_up = status.values().all(|entry| *entry == RingEntry::UN);
            if !all_up || status.len() != expected {
                return Err(CassandraError::NotAllUp {
                    node: node.host().name.clone(),
                    expected,
                    seen: format!("{status:?}"),
                });
            }
        }
        Ok(())
    }

    /// The nodes, in the order of their numbers.
    pub fn nodes(&self) -> &[Cassandra] {
        &self.nodes
    }

    /// The nodes, to start and stop them.
    pub fn nodes_mut(&mut self) -> &mut [Cassandra] {
        &mut self.nodes
    }

    /// Where clients connect to.
    pub fn contact_points(&self) -> Vec<SocketAddr> {
        self.nodes.iter().map(Cassandra::cql).collect()
    }

    /// What every node's process and log say up to now.
    pub fn evidence(&mut self) -> Result<Vec<NodeEvidence>, CassandraError> {
        self.nodes.iter_mut().map(Cassandra::evidence).collect()
    }

    /// `CREATE KEYSPACE`'s replication that makes three replicas over both datacenters, or as
    /// many as there are nodes.
    pub fn replication(&self) -> String {
        let in_dc2 = (0..self.nodes.len())
            .filter(|index| datacenter(*index) == "dc2")
            .count();
        let in_dc1 = self.nodes.len() - in_dc2;
        let (dc1, dc2) = (in_dc1.min(2), in_dc2.min(1));
        let second = if dc2 > 0 {
            format!(", 'dc2': {dc2}")
        } else {
            String::new()
        };
        format!("{{'class': 'NetworkTopologyStrategy', 'dc1': {dc1}{second}}}")
    }

    /// The datacenter of the node with that index.
    pub fn datacenter(index: usize) -> &'static str {
        datacenter(index)
    }
}

fn datacenter(index: usize) -> &'static str {
    if index % 3 == 2 { "dc2" } else { "dc1" }
}

/// The node's tokens when all nodes together spread theirs evenly, taking turns.
fn tokens(index: usize, nodes: usize) -> Vec<i64> {
    let all = i128::try_from(nodes * TOKENS).unwrap_or(i128::MAX);
    (0..TOKENS)
        .filter_map(|turn| {
            let position = i128::try_from(turn * nodes + index).ok()?;
            // Off the lower end by half a step: the lowest number of all means "no token".
            i64::try_from(i128::from(i64::MIN) + ((2 * position + 1) << 63) / all).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_spread_evenly_and_belong_to_one_node_each() {
        let mut all: Vec<_> = (0..3).flat_map(|index| tokens(index, 3)).collect();
        assert_eq!(all.len(), 12);
        all.sort_unstable();
        let step = (1_i128 << 64) / 12;
        for pair in all.windows(2) {
            let gap = i128::from(pair[1]) - i128::from(pair[0]);
            assert!((gap - step).abs() <= 1, "{pair:?}");
        }
    }
}
