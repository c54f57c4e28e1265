use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};
use ringlock_config::resolve::{ClientAuth, InternodeScope};

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
    let block = node.server;
    let partial = matches!(node.scope(), InternodeScope::Dc | InternodeScope::Rack);
    if partial && block.tls.require_client_auth.value == ClientAuth::Required {
        found.push(
            RULE.on(
                node,
                block.at(&node.resolved.server.internode_encryption),
                block.path("internode_encryption"),
                "a peer evades require_client_auth by claiming an address that needs no TLS",
            )
            .found(node.scope().word())
            .expected("all"),
        );
    }
}
