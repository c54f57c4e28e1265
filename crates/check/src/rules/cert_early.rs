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
    for (stores, own) in node.identities() {
        if let Err(error @ IdentityError::NotYetValid { .. }) = &own.value {
            found.push(RULE.about(node, stores, own, error.to_string()));
        }
    }
}
