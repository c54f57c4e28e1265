use ringlock_config::resolve::ClientAuth;
use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "scylla-without-truststore",
    severity: Severity::Error,
    requirement: "SCY-12 G-08",
    title: "ScyllaDB has no truststore, so it trusts nobody",
    explanation: "Since 4.6 ScyllaDB no longer falls back to the certificates of the operating system, \
         though its documentation says so: without truststore there is no trusted certificate \
         at all. The side that dials always verifies, so every encrypted link between nodes \
         fails; so does every client that must show a certificate. Name the PEM file of the CA.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    if !node.is_scylla() {
        return;
    }
    for block in node.blocks().filter(|block| block.in_use) {
        let dials = block.name == node.server.name;
        let demands = block.tls.require_client_auth.value == ClientAuth::Required;
        if (dials || demands) && block.tls.truststore.value.is_none() {
            found.push(
                RULE.on(
                    node,
                    block.at(&block.tls.truststore),
                    block.path("truststore"),
                    "missing; without it every certificate is refused, as the system's are not used",
                )
                .expected("the path of a PEM file with the trusted CAs")
                .hint(format!("add truststore to {}", block.name)),
            );
        }
    }
}
