use ringlock_finding::{Finding, Severity};

use crate::facts::State;
use crate::{
    node::Node,
    rule::{Check, Rule},
};
use ringlock_files::{FileError, read_limited};
use ringlock_store::MAX_BYTES;

pub(super) static RULE: Rule = Rule {
    code: "file-not-looked-at",
    severity: Severity::Note,
    requirement: "",
    title: "a file could not be looked at",
    explanation: "The user that runs the check has no right to the file or its folder, so nothing is \
         known of its mode, its owner and what it holds. Run the check as the database's user \
         or as root.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for file in node.files.iter() {
        let denied = match &file.state {
            State::Denied => true,
            State::Here(facts) => read_limited(&facts.path, MAX_BYTES)
                .is_err_and(|error| matches!(error, FileError::Denied { .. })),
            _ => false,
        };
        if denied {
            found.push(
                RULE.on(
                    node,
                    file.at,
                    file.path_of_key(),
                    "may not be looked at by this user",
                )
                .found(file.written.as_str())
                .hint("run the check as the database's user"),
            );
        }
    }
}
