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
    let Some(port) = node.port(PORT) else { return };
    let written = node.port("native_transport_port");
    if node.is_ringlock() || (node.is_scylla() && written.is_none()) {
        return;
    }
    let plain = written.unwrap_or(9042);
    if plain != port && node.client_is_on() {
        let message =
            format!("leaves port {plain} in plaintext: passwords and data are readable there");
        found.push(
            RULE.on(node, node.top_place(PORT), PORT, message)
                .found(port.to_string())
                .hint("remove the second port, or keep clients off the first"),
        );
    }
}
