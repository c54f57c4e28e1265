use ringlock_finding::{Finding, Severity};

use crate::{
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
    if !node.is_java() {
        return;
    }
    for (section, _) in node.sections() {
        for (item, name) in section.list("cipher_suites") {
            if Suite::in_vocabulary(Vocabulary::Jsse, name).is_some() {
                continue;
            }
            let mut finding = RULE
                .on(
                    node,
                    item.at,
                    section.path("cipher_suites"),
                    "no suite of this name in Java; it is dropped",
                )
                .found(name);
            if let Some(near) = Suite::nearest(name, Vocabulary::Jsse) {
                finding = finding.hint(format!("did you mean \"{near}\"?"));
            }
            found.push(finding);
        }
    }
}
