use ringlock_finding::{Finding, Severity};

use crate::{
    block::items,
    node::Node,
    rule::{Check, Rule},
};
use ringlock_suites::{Strength, Suite};

pub(super) static RULE: Rule = Rule {
    code: "suite-dead",
    severity: Severity::Error,
    requirement: "C3N-19 G-11",
    title: "a cipher suite protects nothing or is broken",
    explanation: "Suites without encryption or without authentication, those weakened for export and \
         those with RC4, DES or MD5 give no protection worth the name. Java disables them as \
         delivered, so that they fail there in any case. Remove them.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for block in node.blocks() {
        for (at, name) in items(&block.tls.cipher_suites) {
            let Some(named) = Suite::by_name(name) else {
                continue;
            };
            if let Strength::Dead(flaw) = named.suite.strength() {
                let message = format!("broken: {flaw}");
                found.push(
                    RULE.on(node, at, block.path("cipher_suites"), message)
                        .found(name)
                        .hint("remove it"),
                );
            }
        }
    }
}
