use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};
use ringlock_config::Dialect;

pub(super) static RULE: Rule = Rule {
    code: "endpoint-verification-ignored",
    severity: Severity::Warning,
    requirement: "B-10",
    title: "this version does not compare a client's certificate with its address",
    explanation: "Cassandra before 5.0 accepts require_endpoint_verification in \
         client_encryption_options and does nothing about it. Do not rely on it there.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    let key = "require_endpoint_verification";
    let ignored = matches!(
        node.dialect,
        Dialect::Cassandra311 | Dialect::Cassandra40 | Dialect::Cassandra41
    );
    if ignored && node.client.is_on(key) {
        let message = format!("accepted and not obeyed by {}", node.dialect);
        found.push(
            RULE.on(node, node.client.place(key), node.client.path(key), message)
                .found("true")
                .hint("it is obeyed from Cassandra 5.0 on"),
        );
    }
}
