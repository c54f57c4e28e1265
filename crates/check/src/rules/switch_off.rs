use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "switch-silently-off",
    severity: Severity::Error,
    requirement: "SCY-16",
    title: "a switch in ScyllaDB's blocks is off because of how it is written",
    explanation: "Within its encryption blocks ScyllaDB takes true and 1 for on, in any letter case, and \
         everything else for off: yes, on, y and every typing mistake. No message tells. Write \
         true or false.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    const SWITCHES: [&str; 3] = ["enabled", "require_client_auth", "enable_session_tickets"];
    if !node.is_scylla() {
        return;
    }
    for (section, _) in node.sections() {
        for key in SWITCHES {
            let Some(text) = section.text(key) else {
                continue;
            };
            let lower = text.to_ascii_lowercase();
            let known = matches!(lower.as_str(), "true" | "1" | "false" | "0" | "no" | "off")
                || (key == "require_client_auth" && lower == "optional");
            if !known {
                found.push(
                    RULE.on(
                        node,
                        section.place(key),
                        section.path(key),
                        "ScyllaDB takes this for false",
                    )
                    .found(text)
                    .expected("true or false"),
                );
            }
        }
    }
}
