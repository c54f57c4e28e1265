use ringlock_config::resolve::ClientAuth;
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
    explanation: "Without require_client_auth no node asks the one that dials for a certificate, so whoever \
         reaches the port may speak as a node. Encryption alone keeps eavesdroppers out, \
         not strangers. Set it to true once every node has a certificate that the others trust.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    let block = node.server;
    let key = "require_client_auth";
    let setting = &block.tls.require_client_auth;
    let message = match setting.value {
        ClientAuth::NotRequired => "nodes that dial are not asked for a certificate",
        ClientAuth::Optional => "nodes that dial may leave their certificate out",
        ClientAuth::Required => return,
    };
    if block.in_use {
        let mut finding = RULE
            .on(node, block.at(setting), block.path(key), message)
            .expected("true");
        finding.found = block.written(key).map(str::to_owned);
        found.push(finding);
    }
}
