//! Real clusters for tests, the demo and benchmarks: network namespaces, Apache Cassandra
//! nodes, Ringlock agents, a load that counts every failed request, and a packet capture that
//! tells TLS from plaintext.
//!
//! ```text
//!   Lab ── namespaces n1 … nN and client, joined by a bridge in a namespace of its own
//!    ├─ Cluster   one Cassandra per node namespace: pid, log, nodetool
//!    ├─ Agent     one `ringlock agent run` per node namespace: admin API, interception
//!    ├─ Load      writes and reads at QUORUM from the client namespace, no retries
//!    ├─ Client    rows written and read through one node
//!    └─ Capture   tcpdump on the bridge: what crossed the network, in clear or not
//! ```
//!
//! Nothing here is simulated, and nothing outlives its owner: every process, namespace and
//! directory goes when its value is dropped, on SIGINT and SIGTERM, and what a killed run left
//! behind is removed by the next one. Everything blocks; no caller needs an async runtime.

pub mod agent;
mod cache;
pub mod capture;
pub mod cassandra;
pub mod cleanup;
mod clock;
pub mod command;
pub mod cql;
pub mod kmip;
pub mod lab;
pub mod load;
pub mod pki;
pub mod process;
pub mod secrets;

pub use clock::{Moment, poll};
