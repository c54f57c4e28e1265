use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "pem-key-form",
    severity: Severity::Error,
    requirement: "B-08",
    title: "the inline private key has a form that Cassandra does not read",
    explanation: "PEMBasedSslContextFactory reads keys in PKCS #8 form only: BEGIN PRIVATE KEY or BEGIN \
         ENCRYPTED PRIVATE KEY. Keys that say RSA or EC pass its first look and then fail to \
         parse. `openssl pkcs8 -topk8 -in OLD -out NEW` converts them.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for block in node.blocks() {
        for key in ["private_key", "outbound_private_key"] {
            let Some(value) = block.tls.inline(key) else {
                continue;
            };
            let text = value.value.reveal();
            let old = ["BEGIN RSA PRIVATE KEY", "BEGIN EC PRIVATE KEY"];
            if old.iter().any(|begin| text.contains(begin)) {
                let path = block.path(&format!("ssl_context_factory.parameters.{key}"));
                found.push(
                    RULE.on(
                        node,
                        block.at(value),
                        path,
                        "is not in PKCS #8 form, the only one that is read",
                    )
                    .expected("BEGIN PRIVATE KEY")
                    .hint("convert it with openssl pkcs8 -topk8"),
                );
            }
        }
    }
}
