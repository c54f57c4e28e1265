use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};
use ringlock_pki::IdentityError;

pub(super) static RULE: Rule = Rule {
    code: "certificate-expired",
    severity: Severity::Error,
    requirement: "G-20",
    title: "the node's certificate has expired",
    explanation: "Every peer refuses it. Issue a new one, put it in place and let the node read it.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for stores in node.stores {
        let Some(own) = &stores.own else { continue };
        let Err(error) = &own.value else { continue };
        if matches!(error, IdentityError::Expired { .. }) {
            let severity = if stores.in_use {
                Severity::Error
            } else {
                Severity::Warning
            };
            let key = format!("{}.{}", stores.section, own.key);
            found.push(
                RULE.on(node, own.at, key, error.to_string())
                    .severity(severity)
                    .found(own.written.as_str()),
            );
        }
    }
}
