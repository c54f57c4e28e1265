use ringlock_finding::{Finding, Severity};

use ringlock_config::{
    options::{self, Section},
    resolve::Secret,
};

use crate::{
    block::given_path,
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "password-well-known",
    severity: Severity::Warning,
    requirement: "C3N-24 G-12",
    title: "a store's password is one that everybody knows",
    explanation: "The word cassandra stands in the products' own files and changeit is Java's default; \
         both are the first that anyone tries who gets hold of the file. Change it with keytool \
         -storepasswd and in the configuration. The file's mode and owner protect the key until \
         then. A truststore's password keeps nothing secret, so there it is a note: whoever \
         knows it and may write the file can add a CA to it.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    let server = &node.resolved.server;
    let outbound = (
        node.server,
        "outbound_keystore_password",
        &server.outbound_keystore_password,
        &server.outbound_keystore,
        Severity::Warning,
    );
    let shared = node.blocks().flat_map(|block| {
        let tls = block.tls;
        let key = (&tls.keystore_password, &tls.keystore, Severity::Warning);
        let trust = (&tls.truststore_password, &tls.truststore, Severity::Note);
        [("keystore_password", key), ("truststore_password", trust)]
            .map(|(name, (password, store, severity))| (block, name, password, store, severity))
    });
    for (block, key, setting, store, severity) in shared.chain([outbound]) {
        let Some(password) = setting.value.as_ref().filter(|_| block.in_use) else {
            continue;
        };
        let default =
            options::find(Section::Server, key).and_then(|spec| spec.default_in(node.dialect));
        let message = if !setting.is_given() && given_path(store).is_some() {
            "left out, and the product's default is one that everybody knows"
        } else if !setting.is_given() {
            continue;
        } else if default == Some(password.reveal()) {
            "is the product's default, which everybody knows"
        } else if is_known(password) {
            "everybody knows this password, so it protects nothing"
        } else {
            continue;
        };
        found.push(
            RULE.on(node, block.at(setting), block.path(key), message)
                .severity(severity)
                .hint("change the store's password, and give it here"),
        );
    }
}

fn is_known(password: &Secret) -> bool {
    const KNOWN: [&str; 8] = [
        "cassandra",
        "changeit",
        "changeme",
        "password",
        "secret",
        "keystore",
        "truststore",
        "123456",
    ];
    KNOWN
        .iter()
        .any(|known| password.reveal().eq_ignore_ascii_case(known))
}
