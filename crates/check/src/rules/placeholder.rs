use ringlock_finding::{Finding, Severity};

use crate::secrets::is_secret;
use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "placeholder-left",
    severity: Severity::Error,
    requirement: "",
    title: "a placeholder of the shipped file was taken for a value",
    explanation: "ScyllaDB's shipped file has placeholders such as <not set, use system trust> behind \
         commented keys. Uncommented they are values: the name of a file that does not exist, \
         or a word that means nothing.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for (section, _) in node.sections() {
        for entry in section.entries() {
            let text = entry.node.scalar().unwrap_or_default();
            if text.starts_with('<') && text.ends_with('>') && !is_secret(&entry.key) {
                found.push(
                    RULE.on(
                        node,
                        entry.node.at,
                        section.path(&entry.key),
                        "is a placeholder, and taken as it stands",
                    )
                    .found(text)
                    .hint("write the value, or comment the line out"),
                );
            }
        }
    }
}
