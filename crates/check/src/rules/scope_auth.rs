use ringlock_finding::{Finding, Severity};

use crate::node::Scope;
use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "scope-with-client-auth",
    severity: Severity::Warning,
    requirement: "G-24",
    title: "certificates are demanded, and a peer can evade that",
    explanation: "With dc or rack the node decides by the address that a peer claims whether it must use \
         TLS, so that require_client_auth can be evaded by claiming another one. Cassandra and \
         ScyllaDB warn of it at start. Use all.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    let section = node.server;
    if matches!(node.scope(), Scope::Dc | Scope::Rack) && section.is_on("require_client_auth") {
        found.push(
            RULE.on(
                node,
                section.place("internode_encryption"),
                section.path("internode_encryption"),
                "a peer evades require_client_auth by claiming an address that needs no TLS",
            )
            .found(section.text("internode_encryption").unwrap_or_default())
            .expected("all"),
        );
    }
}
