use ringlock_finding::{Finding, Severity};

use crate::certificates::leads_to;
use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "certificate-untrusted",
    severity: Severity::Error,
    requirement: "C3N-14 DSE-23",
    title: "the node's certificate was issued by none of the CAs that it trusts",
    explanation: "The nodes of a cluster trust the same CAs, so a certificate that its own node would \
         refuse is refused by the others as well. The chain in the key's file is incomplete, or \
         the truststore is another cluster's.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for (stores, own) in node.identities() {
        let Some(trust) = &stores.trust else { continue };
        let (Ok(identity), Ok(trusted)) = (&own.value, &trust.value) else {
            continue;
        };
        let internode = stores.section == node.server.name;
        if internode && !leads_to(identity, trusted) {
            let message = format!(
                "the certificate of {} leads to none of the CAs in {}",
                identity.leaf.subject,
                trust.written.as_deref().unwrap_or("trusted_certificates")
            );
            found.push(
                RULE.about(node, stores, own, message)
                    .hint("put the issuer's certificate into the truststore of every node"),
            );
        }
    }
}
