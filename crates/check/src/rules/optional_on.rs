use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "optional-left-on",
    severity: Severity::Warning,
    requirement: "ROLL-31 G-14",
    title: "plaintext is accepted beside TLS",
    explanation: "optional: true is for the time of a rolling change, while nodes or clients without TLS \
         remain. Left on, whoever reaches the port may speak plaintext. Set it to false once \
         all have been changed and restarted.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for (section, in_use) in node.sections() {
        if !node.is_scylla() && in_use && section.is_on("optional") {
            found.push(
                RULE.on(
                    node,
                    section.place("optional"),
                    section.path("optional"),
                    "plaintext is accepted as long as this is on",
                )
                .found("true")
                .expected("false, once every peer speaks TLS"),
            );
        }
    }
}
