use ringlock_finding::{Finding, Severity};

use crate::{
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
         then.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
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
    const KEYS: [&str; 2] = ["keystore_password", "outbound_keystore_password"];
    for (section, in_use) in node.sections() {
        for key in KEYS {
            let Some(text) = section.text(key) else {
                continue;
            };
            if in_use && KNOWN.contains(&text.to_ascii_lowercase().as_str()) {
                found.push(
                    RULE.on(
                        node,
                        section.place(key),
                        section.path(key),
                        "everybody knows this password, so it protects nothing",
                    )
                    .hint("change the store's password, and this line with it"),
                );
            }
        }
    }
}
