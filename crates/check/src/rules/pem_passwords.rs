use ringlock_finding::{Finding, Severity};

use crate::{
    block::{Block, given},
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "pem-passwords-differ",
    severity: Severity::Error,
    requirement: "B-08",
    title: "the private key has two passwords",
    explanation: "PEMBasedSslContextFactory opens the private key with the parameter \
         private_key_password or with keystore_password. Where both are given they must be the \
         same; otherwise Cassandra does not start and says that 'keystore_password' and \
         'key_password' do not match, though no key is called key_password. Remove one.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for block in node.blocks().filter(Block::is_pem) {
        let keystore = given(&block.tls.keystore_password);
        let Some(key) = block.tls.inline("private_key_password") else {
            continue;
        };
        let differ = keystore
            .is_some_and(|keystore| !keystore.reveal().is_empty() && *keystore != key.value);
        if differ && !key.value.reveal().is_empty() {
            let path = block.path("ssl_context_factory.parameters.private_key_password");
            found.push(
                RULE.on(
                    node,
                    block.at(key),
                    path,
                    "differs from keystore_password, so Cassandra does not start",
                )
                .hint("give the password once, here or in keystore_password"),
            );
        }
    }
}
