use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};
use ringlock_pki::IdentityError;

pub(super) static RULE: Rule = Rule {
    code: "certificate-usage",
    severity: Severity::Error,
    requirement: "C3N-12",
    title: "the node's certificate may not be used for what the node does",
    explanation: "A node dials and is dialled, so its certificate needs serverAuth and clientAuth where \
         it restricts its use, and digitalSignature. It must not be a CA's. Issue a fitting \
         one.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for stores in node.stores {
        let Some(own) = &stores.own else { continue };
        let Err(error) = &own.value else { continue };
        if matches!(
            error,
            IdentityError::Usage { .. } | IdentityError::IsCa { .. }
        ) {
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
