//! Real Apache Cassandra nodes, one per host of a [`Lab`](crate::lab::Lab).
//!
//! The jars come from Maven and lie in `$RINGLOCK_CACHE/cassandra-VERSION/lib` (default
//! `~/.cache/ringlock`), where `./x` puts them; [`Release`] knows what differs between versions.

mod cluster;
mod config;
mod evidence;
mod java;
mod node;
mod nodetool;
mod release;

use std::{io, path::PathBuf};

pub use self::{
    cluster::{Cluster, ClusterOptions},
    evidence::NodeEvidence,
    java::find_java,
    node::{Cassandra, NodeOptions},
    nodetool::{NodeState, RingEntry},
    release::{CASSANDRA_3_11, CASSANDRA_4_0, CASSANDRA_4_1, CASSANDRA_5_0, Java, Jit, Release},
};
use crate::{command::CommandError, process::ProcessError};

/// The port that nodes talk to each other on.
pub const STORAGE_PORT: u16 = 7000;
/// The port for TLS between nodes that Cassandra 3.x knows.
pub const SSL_STORAGE_PORT: u16 = 7001;
/// The port of CQL.
pub const CQL_PORT: u16 = 9042;
/// The cluster's name.
pub const CLUSTER_NAME: &str = "Test Cluster";

/// Why a node or cluster is not in the state that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum CassandraError {
    /// The jars are not in the cache.
    #[error("no Cassandra {version}: {} holds no jars; ./x puts them there", .dir.display())]
    NoJars {
        /// Which version.
        version: &'static str,
        /// Where they should be.
        dir: PathBuf,
    },
    /// No suitable Java.
    #[error("no Java {major}: {looked_at}; ./x gets one, or set {variable} to its java")]
    NoJava {
        /// Which Java.
        major: u32,
        /// What would name it.
        variable: &'static str,
        /// What was found instead.
        looked_at: String,
    },
    /// The node's own files could not be written.
    #[error("cannot write the files of {node}: {source}")]
    Files {
        /// Which node.
        node: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// The process did not start, or ended.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// `nodetool` failed.
    #[error("nodetool on {node}: {source}")]
    Nodetool {
        /// Which node.
        node: String,
        /// What it said.
        source: CommandError,
    },
    /// No Java that can be had runs this version's `nodetool`.
    #[error("nodetool of Cassandra {version} needs a Java 8; ask the node for its status")]
    NoNodetool {
        /// Which version.
        version: &'static str,
    },
    /// Not every node sees every node up and normal.
    #[error("{node} does not see all {expected} nodes up and normal but {seen}")]
    NotAllUp {
        /// Whose view it is.
        node: String,
        /// How many nodes there are.
        expected: usize,
        /// What it sees.
        seen: String,
    },
}
