use ringlock_finding::{Finding, Severity};

use crate::{
    block::items,
    node::Node,
    rule::{Check, Rule},
};
use ringlock_suites::{Strength, Suite};

pub(super) static RULE: Rule = Rule {
    code: "suite-weak",
    severity: Severity::Warning,
    requirement: "G-11 DSE-11",
    title: "a cipher suite is weak",
    explanation: "Suites with RSA key exchange (TLS_RSA_WITH_…) have no forward secrecy: who gets the \
         node's key later reads everything that was recorded. They do not exist in TLS 1.3, and \
         new releases of Java disable them. CBC with HMAC-SHA1 is of the same age. Use suites \
         with ECDHE and GCM or ChaCha20, such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for block in node.blocks() {
        for (at, name) in items(&block.tls.cipher_suites) {
            let Some(named) = Suite::by_name(name) else {
                continue;
            };
            if let Strength::Weak(flaw) = named.suite.strength() {
                let message = format!("weak: {flaw}");
                found.push(
                    RULE.on(node, at, block.path("cipher_suites"), message)
                        .found(name)
                        .hint("prefer suites with ECDHE and GCM"),
                );
            }
        }
    }
}
