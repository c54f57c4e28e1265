use ringlock_finding::{Finding, Severity};

use crate::{
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
         well. A password that is encrypted in the configuration is opened first.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for block in node.blocks() {
        let stores = node.stores_of(&block);
        let Some(stores) = stores else { continue };
        for store in &stores.broken {
            if !is_about(&store.value) {
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
pub(crate) fn is_about(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Jks(
            JksError::Password | JksError::NoKeyPassword { .. } | JksError::KeyPassword { .. }
        ) | StoreError::Pkcs12(
            Pkcs12Error::Password | Pkcs12Error::NoPassword | Pkcs12Error::KeyPassword { .. }
        ) | StoreError::Locked { .. }
    )
}
