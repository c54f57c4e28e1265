use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};
use ringlock_config::resolve::Policy;

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
    let setting = &node.resolved.server.legacy_ssl_storage_port;
    let has_it = node.is_java() && !node.is_dse();
    if !has_it || !setting.value || node.server_policy(false) != Policy::Unencrypted {
        return;
    }
    // A keystore that cannot be seen from here would let the node start.
    let severity = match node.keystore_exists(&node.server) {
        Some(_) => Severity::Error,
        None => Severity::Warning,
    };
    let current = "legacy_ssl_storage_port_enabled";
    let key = match node.server.entry(current) {
        Some(_) => current,
        None => "enable_legacy_ssl_storage_port",
    };
    found.push(
        RULE.on(
            node,
            node.server.at(setting),
            node.server.path(key),
            "needs internode_encryption, which is none; without a keystore the node does not start",
        )
        .severity(severity)
        .found(node.server.written(key).unwrap_or("true"))
        .expected("false, or internode_encryption other than none"),
    );
}
