use ringlock_config::{dialect::Product, resolve::Secret};
use ringlock_finding::{Finding, Severity};

use crate::{
    block::Block,
    node::Node,
    rule::{Check, Rule},
};
use ringlock_store::{JksError, Pkcs12Error, StoreError};

pub(super) static RULE: Rule = Rule {
    code: "store-password-wrong",
    severity: Severity::Error,
    requirement: "G-12 G-23 ROLL-57",
    title: "a store does not open with the password that is given for it",
    explanation: "The passwords of the configuration must be those with which the stores were made; \
         where none is given, the product has a default. Cassandra and DSE do not start, or refuse \
         every connection, and say `keystore password was incorrect` of PKCS12 and `Keystore was \
         tampered with, or password was incorrect` of JKS, which a damaged JKS store is told as \
         well. Passwords that are encrypted in the configuration are not judged.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for block in node.blocks() {
        let stores = node.stores.iter().find(|it| it.section == block.name);
        let Some(stores) = stores else { continue };
        for store in &stores.broken {
            if !is_about(&store.value) || is_encrypted(node, &block, store.key) {
                continue;
            }
            let hint = "`ringlock store inspect` tries a password without writing it down";
            found.push(
                RULE.about(node, stores, store, store.value.to_string())
                    .hint(hint),
            );
        }
    }
}

/// Whether another password may open the store.
pub(super) fn is_about(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Jks(
            JksError::Password | JksError::NoKeyPassword { .. } | JksError::KeyPassword { .. }
        ) | StoreError::Pkcs12(
            Pkcs12Error::Password | Pkcs12Error::NoPassword | Pkcs12Error::KeyPassword { .. }
        ) | StoreError::Locked { .. }
    )
}

/// Whether the password is one that only the database, or the agent, can decrypt.
fn is_encrypted(node: &Node<'_>, block: &Block<'_>, key: &str) -> bool {
    let password = match key {
        "truststore" => &block.tls.truststore_password,
        _ => &block.tls.keystore_password,
    };
    let Some(password) = password.value.as_ref().map(Secret::reveal) else {
        return false;
    };
    let of_dse = node.dialect.product() == Product::Dse && is_base64_of_blocks(password);
    of_dse || ringlock_secret::is_sealed(password)
}

/// What `dsetool encryptconfigvalue` prints: whole blocks of AES, in base64.
fn is_base64_of_blocks(text: &str) -> bool {
    const BLOCK: usize = 16;
    let digits = text.trim_end_matches('=');
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    let bytes = digits.len() * 3 / 4;
    text.len().is_multiple_of(4)
        && digits.bytes().all(alphabet)
        && bytes > 0
        && bytes.is_multiple_of(BLOCK)
}
