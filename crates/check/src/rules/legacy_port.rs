use ringlock_finding::{Finding, Severity};

use crate::node::Scope;
use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "legacy-port-without-encryption",
    severity: Severity::Error,
    requirement: "B-02",
    title: "the TLS port for older versions is on, and internode encryption is off",
    explanation: "legacy_ssl_storage_port_enabled keeps ssl_storage_port open with TLS while an already \
         encrypted cluster is upgraded to 4.0. With internode_encryption: none Cassandra \
         refuses to start, unless a keystore file makes TLS optional.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for key in [
        "legacy_ssl_storage_port_enabled",
        "enable_legacy_ssl_storage_port",
    ] {
        let section = node.server;
        if node.has_one_port()
            && section.is_on(key)
            && node.scope() == Scope::None
            && !section.is_on("optional")
        {
            found.push(
                RULE.on(
                    node,
                    section.place(key),
                    section.path(key),
                    "needs internode_encryption, which is none",
                )
                .found("true")
                .expected("false, or internode_encryption other than none"),
            );
        }
    }
}
