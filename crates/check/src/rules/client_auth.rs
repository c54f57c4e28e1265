use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "client-auth-off",
    severity: Severity::Warning,
    requirement: "ROLL-33 DSE-19",
    title: "links between nodes are encrypted, and anyone may dial",
    explanation: "Without require_client_auth a node shows no certificate when it dials, so whoever \
         reaches the port may join the conversation. Encryption alone keeps eavesdroppers out, \
         not strangers. Set it to true once every node has a certificate that the others trust.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    let section = node.server;
    let key = "require_client_auth";
    if node.internode_is_on() && !section.is_on(key) {
        let mut finding = RULE
            .on(
                node,
                section.place(key),
                section.path(key),
                "nodes that dial are not asked for a certificate",
            )
            .expected("true");
        if let Some(text) = section.text(key) {
            finding = finding.found(text);
        }
        found.push(finding);
    }
}
