use ringlock_finding::{Finding, Severity};

use crate::{
    block::given_path,
    facts,
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
         or from truststore. With both, Cassandra does not start; a file that \
         exists at the default path counts as given, and a path without a file does not.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for block in node.blocks() {
        for (inline, key, path) in [
            ("private_key", "keystore", &block.tls.keystore),
            ("trusted_certificates", "truststore", &block.tls.truststore),
        ] {
            let Some(value) = block.tls.inline(inline) else {
                continue;
            };
            let blank = value.value.reveal().trim().is_empty();
            let there = path.value.as_ref().and_then(facts::exists);
            let named = given_path(path).is_some();
            let counts = there.unwrap_or(named);
            if blank || !counts {
                continue;
            }
            let message = if named {
                format!("contradicts {key}: give one of the two")
            } else {
                format!("contradicts {key}, whose file exists at the default path")
            };
            let at = block.path(&format!("ssl_context_factory.parameters.{inline}"));
            found.push(
                RULE.on(node, block.at(value), at, message)
                    .hint(format!("remove the file of {key}, or {inline}")),
            );
        }
    }
}
