use ringlock_finding::{Finding, Severity};

use crate::{
    block::given,
    node::Node,
    rule::{Check, Rule},
};
use ringlock_suites::priority::Priorities;

pub(super) static RULE: Rule = Rule {
    code: "priority-string-refused",
    severity: Severity::Error,
    requirement: "SCY-17",
    title: "GnuTLS refuses the priority string",
    explanation: "ScyllaDB hands priority_string to GnuTLS, and a string that GnuTLS does not take stops \
         the node at start. The elements are parted by colons; a keyword such as SECURE128 or \
         NORMAL comes first, and each of the others begins with +, -, ! or %.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for block in node.blocks().filter(|_| node.is_scylla()) {
        let setting = &block.tls.priority_string;
        let Some(text) = given(setting) else { continue };
        if let Err(error) = Priorities::parse(text) {
            found.push(
                RULE.on(
                    node,
                    block.at(setting),
                    block.path("priority_string"),
                    error.to_string(),
                )
                .found(text)
                .expected("a string such as SECURE128:-VERS-TLS1.0:-VERS-TLS1.1"),
            );
        }
    }
}
