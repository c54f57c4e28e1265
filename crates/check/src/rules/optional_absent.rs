use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};
use ringlock_config::{
    dialect::Dialects,
    resolve::{InternodeScope, Policy},
};

pub(super) static RULE: Rule = Rule {
    code: "optional-absent",
    severity: Severity::Warning,
    requirement: "ROLL-51 B-01",
    title: "optional is left out, which does not mean false",
    explanation: "From Cassandra 4.0 on, an absent optional in server_encryption_options means the \
         opposite of the key enabled of the same block, as soon as the keystore file exists: \
         with internode_encryption: all the port looks at what comes first instead of demanding \
         TLS, and a node of 5.0 that fails to dial TLS tries again in plaintext. Write \
         optional: false.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    let block = node.server;
    let unsaid = node.resolved.server.optional.value.is_none();
    let encrypts_all = node.scope() == InternodeScope::All;
    if !unsaid || !encrypts_all || node.server_policy(true) != Policy::Optional {
        return;
    }
    let falls_back = Dialects::C50_ON.contains(node.dialect);
    let (message, severity) = if falls_back {
        (
            "absent does not mean false: links that fail with TLS are tried again in plaintext",
            Severity::Warning,
        )
    } else {
        (
            "absent does not mean false: the port looks for TLS instead of demanding it",
            Severity::Note,
        )
    };
    found.push(
        RULE.on(
            node,
            block.at(&node.resolved.server.internode_encryption),
            block.path("optional"),
            message,
        )
        .severity(severity)
        .expected("false")
        .hint("add optional: false"),
    );
}
