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
         out. Issue one with listen_address and broadcast_address, and rpc_address for clients.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    const SERVER: &[&str] = &["listen_address", "broadcast_address"];
    const CLIENT: &[&str] = &[
        "rpc_address",
        "broadcast_rpc_address",
        "native_transport_address",
        "native_transport_broadcast_address",
    ];
    for stores in node.stores {
        let Some(own) = &stores.own else { continue };
        let Ok(identity) = &own.value else { continue };
        let internode = stores.section != node.client.name;
        let verified = internode && node.server.is_on("require_endpoint_verification");
        let severity = if verified {
            Severity::Error
        } else {
            Severity::Warning
        };
        for key in if internode { SERVER } else { CLIENT } {
            let address = node
                .top_text(key)
                .and_then(|text| text.parse::<IpAddr>().ok());
            let Some(address) = address.filter(|it| !it.is_unspecified()) else {
                continue;
            };
            if !identity.leaf.covers(address) {
                let message = format!(
                    "the certificate of {} lacks the node's {key} {address}",
                    identity.leaf.subject
                );
                let path = format!("{}.{}", stores.section, own.key);
                found.push(
                    RULE.on(node, own.at, path, message)
                        .severity(severity)
                        .found(own.written.as_str())
                        .expected(format!("the subject alternative name IP:{address}")),
                );
            }
        }
    }
}
