use ringlock_config::dialect::Dialects;
use ringlock_finding::{Finding, Severity};
use ringlock_suites::{Cipher, Suite};

use crate::{
    block::items,
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "jce-policy",
    severity: Severity::Note,
    requirement: "G-19 C3C-21",
    title: "only suites with AES-256 are named, which old releases of Java 8 do not have",
    explanation: "Java 8 before update 161 encrypts with at most 128 bits unless the JCE unlimited \
         strength policy files are installed. It drops suites with longer keys, with the line \
         \"Filtering out … as it isnt supported by the socket\" in the log, and where none is \
         left, no connection can be made. Newer releases need nothing. Update Java, install the \
         policy files, or name a suite with AES-128 as well.",
    check: Check::Node(check),
};

/// What runs on Java 8.
const JAVA_8: Dialects = Dialects::C3.and(Dialects::DSE51);

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    if !JAVA_8.contains(node.dialect) {
        return;
    }
    for block in node.blocks().filter(|block| block.in_use) {
        let mut suites = items(&block.tls.cipher_suites)
            .filter_map(|(at, name)| Some((at, name, Suite::by_name(name)?.suite)))
            .peekable();
        let Some((at, name)) = suites.peek().map(|(at, name, _)| (*at, *name)) else {
            continue;
        };
        if suites.all(|(_, _, suite)| has_256_bits(suite)) {
            found.push(
                RULE.on(
                    node,
                    at,
                    block.path("cipher_suites"),
                    "Java 8 before update 161 has none of these suites without the JCE policy files",
                )
                .found(name)
                .hint("check `java -version` on every node"),
            );
        }
    }
}

fn has_256_bits(suite: &Suite) -> bool {
    matches!(suite.cipher(), Cipher::Aes256Cbc | Cipher::Aes256Gcm)
}
