use ringlock_finding::{Finding, Severity};

use crate::{
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
         rarely exists, and fail to start or refuse everybody. Name the truststore.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    if node.is_scylla() {
        return;
    }
    for (section, in_use) in node.sections() {
        let inline = section.entry("ssl_context_factory").is_some_and(|factory| {
            factory
                .node
                .find(&["parameters", "trusted_certificates"])
                .is_some()
        });
        let demands = in_use && section.is_on("require_client_auth");
        if demands && section.entry("truststore").is_none() && !inline {
            let key = "require_client_auth";
            found.push(
                RULE.on(
                    node,
                    section.place(key),
                    section.path("truststore"),
                    "missing, though require_client_auth demands certificates",
                )
                .expected("the path of the truststore")
                .hint(format!("add truststore to {}", section.name)),
            );
        }
    }
}
