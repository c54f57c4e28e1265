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
    let Some(port) = node.port(PORT) else { return };
    let plain = node.port("native_transport_port").unwrap_or(9042);
    let allowed = node.client_is_on() || node.client.is_on("optional");
    if node.is_ringlock() || allowed || port == plain {
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
        RULE.on(node, node.top_place(PORT), PORT, message)
            .severity(severity)
            .found(port.to_string())
            .hint("set client_encryption_options.enabled: true, or remove the port"),
    );
}
