use ringlock_config::Dialect;
use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};
use std::net::IpAddr;

pub(super) static RULE: Rule = Rule {
    code: "certificate-lacks-address",
    severity: Severity::Warning,
    requirement: "ROLL-35 DSE-21 G-04 G-05",
    title: "the certificate does not have the node's address",
    explanation: "Peers that verify endpoints compare the address they dialled with the subject \
         alternative names of the certificate; DSE takes IP addresses only. With \
         require_endpoint_verification on, a node whose certificate lacks its address is shut \
         out. Issue one with listen_address and broadcast_address, and rpc_address for clients. \
         ScyllaDB compares no addresses between nodes, so there it is a note.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    let addresses = &node.resolved.addresses;
    let nodes = [
        ("listen_address", &addresses.listen),
        ("broadcast_address", &addresses.broadcast),
    ];
    let (own, told) = match node.dialect {
        Dialect::Dse60 | Dialect::Dse67 => (
            "native_transport_address",
            "native_transport_broadcast_address",
        ),
        _ => ("rpc_address", "broadcast_rpc_address"),
    };
    let clients = [
        (own, &addresses.client),
        (told, &addresses.client_broadcast),
    ];
    for (stores, own) in node.identities() {
        let Ok(identity) = &own.value else { continue };
        if own.key.contains("outbound") {
            continue;
        }
        let internode = stores.section == node.server.name;
        let verified = internode && node.server.tls.require_endpoint_verification.value;
        for (key, setting) in if internode { nodes } else { clients } {
            let address = setting.value.as_ref().and_then(|text| text.parse().ok());
            let Some(address) = address.filter(|it: &IpAddr| !it.is_unspecified()) else {
                continue;
            };
            if identity.leaf.covers(address) {
                continue;
            }
            let message = format!(
                "the certificate of {} lacks the node's {key} {address}",
                identity.leaf.subject
            );
            // ScyllaDB never compares addresses between nodes.
            let severity = match verified {
                true => Severity::Error,
                false if internode && node.is_scylla() => Severity::Note,
                false => Severity::Warning,
            };
            found.push(
                RULE.about(node, stores, own, message)
                    .severity(severity)
                    .expected(format!("the subject alternative name IP:{address}")),
            );
        }
    }
}
