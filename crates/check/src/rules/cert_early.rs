use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};
use ringlock_pki::IdentityError;

pub(super) static RULE: Rule = Rule {
    code: "certificate-not-yet-valid",
    severity: Severity::Error,
    requirement: "G-20",
    title: "the node's certificate is not valid yet",
    explanation: "Every peer refuses it until its time begins. Most often the clock of the node or of \
         the CA is wrong.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for stores in node.stores {
        let Some(own) = &stores.own else { continue };
        let Err(error) = &own.value else { continue };
        if matches!(error, IdentityError::NotYetValid { .. }) {
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
