use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "relative-path",
    severity: Severity::Note,
    requirement: "C3C-14",
    title: "a path depends on where the database was started",
    explanation: "Cassandra and ScyllaDB open relative paths from the working directory of the process, \
         which a service manager sets to / unless told otherwise; DSE takes its installation \
         folder. Write absolute paths.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for file in node.files.iter() {
        if !node.is_ringlock() && !file.written.starts_with('/') {
            let base = if node.is_dse() {
                "the installation folder"
            } else {
                "the folder where the database is started"
            };
            found.push(
                RULE.on(
                    node,
                    file.at,
                    file.path_of_key(),
                    format!("is relative to {base}"),
                )
                .found(file.written.as_str())
                .expected("an absolute path"),
            );
        }
    }
}
