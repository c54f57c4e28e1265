//! What is kept of each node for the rules that compare nodes.

use std::{fmt::Display, path::PathBuf};

use ringlock_config::{Dialect, resolve};
use ringlock_finding::Position;

use crate::{block::Block, node::Node};

/// One node of the fleet.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) file: PathBuf,
    pub(crate) dialect: Dialect,
    /// The cluster's name, where the file has it.
    pub(crate) cluster: Option<String>,
    /// What must be alike on all nodes.
    pub(crate) alike: Vec<Setting>,
    /// The private keys it uses.
    pub(crate) keys: Vec<KeyPrint>,
}

/// A value that must be alike on all nodes.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) at: Position,
}

/// A private key, told by a digest.
#[derive(Debug)]
pub(crate) struct KeyPrint {
    pub(crate) key: String,
    pub(crate) at: Position,
    pub(crate) sha256: [u8; 32],
    /// The file, links followed: nodes' files that are gathered in one place may name one path.
    pub(crate) real: PathBuf,
}

impl Member {
    pub(crate) fn of(node: &Node<'_>) -> Self {
        Self {
            file: node.document.path().to_owned(),
            dialect: node.dialect,
            cluster: cluster(node),
            alike: alike(node),
            keys: keys(node),
        }
    }
}

fn alike(node: &Node<'_>) -> Vec<Setting> {
    let block = &node.server;
    let server = &node.resolved.server;
    let ports = &node.resolved.ports;
    let top = |key: &str, setting: &resolve::Setting<u16>| Setting {
        key: key.to_owned(),
        value: setting.value.to_string(),
        at: node.at(setting),
    };
    vec![
        setting(block, "internode_encryption", &server.internode_encryption),
        setting(block, "require_client_auth", &block.tls.require_client_auth),
        setting(
            block,
            "require_endpoint_verification",
            &block.tls.require_endpoint_verification,
        ),
        top("storage_port", &ports.storage),
        top("ssl_storage_port", &ports.ssl_storage),
    ]
}

fn setting<T: Display>(block: &Block<'_>, key: &str, setting: &resolve::Setting<T>) -> Setting {
    Setting {
        key: block.path(key),
        value: setting.value.to_string(),
        at: block.at(setting),
    }
}

/// What the cluster is called; nodes of different clusters have nothing to do with each other.
fn cluster(node: &Node<'_>) -> Option<String> {
    let name = node.top_text("cluster_name").or_else(|| {
        let own = node.document.root().find(&["ringlock", "cluster"])?;
        own.node.scalar()
    });
    name.map(str::to_owned)
}

fn keys(node: &Node<'_>) -> Vec<KeyPrint> {
    let mut keys = Vec::new();
    for stores in node.stores {
        for print in &stores.prints {
            let file = node.files.named(stores.section, print.key);
            if let Some(facts) = file.and_then(|file| file.facts()) {
                keys.push(KeyPrint {
                    key: stores.path(print),
                    at: print.at,
                    sha256: print.value,
                    real: facts.real.clone(),
                });
            }
        }
    }
    keys
}
