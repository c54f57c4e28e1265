use ringlock_config::resolve::Base;
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
         which a service manager sets to / unless told otherwise. Write absolute paths. In DSE \
         they start from the installation folder, so nothing is said there.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for file in node.files.iter() {
        let depends = matches!(
            file.base,
            Base::WorkingDirectory | Base::Process | Base::ScyllaConf
        );
        if !depends {
            continue;
        }
        found.push(
            RULE.on(
                node,
                file.at,
                file.path_of_key(),
                "is relative to the folder where the database is started",
            )
            .found(file.written.as_str())
            .expected("an absolute path"),
        );
    }
}
