use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};
use ringlock_pki::TrustError;

pub(super) static RULE: Rule = Rule {
    code: "truststore-unusable",
    severity: Severity::Error,
    requirement: "C3N-14 ROLL-57",
    title: "the truststore does not hold what can be trusted",
    explanation: "A truststore holds certificates of CAs, at least one of them valid, and never a \
         private key: it goes to every node.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for stores in node.stores {
        let Some(trust) = &stores.trust else { continue };
        if let Err(error) = &trust.value {
            let finding = RULE.about(node, stores, trust, error.to_string());
            // The databases trust whatever certificate is in it, a node's own as well.
            let severity = match error {
                TrustError::NotCa { .. } if !node.is_ringlock() => Severity::Warning,
                _ => finding.severity,
            };
            found.push(finding.severity(severity));
        }
    }
}
