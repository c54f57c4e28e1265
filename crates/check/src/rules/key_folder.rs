use ringlock_finding::{Finding, Severity};

use crate::facts::Purpose;
use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "key-folder-open",
    severity: Severity::Warning,
    requirement: "ROLL-15",
    title: "others may replace the files beside the private key",
    explanation: "Whoever can write to a folder can replace every file in it, whatever the files' own \
         modes are. The folder of keys belongs to the database's user with mode 750.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for file in node
        .files
        .iter()
        .filter(|file| file.purpose == Purpose::Key)
    {
        let Some(facts) = file.facts() else { continue };
        let Some(mode) = facts.folder_mode.filter(|mode| mode & 0o022 != 0) else {
            continue;
        };
        let everyone = mode & 0o002 != 0 && mode & 0o1000 == 0;
        let severity = if everyone {
            Severity::Error
        } else {
            Severity::Warning
        };
        let folder = facts.path.parent().unwrap_or(&facts.path).display();
        found.push(
            RULE.on(
                node,
                file.at,
                file.path_of_key(),
                format!("its folder has mode {mode:04o}: others may replace the key"),
            )
            .severity(severity)
            .found(file.written.as_str())
            .expected("a folder of mode 0750")
            .hint(format!("chmod 750 {folder}")),
        );
    }
}
