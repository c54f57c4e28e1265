use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
    rules::store_password,
};
use ringlock_store::StoreError;

pub(super) static RULE: Rule = Rule {
    code: "store-unreadable",
    severity: Severity::Error,
    requirement: "SCY-10",
    title: "a file of keys or certificates cannot be read",
    explanation: "The file is no store that can be understood: it is empty, cut off or \
         damaged, or its key is encrypted. ScyllaDB and Ringlock have no password for an encrypted key. A line in \
         the message is that of the file.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for block in node.blocks() {
        let stores = node.stores_of(&block);
        let Some(stores) = stores else { continue };
        for store in &stores.broken {
            if store_password::is_about(&store.value) {
                continue;
            }
            let encrypted = matches!(store.value, StoreError::Encrypted { .. });
            let message = match (&store.written, &store.value) {
                _ if encrypted && node.is_java() => continue,
                (Some(_), error @ (StoreError::Jks(_) | StoreError::Pkcs12(_))) => {
                    error.to_string()
                }
                (None, error) => inline(error),
                (Some(_), StoreError::Empty) => "is empty".to_owned(),
                (Some(_), _) if node.is_java() && !block.is_pem() => {
                    let kind = block.store_kind(store.key);
                    // Other kinds are opened by providers that are not known here.
                    if !["JKS", "JCEKS", "PKCS12"].contains(&&*kind.to_ascii_uppercase()) {
                        continue;
                    }
                    format!("is no store of the type {kind}, nor one of another type that is known")
                }
                (Some(_), error) => error.to_string(),
            };
            found.push(RULE.about(node, stores, store, message));
        }
    }
}

/// What is wrong with PEM that stands in the yaml. Nothing of a value that may be a secret is
/// repeated.
fn inline(error: &StoreError) -> String {
    match error {
        StoreError::Boundary { line }
        | StoreError::NoEnd { line, .. }
        | StoreError::Base64 { line, .. }
        | StoreError::Content { line, .. }
        | StoreError::Unexpected { line, .. } => {
            format!("is no PEM that can be read: line {line} of the value is damaged")
        }
        StoreError::Encrypted { .. } => "is encrypted".to_owned(),
        _ => "holds no PEM section: expected a line such as -----BEGIN CERTIFICATE-----".to_owned(),
    }
}
