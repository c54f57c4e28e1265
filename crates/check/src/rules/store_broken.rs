use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};
use ringlock_store::StoreError;

pub(super) static RULE: Rule = Rule {
    code: "store-unreadable",
    severity: Severity::Error,
    requirement: "SCY-10",
    title: "a file of keys or certificates cannot be read",
    explanation: "The file is no PEM that can be understood: it is empty, cut off or damaged, or its key \
         is encrypted. ScyllaDB and Ringlock have no password for an encrypted key. The line in \
         the message is that of the file.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for stores in node.stores {
        for store in &stores.broken {
            let encrypted = matches!(store.value, StoreError::Encrypted { .. });
            if encrypted && node.is_java() {
                continue;
            }
            let severity = if stores.in_use {
                Severity::Error
            } else {
                Severity::Warning
            };
            let key = format!("{}.{}", stores.section, store.key);
            found.push(
                RULE.on(node, store.at, key, store.value.to_string())
                    .severity(severity)
                    .found(store.written.as_str()),
            );
        }
    }
}
