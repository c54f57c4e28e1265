use ringlock_config::resolve::InternodeScope;
use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "transitional-scope",
    severity: Severity::Note,
    requirement: "B-21",
    title: "internode_encryption: transitional is for a rolling change",
    explanation: "With transitional a node dials with TLS and takes both TLS and plaintext. ScyllaDB \
         knows the word since 2025.1; a node of an earlier release takes it for none and says \
         nothing. The order is: every node with none and the certificate files named, which makes \
         it take TLS already; then every node with transitional; then every node with all, dc or \
         rack. Until the last step whoever reaches the port may speak plaintext.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    if node.is_scylla() && node.scope() == InternodeScope::Transitional {
        let setting = &node.resolved.server.internode_encryption;
        found.push(
            RULE.on(
                node,
                node.server.at(setting),
                node.server.path("internode_encryption"),
                "takes plaintext beside TLS, and is none to ScyllaDB before 2025.1",
            )
            .found(node.scope().word())
            .expected("all, once every node has been restarted with transitional"),
        );
    }
}
