use std::fmt;

/// Who says where a node stands; the first counts most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The node URI in a certificate whose chain was verified.
    Certificate,
    /// `ringlock.topology`.
    Configuration,
    /// `cassandra-rackdc.properties`, which speaks of this node alone.
    RackdcFile,
    /// `cassandra-topology.properties`.
    TopologyFile,
    /// `system.local`, `system.peers_v2` or `system.peers` of the local node.
    SystemTables,
}

impl Source {
    /// Every source, the one that counts most first.
    pub const ALL: [Self; 5] = [
        Self::Certificate,
        Self::Configuration,
        Self::RackdcFile,
        Self::TopologyFile,
        Self::SystemTables,
    ];

    /// The source in words, for tables and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Configuration => "ringlock.topology",
            Self::RackdcFile => "cassandra-rackdc.properties",
            Self::TopologyFile => "cassandra-topology.properties",
            Self::SystemTables => "system tables",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
