use ringlock_finding::{Finding, Severity};

use crate::{
    block::given,
    node::Node,
    rule::{Check, Rule},
};
use ringlock_suites::priority::{Priorities, WarningKind};

pub(super) static RULE: Rule = Rule {
    code: "priority-string-surprising",
    severity: Severity::Warning,
    requirement: "SCY-17 B-25",
    title: "the priority string does not do what it seems to",
    explanation: "GnuTLS accepts the string, and an element of it has no effect, takes a protection away \
         or leaves old versions enabled. The string replaces ScyllaDB's default, \
         SECURE128:-VERS-TLS1.0, and does not add to it.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for block in node.blocks().filter(|_| node.is_scylla()) {
        let setting = &block.tls.priority_string;
        let Some(text) = given(setting) else { continue };
        let Ok(priorities) = Priorities::parse(text) else {
            continue;
        };
        for warning in priorities.warnings() {
            let message = match warning.element.as_str() {
                "" => warning.kind.to_string(),
                element => format!("{element} {}", warning.kind),
            };
            let severity = match warning.kind {
                WarningKind::NoVersion | WarningKind::NoSuite | WarningKind::OnlyDatagrams => {
                    Severity::Error
                }
                WarningKind::Ignored
                | WarningKind::BeyondLimit
                | WarningKind::ThereAlready
                | WarningKind::NotThere
                | WarningKind::UndoneBy(_) => Severity::Note,
                _ => Severity::Warning,
            };
            found.push(
                RULE.on(
                    node,
                    block.at(setting),
                    block.path("priority_string"),
                    message,
                )
                .severity(severity)
                .found(text),
            );
        }
    }
}
