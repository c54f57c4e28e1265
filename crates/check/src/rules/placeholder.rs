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
    for block in node.blocks() {
        for (key, entry) in block.entries() {
            let text = entry.node.scalar().unwrap_or_default().trim();
            if text.starts_with('<') && text.ends_with('>') && !is_secret(key) {
                found.push(
                    RULE.on(
                        node,
                        entry.node.at,
                        block.path(key),
                        "is a placeholder, and taken as it stands",
                    )
                    .found(text)
                    .hint("write the value, or comment the line out"),
                );
            }
        }
    }
}
