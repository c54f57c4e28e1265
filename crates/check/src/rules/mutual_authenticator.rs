use ringlock_config::resolve::ClientAuth;
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
         does not start. MutualTlsWithPasswordFallbackAuthenticator starts and never sees a \
         certificate.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    let authentication = &node.resolved.authentication;
    let clients = ("authenticator", &authentication.clients, node.client);
    let nodes = (
        "internode_authenticator",
        &authentication.nodes,
        node.server,
    );
    for (key, setting, block) in [clients, nodes] {
        let class = setting.value.as_deref().unwrap_or_default();
        let asked = block.tls.require_client_auth.value;
        let (met, message, severity) = match class.rsplit('.').next().unwrap_or_default() {
            "MutualTlsAuthenticator" | "MutualTlsInternodeAuthenticator" => (
                asked == ClientAuth::Required,
                "needs encryption and require_client_auth: true in",
                Severity::Error,
            ),
            "MutualTlsWithPasswordFallbackAuthenticator" => (
                asked != ClientAuth::NotRequired,
                "never sees a certificate, so passwords alone decide; it needs encryption and \
                 require_client_auth in",
                Severity::Warning,
            ),
            _ => continue,
        };
        if !(met && block.in_use) {
            let message = format!("{message} {}", block.name);
            found.push(
                RULE.on(node, node.at(setting), key, message)
                    .severity(severity)
                    .found(class)
                    .hint(format!("set require_client_auth: true in {}", block.name)),
            );
        }
    }
}
