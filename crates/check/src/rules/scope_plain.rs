use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};
use ringlock_config::resolve::InternodeScope;

pub(super) static RULE: Rule = Rule {
    code: "scope-leaves-plaintext",
    severity: Severity::Note,
    requirement: "C3N-31 B-01",
    title: "some links between nodes stay in plaintext",
    explanation: "dc encrypts links to other datacenters only, rack those to other racks as well. \
         Everything else is plaintext, and the plaintext port stays open. That is a choice; all \
         leaves nothing out.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    let block = node.server;
    let left_out = match node.scope() {
        InternodeScope::Dc => {
            "links within the datacenter stay in plaintext, and a plaintext port stays open"
        }
        InternodeScope::Rack => {
            "links within the rack stay in plaintext, and a plaintext port stays open"
        }
        InternodeScope::None | InternodeScope::All | InternodeScope::Transitional => return,
    };
    found.push(
        RULE.on(
            node,
            block.at(&node.resolved.server.internode_encryption),
            block.path("internode_encryption"),
            left_out,
        )
        .found(node.scope().word())
        .expected("all, where every link is to be encrypted"),
    );
}
