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
    let server = (node.server, node.internode_is_on());
    let demands = node.client_is_on() && node.client.is_on("require_client_auth");
    for (section, verifies) in [server, (node.client, demands)] {
        if verifies && section.entry("truststore").is_none() {
            found.push(
                RULE.on(
                    node,
                    section.place("truststore"),
                    section.path("truststore"),
                    "missing; without it every certificate is refused, as the system's are not used",
                )
                .expected("the path of a PEM file with the trusted CAs")
                .hint(format!("add truststore to {}", section.name)),
            );
        }
    }
}
