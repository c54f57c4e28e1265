use ringlock_finding::{Finding, Severity};

use crate::facts::Purpose;
use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "trust-file-writable",
    severity: Severity::Error,
    requirement: "ROLL-17",
    title: "others than the database may change what is trusted",
    explanation: "Whoever can write the truststore, the certificate or the revocation list decides who \
         is believed. ROLL-17 asks for mode 600; reading does no harm, as certificates are \
         public.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for file in node.files.iter() {
        let Some(facts) = file.facts() else { continue };
        let private = matches!(file.purpose, Purpose::Key | Purpose::Password);
        if private || facts.mode & 0o022 == 0 {
            continue;
        }
        let who = if facts.mode & 0o002 != 0 {
            "every user"
        } else {
            "its group"
        };
        let severity = if facts.mode & 0o002 != 0 {
            Severity::Error
        } else {
            Severity::Warning
        };
        let message = format!("{who} may change it (mode {:04o})", facts.mode);
        found.push(
            RULE.on(node, file.at, file.path_of_key(), message)
                .severity(severity)
                .found(file.written.as_str())
                .expected("mode 0600, or 0644 for certificates alone")
                .hint(format!("chmod go-w {}", facts.path.display())),
        );
    }
}
