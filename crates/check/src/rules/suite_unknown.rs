use ringlock_finding::{Finding, Severity};

use crate::{
    block::items,
    node::Node,
    rule::{Check, Rule},
};
use ringlock_suites::{Suite, Vocabulary};

pub(super) static RULE: Rule = Rule {
    code: "suite-unknown",
    severity: Severity::Error,
    requirement: "C3C-13 G-11",
    title: "a cipher suite has a name that the product does not know",
    explanation: "Cassandra and DSE compare the names of cipher_suites exactly, letter case included, \
         with those of Java. A name that Java does not know is dropped, with a warning in the \
         log at best; when none is left, no connection can be made, and Cassandra from 4.0 on \
         does not start. Write the names as Java lists them.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for block in node.blocks().filter(|_| node.is_java()) {
        let is_known = |name: &str| Suite::in_vocabulary(Vocabulary::Jsse, name).is_some();
        let any_left = items(&block.tls.cipher_suites).any(|(_, name)| is_known(name));
        let (message, severity) = if any_left {
            (
                "no suite of this name in Java; it is dropped",
                Severity::Warning,
            )
        } else {
            (
                "no suite of this name in Java; it is dropped, and none is left",
                Severity::Error,
            )
        };
        for (at, name) in items(&block.tls.cipher_suites) {
            if is_known(name) {
                continue;
            }
            let mut finding = RULE
                .on(node, at, block.path("cipher_suites"), message)
                .severity(severity)
                .found(name);
            if let Some(near) = Suite::nearest(name, Vocabulary::Jsse) {
                finding = finding.hint(format!("did you mean \"{near}\"?"));
            }
            found.push(finding);
        }
    }
}
