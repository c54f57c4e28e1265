use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};
use ringlock_config::Dialect;

pub(super) static RULE: Rule = Rule {
    code: "endpoint-verification-off",
    severity: Severity::Note,
    requirement: "DSE-20 ROLL-34",
    title: "a certificate is not compared with the address of its node",
    explanation: "Without require_endpoint_verification any certificate of a trusted CA passes for any \
         node. Set it to true after the certificate of every node has the addresses that the \
         others use as subject alternative names; DSE compares IP addresses.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    let block = node.server;
    let setting = &block.tls.require_endpoint_verification;
    let has_it = !node.is_scylla() && node.dialect != Dialect::Cassandra30;
    if has_it && block.in_use && !setting.value {
        found.push(
            RULE.on(
                node,
                block.at(setting),
                block.path("require_endpoint_verification"),
                "a trusted certificate passes for any node",
            )
            .expected("true, once all certificates have their node's addresses"),
        );
    }
}
