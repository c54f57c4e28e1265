use ringlock_finding::{Finding, Severity};

use crate::{
    certificates::Stores,
    node::Node,
    rule::{Check, Rule},
};
use ringlock_pki::IdentityError;

pub(super) static RULE: Rule = Rule {
    code: "certificate-usage",
    severity: Severity::Error,
    requirement: "C3N-12",
    title: "the node's certificate may not be used for what the node does",
    explanation: "A node dials and is dialled, so where its certificate restricts its use it needs \
         serverAuth, clientAuth and digitalSignature; one that is for clients alone needs no \
         clientAuth, and that of outbound_keystore no serverAuth. It must not be a CA's. Issue \
         a fitting one.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for (stores, own) in node.identities() {
        let Err(error) = &own.value else { continue };
        let counts = match error {
            IdentityError::IsCa { .. } => true,
            IdentityError::Usage { missing, .. } => missing
                .iter()
                .any(|usage| is_needed(node, stores, own.key, usage)),
            _ => false,
        };
        if counts {
            // What the databases' TLS libraries do about a CA's certificate depends on who looks.
            let severity = match error {
                IdentityError::IsCa { .. } if !node.is_ringlock() => Severity::Warning,
                _ => Severity::Error,
            };
            let finding = RULE.about(node, stores, own, error.to_string());
            let severity = finding.severity.min(severity);
            found.push(finding.severity(severity));
        }
    }
}

/// Whether a certificate with this part needs the usage: who only listens needs no clientAuth,
/// who only dials no serverAuth.
fn is_needed(node: &Node<'_>, stores: &Stores, key: &str, usage: &str) -> bool {
    let outbound = key.contains("outbound");
    let dials = stores.section == node.server.name
        && (outbound || node.resolved.server.outbound_keystore.value.is_none());
    match usage {
        "clientAuth" => dials,
        "serverAuth" => !outbound,
        _ => true,
    }
}
