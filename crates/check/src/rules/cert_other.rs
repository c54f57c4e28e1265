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
    for stores in node.stores {
        let Some(own) = &stores.own else { continue };
        let Err(error) = &own.value else { continue };
        if matches!(
            error,
            IdentityError::NoKey
                | IdentityError::ManyKeys { .. }
                | IdentityError::NoCertificate
                | IdentityError::Key(_)
                | IdentityError::Leaf(_)
                | IdentityError::NoNames { .. }
        ) {
            let severity = if stores.in_use {
                Severity::Error
            } else {
                Severity::Warning
            };
            let key = format!("{}.{}", stores.section, own.key);
            found.push(
                RULE.on(node, own.at, key, error.to_string())
                    .severity(severity)
                    .found(own.written.as_str()),
            );
        }
    }
}
