use ringlock_config::resolve::ClientAuth;
use ringlock_finding::{Finding, Severity};

use crate::{
    block::given_path,
    facts,
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "truststore-missing",
    severity: Severity::Error,
    requirement: "C3C-11",
    title: "certificates are demanded, and nothing says which are trusted",
    explanation: "With require_client_auth the node judges the certificates of those who connect, which \
         needs a truststore. Without the key Cassandra and DSE open their default path, which \
         rarely exists, and fail to start or refuse everybody. Name the truststore. With a remote keystore provider \
         DSE takes no path, so there a block without any is a warning.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for block in node.blocks().filter(|_| !node.is_scylla()) {
        let auth = &block.tls.require_client_auth;
        let demands = block.in_use && auth.value != ClientAuth::NotRequired;
        let setting = &block.tls.truststore;
        let default = setting.value.as_ref().and_then(facts::exists);
        let unnamed = given_path(setting).is_none()
            && default != Some(true)
            && block.tls.inline("trusted_certificates").is_none();
        if !demands || !unnamed || !block.has_own_factory() {
            continue;
        }
        let hint = format!("add truststore to {}", block.name);
        // With a remote keystore provider of DSE no path is given at all.
        let (severity, hint) = if node.is_dse() && given_path(&block.tls.keystore).is_none() {
            let hint = format!("{hint}, unless a remote keystore provider is installed");
            (Severity::Warning, hint)
        } else {
            (Severity::Error, hint)
        };
        found.push(
            RULE.on(
                node,
                block.at(auth),
                block.path("truststore"),
                "missing, though require_client_auth demands certificates",
            )
            .severity(severity)
            .expected("the path of the truststore")
            .hint(hint),
        );
    }
}
