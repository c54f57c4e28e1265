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
    for block in node.blocks().filter(|_| node.is_scylla()) {
        for key in SWITCHES {
            let path = block.path(key);
            let unfit = node.reading_of(&path).any(|told| told.code == "bad-value");
            let written = block.written(key).filter(|_| unfit);
            // A word that a later version knows; reading says so.
            let Some(text) = written.filter(|text| !text.eq_ignore_ascii_case("optional")) else {
                continue;
            };
            found.push(
                RULE.on(
                    node,
                    block.place(key),
                    path,
                    "ScyllaDB takes this for false",
                )
                .found(text)
                .expected("true or false"),
            );
        }
    }
}
