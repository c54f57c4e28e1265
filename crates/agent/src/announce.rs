//! Says that links between nodes are encrypted, in the words of the databases' own logs.
//!
//! Cassandra's and ScyllaDB's documents tell operators to look for these lines after they have
//! switched encryption on. Cassandra prints its own also where there is nothing but a keystore
//! (`SSLFactory`); here they stand only when the mode in force dials TLS.

use std::{future::pending, sync::Arc};

use ringlock_config::{Config, Interception};
use ringlock_model::{Direction, InternodeEncryption};
use ringlock_tls::TlsState;

use crate::shared::Shared;

/// Says so whenever encryption comes into force: at the start, and by an order later. Never ends.
pub(crate) async fn keep(shared: Arc<Shared>) {
    let mut mode = shared.mode.watch();
    let mut said = false;
    loop {
        let encrypts = mode.borrow_and_update().mode.encryption != InternodeEncryption::None;
        if encrypts && !said {
            for line in lines(&shared.in_force().config, &shared.live.current()) {
                tracing::info!("{line}");
            }
        }
        said = encrypts;
        if mode.changed().await.is_err() {
            // The agent itself is gone, and this task is about to be.
            pending::<()>().await;
        }
    }
}

fn lines(config: &Config, tls: &TlsState) -> Vec<String> {
    let listening = ports(config)
        .into_iter()
        .map(|port| format!("Starting Encrypted Messaging Service on SSL port {port}"));
    let enabled = [
        ("TLS protocols", tls.protocols()),
        ("cipher suites", tls.suites()),
    ]
    .map(|(what, names)| format!("Internode messaging enabled {what}: {}", names.join(", ")));
    listening.chain(enabled).collect()
}

/// Where peers dial TLS: the databases' ports where they are intercepted, the agent's otherwise.
fn ports(config: &Config) -> Vec<u16> {
    let mut ports: Vec<u16> = match &config.interception {
        Interception::Transparent { .. } => vec![config.storage_port, config.ssl_storage_port],
        Interception::Listen { listeners } => listeners
            .iter()
            .filter(|listener| listener.direction == Direction::Inbound)
            .map(|listener| listener.address.port())
            .collect(),
    };
    ports.sort_unstable();
    ports.dedup();
    ports
}
