use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "native-port-plaintext",
    severity: Severity::Warning,
    requirement: "G-10 C3C-18",
    title: "clients still have a plaintext port beside the TLS port",
    explanation: "With a second port for TLS the first one speaks plaintext only, whatever \
         client_encryption_options says. Close it by a firewall, or remove \
         native_transport_port_ssl so that the one port speaks TLS. In ScyllaDB remove \
         native_transport_port instead.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    const PORT: &str = "native_transport_port_ssl";
    let ports = &node.resolved.ports;
    let (plain, tls) = (&ports.native_transport, &ports.native_transport_ssl);
    let Some(port) = tls.value.filter(|port| *port != 0) else {
        return;
    };
    let drops_plain = node.is_scylla() && (!plain.is_given() || plain.value == 0);
    if node.is_ringlock() || drops_plain || plain.value == port || !node.client.in_use {
        return;
    }
    let message = format!(
        "leaves port {} in plaintext: passwords and data are readable there",
        plain.value
    );
    found.push(
        RULE.on(node, node.at(tls), PORT, message)
            .found(port.to_string())
            .hint("remove the second port, or keep clients off the first"),
    );
}
