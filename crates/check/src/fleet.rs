//! What is kept of each node for the rules that compare nodes.

use std::path::PathBuf;

use ringlock_config::Dialect;
use ringlock_finding::Position;

use crate::{node::Node, section::Section};

/// One node of the fleet.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) file: PathBuf,
    pub(crate) dialect: Dialect,
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
            alike: alike(node),
            keys: keys(node),
        }
    }
}

fn alike(node: &Node<'_>) -> Vec<Setting> {
    let mut settings = Vec::new();
    let scope = node.server.text("internode_encryption").unwrap_or("none");
    settings.push(setting(&node.server, "internode_encryption", scope));
    for key in ["require_client_auth", "require_endpoint_verification"] {
        let value = match node.server.text(key) {
            Some(_) if node.server.is_on(key) => "true",
            Some(word) if word.eq_ignore_ascii_case("optional") => "optional",
            _ => "false",
        };
        settings.push(setting(&node.server, key, value));
    }
    for (key, default) in [("storage_port", 7000), ("ssl_storage_port", 7001)] {
        settings.push(Setting {
            key: key.to_owned(),
            value: node.port(key).unwrap_or(default).to_string(),
            at: node.top_place(key),
        });
    }
    settings
}

fn setting(section: &Section<'_>, key: &str, value: &str) -> Setting {
    Setting {
        key: section.path(key),
        value: value.to_owned(),
        at: section.place(key),
    }
}

fn keys(node: &Node<'_>) -> Vec<KeyPrint> {
    let mut keys = Vec::new();
    for stores in node.stores {
        for print in &stores.prints {
            let file = node.files.named(stores.section, print.key);
            if let Some(facts) = file.and_then(|file| file.facts()) {
                keys.push(KeyPrint {
                    key: format!("{}.{}", stores.section, print.key),
                    at: print.at,
                    sha256: print.value,
                    real: facts.real.clone(),
                });
            }
        }
    }
    keys
}
