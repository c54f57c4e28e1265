use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "pem-inline-and-file",
    severity: Severity::Error,
    requirement: "B-08",
    title: "a key or certificates are given both in the file and by a path",
    explanation: "PEMBasedSslContextFactory takes the private key either inline (private_key) or from \
         the file keystore, and the trusted certificates either inline (trusted_certificates) \
         or from truststore. With both, Cassandra does not start.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for (section, _) in node.sections() {
        let Some(factory) = section.entry("ssl_context_factory") else {
            continue;
        };
        for (inline, key) in [
            ("private_key", "keystore"),
            ("trusted_certificates", "truststore"),
        ] {
            let Some(entry) = factory.node.find(&["parameters", inline]) else {
                continue;
            };
            let blank = entry.node.is_blank();
            if !blank && section.entry(key).is_some() {
                let path = section.path(&format!("ssl_context_factory.parameters.{inline}"));
                found.push(
                    RULE.on(
                        node,
                        entry.at,
                        path,
                        format!("contradicts {key}: give one of the two"),
                    )
                    .hint(format!("remove {key} or {inline}")),
                );
            }
        }
    }
}
