use ringlock_finding::{Finding, Severity};

use crate::{
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
    for (section, _) in node.sections() {
        let key = "truststore_type";
        let kind = section.text(key);
        if node.is_dse() && kind.is_some_and(|kind| kind.eq_ignore_ascii_case("PKCS11")) {
            found.push(
                RULE.on(
                    node,
                    section.place(key),
                    section.path(key),
                    "not allowed for a truststore",
                )
                .found("PKCS11")
                .expected("PKCS12, JKS or JCEKS"),
            );
        }
    }
}
