use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "mutual-tls-not-demanded",
    severity: Severity::Error,
    requirement: "B-15 B-16",
    title: "an authenticator by certificates, and no certificate is demanded",
    explanation: "MutualTlsAuthenticator needs client_encryption_options with enabled and \
         require_client_auth, MutualTlsInternodeAuthenticator needs internode_encryption other \
         than none and require_client_auth in server_encryption_options. Otherwise Cassandra \
         does not start.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    let class = |key: &str| {
        let entry = node.top(key)?;
        let class = entry
            .node
            .scalar()
            .or_else(|| entry.node.find(&["class_name"])?.node.scalar())?;
        class.rsplit('.').next()
    };
    let internode = class("internode_authenticator") == Some("MutualTlsInternodeAuthenticator");
    let client = class("authenticator") == Some("MutualTlsAuthenticator");
    let wrong = [
        (
            "internode_authenticator",
            internode,
            node.server,
            node.internode_is_on(),
        ),
        ("authenticator", client, node.client, node.client_is_on()),
    ];
    for (key, named, section, in_use) in wrong {
        if named && !(in_use && section.is_on("require_client_auth")) {
            let message = format!(
                "needs encryption and require_client_auth: true in {}",
                section.name
            );
            found.push(RULE.on(node, node.top_place(key), key, message));
        }
    }
}
