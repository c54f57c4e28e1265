use ringlock_finding::{Finding, Severity};

use crate::{
    block::{Block, given},
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "truststore-password-ignored",
    severity: Severity::Note,
    requirement: "B-08",
    title: "trusted certificates in PEM form have no password",
    explanation: "PEMBasedSslContextFactory ignores truststore_password and logs a warning at every \
         start. Certificates are public and need none. Remove the line.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for block in node.blocks().filter(Block::is_pem) {
        let setting = &block.tls.truststore_password;
        if given(setting).is_some_and(|password| !password.reveal().is_empty()) {
            found.push(
                RULE.on(
                    node,
                    block.at(setting),
                    block.path("truststore_password"),
                    "ignored by PEMBasedSslContextFactory, which warns of it at every start",
                )
                .hint("remove the line"),
            );
        }
    }
}
