use ringlock_finding::{Finding, Severity};

use crate::node::Scope;
use crate::{
    node::Node,
    rule::{Check, Rule},
};
use ringlock_config::Dialect;

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
    let section = node.server;
    let one_port = node.has_one_port();
    let unsaid = section.entry("optional").is_none() && !section.is_on("enabled");
    if !one_port || !unsaid || node.scope() != Scope::All {
        return;
    }
    let falls_back = matches!(node.dialect, Dialect::Cassandra50 | Dialect::Cassandra60);
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
            section.place("internode_encryption"),
            section.path("optional"),
            message,
        )
        .severity(severity)
        .expected("false")
        .hint("add optional: false"),
    );
}
