use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "java-sees-less",
    severity: Severity::Error,
    requirement: "DSE-43 DSE-44 G-01 G-22",
    title: "Java does not find in a store what the file holds",
    explanation: "Java leaves entries out without an error. A PKCS12 truststore that OpenSSL made lacks \
         the attribute 2.16.840.1.113894.746875.1.1 on its certificates, so that Java opens it and \
         trusts nobody; a private key under a password of its own, or without its certificate, is \
         of no use to it. `ringlock store inspect` shows what Java sees, `ringlock store repair` \
         rebuilds a truststore that Java can use.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for block in node
        .blocks()
        .filter(|block| node.is_java() && !block.is_pem())
    {
        let stores = node.stores_of(&block);
        let Some(stores) = stores else { continue };
        for store in &stores.java {
            let Some(reason) = &store.value.reason else {
                continue;
            };
            let (count, what) = if store.key == "truststore" {
                (store.value.trust_anchors, "trust anchor")
            } else {
                (store.value.private_keys, "private key")
            };
            let finding = if count == 0 {
                RULE.about(
                    node,
                    stores,
                    store,
                    format!("Java finds no {what} in it: {reason}"),
                )
            } else {
                let message = format!("Java does not find all of it: {reason}");
                RULE.about(node, stores, store, message)
                    .severity(Severity::Note)
            };
            found.push(finding.hint("see `ringlock store inspect` and `ringlock store repair`"));
        }
    }
}
