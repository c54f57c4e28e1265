use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "blank-value-drops-block",
    severity: Severity::Error,
    requirement: "G-25",
    title: "a value without a single text makes ScyllaDB drop the whole block",
    explanation: "ScyllaDB reads each encryption block as words with one text each. One blank value, \
         list or nested block makes the reading fail: a line goes to the log, all of the block \
         is dropped and its defaults are used. For links between nodes that means plaintext. \
         Remove the key or give it a value.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    if !node.is_scylla() {
        return;
    }
    for block in node.blocks() {
        for (key, entry) in block.entries() {
            if entry.node.scalar().is_some() {
                continue;
            }
            let message = format!(
                "has no single text, so ScyllaDB drops all of {} and goes on with its defaults",
                block.name
            );
            found.push(
                RULE.on(node, entry.at, block.path(key), message)
                    .expected("a value, or no such key")
                    .hint("remove the line or comment it out"),
            );
        }
    }
}
