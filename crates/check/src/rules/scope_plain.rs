use ringlock_finding::{Finding, Severity};

use crate::node::Scope;
use crate::{
    node::Node,
    rule::{Check, Rule},
};

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
    let section = node.server;
    let left_out = match node.scope() {
        Scope::Dc => "links within the datacenter stay in plaintext, and so does their port",
        Scope::Rack => "links within the rack stay in plaintext, and so does their port",
        _ => return,
    };
    let key = "internode_encryption";
    found.push(
        RULE.on(node, section.place(key), section.path(key), left_out)
            .found(section.text(key).unwrap_or_default())
            .expected("all, where every link is to be encrypted"),
    );
}
