use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};
use ringlock_config::Dialect;

pub(super) static RULE: Rule = Rule {
    code: "pkcs11-version",
    severity: Severity::Error,
    requirement: "DSE-16 G-03",
    title: "this version of DSE has no PKCS11",
    explanation: "Hardware tokens are supported from DSE 6.7 on, for the workload cassandra; for the \
         workload advanced from 6.8.2 on. Older versions say in their documentation that PKCS11 \
         is not supported.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for (section, _) in node.sections() {
        for key in ["keystore_type", "store_type"] {
            let kind = section.text(key);
            if !node.is_dse() || !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("PKCS11")) {
                continue;
            }
            let finding = if node.dialect == Dialect::Dse67 {
                RULE.on(
                    node,
                    section.place(key),
                    section.path(key),
                    "works on nodes of the workload cassandra, and advanced from DSE 6.8.2 on",
                )
                .severity(Severity::Note)
            } else {
                let message = format!("not supported by {}", node.dialect);
                RULE.on(node, section.place(key), section.path(key), message)
                    .expected("PKCS12, JKS or JCEKS")
            };
            found.push(finding.found("PKCS11"));
        }
    }
}
