use ringlock_config::resolve::Policy;
use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "ssl-port-without-encryption",
    severity: Severity::Error,
    requirement: "C3C-20",
    title: "a TLS port for clients is set, and client encryption is off",
    explanation: "Cassandra and DSE do not start when native_transport_port_ssl differs from \
         native_transport_port and client_encryption_options is not enabled: \"Encryption must \
         be enabled in client_encryption_options for native_transport_port_ssl\". ScyllaDB \
         starts and does not open the port. Enable client encryption or remove the port.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    const PORT: &str = "native_transport_port_ssl";
    let ports = &node.resolved.ports;
    let setting = &ports.native_transport_ssl;
    let Some(port) = setting.value.filter(|port| *port != 0) else {
        return;
    };
    let exists = node.keystore_exists(&node.client).unwrap_or(false);
    let allowed = node.resolved.client.policy(exists) != Policy::Unencrypted;
    if node.is_ringlock() || allowed || port == ports.native_transport.value {
        return;
    }
    let (message, severity) = if node.is_scylla() {
        (
            "stays closed, as client_encryption_options is not enabled",
            Severity::Warning,
        )
    } else {
        (
            "needs client encryption; the node does not start",
            Severity::Error,
        )
    };
    found.push(
        RULE.on(node, node.at(setting), PORT, message)
            .severity(severity)
            .found(port.to_string())
            .hint("set client_encryption_options.enabled: true, or remove the port"),
    );
}
