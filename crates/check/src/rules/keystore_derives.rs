use ringlock_config::resolve::Policy;
use ringlock_finding::{Finding, Severity};

use crate::{
    block::Block,
    facts,
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "keystore-makes-optional",
    severity: Severity::Note,
    requirement: "B-01 ROLL-54",
    title: "encryption is off, and a keystore file makes the port take TLS nevertheless",
    explanation: "From Cassandra 4.0 on, a file at the path of keystore, which has a default, is \
         enough for an absent optional to mean true: the port takes TLS beside plaintext, and the \
         log says that TLS is enabled, though nothing that this node dials is encrypted. The \
         stores are also opened at start, so that a missing truststore keeps a node from starting \
         that is to encrypt nothing. Write optional: false, or take it as the first step towards \
         encryption.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    let resolved = node.resolved;
    let server = |exists| resolved.server.policy(exists);
    let client = |exists| resolved.client.policy(exists);
    let derives = |policy: &dyn Fn(bool) -> Policy| {
        policy(false) == Policy::Unencrypted && policy(true) == Policy::Optional
    };
    for (block, derives) in [
        (node.server, derives(&server)),
        (node.client, derives(&client)),
    ] {
        if !derives || node.keystore_exists(&block) != Some(true) {
            continue;
        }
        let (message, severity) = if lacks_truststore(node, &block) {
            (
                "the file exists, so the stores are opened at start, and the truststore is missing: \
                 the node does not start",
                Severity::Error,
            )
        } else {
            (
                "the file exists, so TLS is taken beside plaintext though encryption is off",
                Severity::Note,
            )
        };
        let setting = &block.tls.keystore;
        let mut finding = RULE
            .on(node, block.at(setting), block.path("keystore"), message)
            .severity(severity)
            .hint(format!("write optional: false in {}", block.name));
        finding.found = setting.value.as_ref().map(|path| path.text.clone());
        found.push(finding);
    }
}

/// Whether the truststore, which links between nodes need in any case, is not there.
fn lacks_truststore(node: &Node<'_>, block: &Block<'_>) -> bool {
    let truststore = block.tls.truststore.value.as_ref();
    block.name == node.server.name
        && block.has_own_factory()
        && block.tls.inline("trusted_certificates").is_none()
        && truststore.and_then(facts::exists) == Some(false)
}
