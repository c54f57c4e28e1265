use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};
use ringlock_suites::Version;

pub(super) static RULE: Rule = Rule {
    code: "protocol-deprecated",
    severity: Severity::Warning,
    requirement: "C3N-16",
    title: "a TLS version is one that the standards forbid",
    explanation: "SSL 3.0, TLS 1.0 and TLS 1.1 are forbidden by RFC 7568 and RFC 8996, and Java disables \
         them as delivered, so that nothing may remain to speak. Write TLSv1.2 and TLSv1.3.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for (section, _) in node.sections() {
        let one = section.entry("protocol").map(|entry| {
            (
                "protocol",
                entry.node.at,
                section.text("protocol").unwrap_or_default(),
            )
        });
        let list = section.list("accepted_protocols").into_iter();
        let list = list.map(|(item, name)| ("accepted_protocols", item.at, name));
        for (key, at, name) in one.into_iter().chain(list) {
            let old = Version::ALL
                .iter()
                .any(|version| version.is_deprecated() && version.jsse_name() == Some(name));
            let ssl = name.to_ascii_uppercase().starts_with("SSL");
            if node.is_java() && (old || ssl) {
                found.push(
                    RULE.on(
                        node,
                        at,
                        section.path(key),
                        "forbidden by RFC 7568 and RFC 8996",
                    )
                    .found(name)
                    .expected("TLSv1.2 or TLSv1.3"),
                );
            }
        }
    }
}
