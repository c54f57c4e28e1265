//! The JSON of the agent's admin socket, version 1.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `GET /v1/status` | – | [`Status`] |
//! | `PUT /v1/mode` | [`SetMode`] | [`Status`] |
//! | `POST /v1/cut` | [`CutRequest`] | [`CutReport`] |
//! | `POST /v1/reload` | – | [`Reloaded`] |
//! | `POST /v1/drain` | – | [`Status`] |
//! | `POST /v1/stop` | – | [`Status`] |
//!
//! Every failure is a status of 4xx or 5xx with an [`ApiError`] as its body. Durations are in
//! milliseconds, sizes in bytes, times in RFC 3339, UTC.

use std::{collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::{ClientAuth, Crossing, Direction, EndReason, Mode, Place, Security};

/// What an agent knows of itself and its links.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The agent's version.
    pub version: String,
    /// The agent's process id.
    pub pid: u32,
    /// `cluster` of `ringlock.yaml`.
    pub cluster: String,
    /// The mode in force.
    pub mode: Mode,
    /// Where the mode comes from: the file with its line, or the operator's order.
    pub mode_origin: String,
    /// Whether new connections are still taken.
    pub draining: bool,
    /// Time since the start.
    pub uptime_ms: u64,
    /// This node's own certificate.
    pub certificate: CertificateStatus,
    /// Who does the TLS of new links: `rustls`, or `openssl` for a configuration that names old
    /// cipher suites alone.
    #[serde(default = "rustls")]
    pub engine: String,
    /// What it shows instead to those that it dials; absent where that is the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbound_certificate: Option<CertificateStatus>,
    /// Whether peers that dial must show a certificate.
    #[serde(default)]
    pub require_client_auth: ClientAuth,
    /// Whose certificates are taken, where not every one of a trusted CA is: a line a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted_peers: Vec<String>,
    /// Reloads of key material that were published.
    pub reloads: u64,
    /// Reloads that failed, so that the old material stayed.
    pub reloads_failed: u64,
    /// One row a link, sorted by peer and direction.
    pub links: Vec<Link>,
    /// Established connections on intercepted ports that go past the agent.
    pub bypassing: Bypassing,
    /// How often each kind of connection was refused, by the refusal's code.
    pub refused: BTreeMap<String, u64>,
    /// Which datacenter and rack this node and its peers are in, and by whose word.
    #[serde(default)]
    pub topology: TopologyStatus,
    /// Connections since the start, by `tls`, `plaintext` and `native`.
    pub connections: BTreeMap<String, u64>,
    /// Links that the agent ended since the start, by [`EndReason`].
    #[serde(default)]
    pub turned: BTreeMap<String, u64>,
}

/// The only engine that agents had before they said which one it is.
fn rustls() -> String {
    "rustls".to_owned()
}

/// The node's own certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateStatus {
    /// The node URI, or the subject where there is none.
    pub name: String,
    /// SHA-256 of the DER form, hexadecimal.
    pub sha256: String,
    /// When it expires, RFC 3339.
    pub not_after: String,
}

/// What an agent knows of datacenters and racks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopologyStatus {
    /// This node's own place, if it is known and nobody contradicts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The strongest source that tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_by: Option<String>,
    /// How many addresses are known one by one.
    pub nodes: usize,
    /// Who tells anything, the strongest first.
    pub sources: Vec<TopologySource>,
    /// Nodes that two sources put into two places, one sentence each; their place counts as unknown.
    pub conflicts: Vec<String>,
}

/// One source of places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopologySource {
    /// What it is called, such as `certificate` or `system tables`.
    pub source: String,
    /// How much it tells, or why it tells nothing now.
    pub state: String,
}

/// One relayed connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The peer's address.
    pub peer: IpAddr,
    /// The port that was dialled.
    pub port: u16,
    /// Who dialled.
    pub direction: Direction,
    /// What protects it.
    #[serde(flatten)]
    pub security: Security,
    /// Where the peer is, if it is known and nobody contradicts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What lies between this node and the peer; absent from a status of before this was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crossing: Option<Crossing>,
    /// Time since it was established.
    pub age_ms: u64,
    /// Bytes from the peer to the local database.
    pub received: u64,
    /// Bytes from the local database to the peer.
    pub sent: u64,
    /// Why it is being ended; absent for a link that may stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<EndReason>,
}

/// Connections that were there before interception, or whether they could be looked for at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bypassing {
    /// What the kernel's socket tables show.
    Connections(Vec<BypassingConnection>),
    /// Why they cannot be told: the agent intercepts nothing, or lacks a privilege.
    Unknown(String),
}

/// An established connection that goes past the agent in plaintext.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BypassingConnection {
    /// The peer's address.
    pub peer: IpAddr,
    /// The intercepted port that was dialled.
    pub port: u16,
    /// Who dialled.
    pub direction: Direction,
}

/// Orders another mode. It holds from the answer on for new connections and across restarts of
/// the agent, until `ringlock.yaml` itself names another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetMode {
    /// The mode.
    pub mode: Mode,
}

/// Orders connections that go past the agent to be cut, one pair after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutRequest {
    /// Only the peer at this address, or at another that the local node tells of it; absent means
    /// every peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<IpAddr>,
    /// Only connections opened this way; absent means both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// How long to wait for a quiet moment, and then for the pair to be back, each.
    pub patience_ms: u64,
}

/// What became of a [`CutRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutReport {
    /// One entry a connection that was found.
    pub cuts: Vec<Cut>,
}

/// What became of one connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// The connection.
    #[serde(flatten)]
    pub connection: BypassingConnection,
    /// What became of it.
    pub outcome: CutOutcome,
    /// How it ended, where it was ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<CutMethod>,
    /// How long its end took: for the database to close it, or for a quiet moment.
    pub waited_ms: u64,
    /// How long the pair took to be back once its last connection was cut, where it came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_after_ms: Option<u64>,
}

/// How the cut of one connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CutOutcome {
    /// Cut, and the pair is back through the agent.
    Back,
    /// Cut, but the pair did not come back in time; no other pair was cut.
    NotBack,
    /// Something was in flight all the time; it was left alone.
    Busy,
    /// It had gone by itself.
    Gone,
}

/// How a connection was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CutMethod {
    /// The database was shown the end of the stream and closed it in order. Nothing can be lost.
    ClosedByDatabase,
    /// The kernel destroyed it at a moment when nothing was in flight.
    Destroyed,
}

/// The outcome of a reload that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// Whether anything differed from what was in force.
    pub changed: bool,
}

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// One sentence.
    pub error: String,
}
