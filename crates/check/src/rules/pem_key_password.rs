use ringlock_finding::{Finding, Severity};

use crate::{
    block::{Block, given},
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "pem-key-password",
    severity: Severity::Error,
    requirement: "B-08",
    title: "the inline private key and its password do not fit together",
    explanation: "PEMBasedSslContextFactory takes a key for encrypted as soon as \
         private_key_password or keystore_password is given, and fails if it is not (BEGIN PRIVATE \
         KEY). An encrypted one (BEGIN ENCRYPTED PRIVATE KEY) without a password fails as well. \
         Cassandra does not start then. Give the password exactly where the key is encrypted.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for block in node.blocks().filter(Block::is_pem) {
        let Some(key) = block.tls.inline("private_key") else {
            continue;
        };
        let text = key.value.reveal();
        let encrypted = text.contains("BEGIN ENCRYPTED PRIVATE KEY");
        let plain = text.contains("BEGIN PRIVATE KEY");
        let message = match has_password(&block) {
            false if encrypted => "is encrypted, and no password is given",
            true if plain => "is not encrypted, and a password is given, with which it fails",
            _ => continue,
        };
        let severity = if block.in_use {
            Severity::Error
        } else {
            Severity::Warning
        };
        let path = block.path("ssl_context_factory.parameters.private_key");
        found.push(
            RULE.on(node, block.at(key), path, message)
                .severity(severity)
                .hint("give private_key_password where the key is encrypted, and only there"),
        );
    }
}

fn has_password(block: &Block<'_>) -> bool {
    let own = block.tls.inline("private_key_password");
    let shared = given(&block.tls.keystore_password);
    own.map(|own| &own.value)
        .into_iter()
        .chain(shared)
        .any(|password| !password.reveal().is_empty())
        || given(&block.tls.keystore_password_file).is_some()
}
