use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};
use ringlock_pki::IdentityError;

pub(super) static RULE: Rule = Rule {
    code: "key-certificate-mismatch",
    severity: Severity::Error,
    requirement: "SCY-11",
    title: "the private key is not that of the certificate",
    explanation: "The certificate holds another public key than the private key's. No handshake can be \
         signed with it: the node does not start, or every connection fails. Put the pair \
         together again, or issue the certificate anew.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for (stores, own) in node.identities() {
        if let Err(error @ IdentityError::Mismatch { .. }) = &own.value {
            found.push(RULE.about(node, stores, own, error.to_string()));
        }
    }
}
