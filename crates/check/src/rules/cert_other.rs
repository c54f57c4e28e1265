use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};
use ringlock_pki::IdentityError;

pub(super) static RULE: Rule = Rule {
    code: "identity-unusable",
    severity: Severity::Error,
    requirement: "SCY-10 SCY-11",
    title: "key and certificate do not make an identity",
    explanation: "There is no key, no certificate, several keys, or a certificate without any name of \
         its holder. Put exactly one key and its chain of certificates into the files.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for (stores, own) in node.identities() {
        let Err(error) = &own.value else { continue };
        // The databases compare no names unless they are told to.
        let severity = match error {
            IdentityError::NoNames { .. } if !node.is_ringlock() => Severity::Warning,
            // JSSE chooses among them by what the peer asks for.
            IdentityError::ManyKeys { .. } if node.is_java() => Severity::Warning,
            IdentityError::NoKey
            | IdentityError::ManyKeys { .. }
            | IdentityError::NoCertificate
            | IdentityError::RevocationList
            | IdentityError::Key(_)
            | IdentityError::Leaf(_)
            | IdentityError::NoNames { .. } => Severity::Error,
            _ => continue,
        };
        let finding = RULE.about(node, stores, own, error.to_string());
        let severity = finding.severity.min(severity);
        found.push(finding.severity(severity));
    }
}
