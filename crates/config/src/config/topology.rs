use std::{net::SocketAddr, path::PathBuf, time::Duration};

use ringlock_model::{Network, Place};

/// Where to learn which datacenter and rack a node stands in. Certificates tell it as well, and
/// need no option.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topology {
    /// `datacenter` and `rack`: this node's own place.
    pub own: Option<Place>,
    /// `nodes`: places by address; no network occurs twice.
    pub nodes: Vec<(Network, Place)>,
    /// `rackdc_file`, or the `cassandra-rackdc.properties` beside a `database_config` whose snitch
    /// reads it.
    pub rackdc_file: Option<SnitchFile>,
    /// `topology_file`, or the `cassandra-topology.properties` likewise.
    pub topology_file: Option<SnitchFile>,
    /// `cql`: how to ask the local node. Unset: it is not asked.
    pub cql: Option<Cql>,
}

/// A file of a snitch of Cassandra's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnitchFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Whether `ringlock.yaml` names it, so that it must be there. Otherwise it was looked for
    /// where the database does.
    pub is_named: bool,
}

/// How the local node is asked for its system tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cql {
    /// `address`: where its clients connect. Default: `rpc_address` and `native_transport_port` of
    /// `database_config`, or 127.0.0.1:9042.
    pub address: SocketAddr,
    /// `username` and `password_file`. Unset: it is asked without.
    pub credentials: Option<CqlCredentials>,
    /// `refresh`: how often it is asked without being told of a change, 1 s to 1 h. Default 30 s.
    pub refresh: Duration,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CqlCredentials {
    /// The role.
    pub username: String,
    /// A file with its password on one line, which others must not read.
    pub password_file: PathBuf,
}

impl Topology {
    /// Whether something other than this node's certificate may tell this node's own place.
    pub fn tells_own_place(&self) -> bool {
        self.own.is_some()
            || self.rackdc_file.is_some()
            || self.topology_file.is_some()
            || self.cql.is_some()
            || !self.nodes.is_empty()
    }
}
