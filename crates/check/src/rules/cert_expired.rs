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
    for (stores, own) in node.identities() {
        if let Err(error @ IdentityError::Expired { .. }) = &own.value {
            found.push(RULE.about(node, stores, own, error.to_string()));
        }
    }
}
