//! What the end-to-end tests share. The tests are in `tests/`, one file a topic.
//!
//! ```text
//!   openssl, gnutls-cli ──TLS──▶ agent ──▶ Database, a thread of the test
//!   a socket of the test ──▶ agent ──TLS──▶ openssl s_server, or another agent
//! ```
//!
//! The agent is the built program, its peers are other people's programs, and the database is a
//! socket whose every byte the test knows. Helpers end a test that cannot go on by a panic that
//! says what they were about to do ([`OrFail`]).

mod agent;
mod bytes;
mod database;
mod documents;
mod limits;
mod or_fail;
mod peer;
mod ports;
mod site;
mod skip;
mod socket;
mod stage;
mod wire;

pub use agent::Watched;
pub use bytes::{receive_bytes, send_bytes};
pub use database::{Conduct, Database};
pub use documents::{
    CASSANDRA_3, DSE, Document, PemDocument, ROLLING_ENFORCED, ROLLING_TRANSITION_4_0, SCYLLA,
};
pub use limits::allow_many_descriptors;
pub use or_fail::OrFail;
pub use peer::{Peer, Server, served_fingerprint};
pub use ports::free_address;
pub use ringlock_testkit as testkit;
pub use site::{CLUSTER, Site};
pub use skip::{may_run_as_root, skip};
pub use socket::{
    Ending, HELLO, await_ending, connect, expect_echo, initiate, patiently, reset_on_close,
    retry_until,
};
pub use stage::{Stage, write_private};
pub use wire::assert_no_plaintext;
