use ringlock_finding::{Finding, Severity};

use crate::{
    block::given,
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "pkcs11-truststore",
    severity: Severity::Error,
    requirement: "DSE-22 G-02",
    title: "a truststore cannot be PKCS11",
    explanation: "DSE reads truststores of the types JKS, JCEKS and PKCS12 only; PKCS11 is for the \
         keystore alone. Put the trusted certificates into a PKCS12 file.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for block in node.blocks().filter(|_| node.is_dse()) {
        let setting = &block.tls.truststore_type;
        let kind = given(setting).filter(|kind| kind.eq_ignore_ascii_case("PKCS11"));
        if let Some(kind) = kind {
            found.push(
                RULE.on(
                    node,
                    block.at(setting),
                    block.path("truststore_type"),
                    "not allowed for a truststore",
                )
                .found(kind)
                .expected("PKCS12, JKS or JCEKS"),
            );
        }
    }
}
