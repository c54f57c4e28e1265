use ringlock_finding::{Finding, Severity};

use crate::facts::State;
use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "file-missing",
    severity: Severity::Error,
    requirement: "C3N-12 C3N-14",
    title: "a file that is named is not there",
    explanation: "The node does not start, or starts without what the file should give. Where the folder \
         does not exist either, the configuration is probably of another machine and nothing is \
         said.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for file in node.files.iter() {
        let message = match file.state {
            State::Missing => "does not exist".to_owned(),
            State::NoFile { kind } => format!("is {kind}, not a file"),
            _ => continue,
        };
        let severity = if file.in_use {
            Severity::Error
        } else {
            Severity::Note
        };
        found.push(
            RULE.on(node, file.at, file.path_of_key(), message)
                .severity(severity)
                .found(file.written.as_str())
                .expected("the path of a file"),
        );
    }
}
