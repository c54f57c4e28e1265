use ringlock_finding::{Finding, Severity};

use crate::{
    block::given,
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
    for block in node.blocks().filter(|_| node.is_dse()) {
        for (key, setting) in [
            ("keystore_type", &block.tls.keystore_type),
            ("store_type", &block.tls.store_type),
        ] {
            let kind = given(setting).filter(|kind| kind.eq_ignore_ascii_case("PKCS11"));
            let Some(kind) = kind else { continue };
            let (at, path) = (block.at(setting), block.path(key));
            let finding = if node.dialect == Dialect::Dse67 {
                let message =
                    "works on nodes of the workload cassandra, and advanced from DSE 6.8.2 on";
                RULE.on(node, at, path, message).severity(Severity::Note)
            } else {
                let message = format!("not supported by {}", node.dialect);
                RULE.on(node, at, path, message)
                    .expected("PKCS12, JKS or JCEKS")
            };
            found.push(finding.found(kind));
        }
    }
}
