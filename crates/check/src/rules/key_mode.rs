use ringlock_finding::{Finding, Severity};

use crate::facts::Purpose;
use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "key-file-open",
    severity: Severity::Error,
    requirement: "ROLL-16",
    title: "others than the database may read or change the private key",
    explanation: "The file with the private key belongs to the database's user with mode 600, or 640 \
         where its group is the database's. Whoever can read it can pass for the node; whoever \
         can write it can replace it. Close it with chmod 600.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for file in node.files.iter() {
        let Some(facts) = file.facts() else { continue };
        let private = matches!(file.purpose, Purpose::Key | Purpose::Password);
        if !private || facts.mode & 0o037 == 0 {
            continue;
        }
        let who = match facts.mode {
            mode if mode & 0o004 != 0 => "every user may read it",
            mode if mode & 0o002 != 0 => "every user may change it",
            mode if mode & 0o020 != 0 => "its group may change it",
            _ => "others than its owner may execute it",
        };
        let severity = if facts.mode & 0o026 != 0 {
            Severity::Error
        } else {
            Severity::Warning
        };
        found.push(
            RULE.on(
                node,
                file.at,
                file.path_of_key(),
                format!("{who} (mode {:04o})", facts.mode),
            )
            .severity(severity)
            .found(file.written.as_str())
            .expected("mode 0600")
            .hint(format!("chmod 600 {}", facts.path.display())),
        );
    }
}
