use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
    rules::protocol::versions,
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
    for block in node.blocks().filter(|_| node.is_java()) {
        for (key, at, name) in versions(&block) {
            let old = Version::ALL
                .iter()
                .any(|version| version.is_deprecated() && version.jsse_name() == Some(name));
            // `protocol: SSL` is another word for TLS, and reading says so.
            let ssl = name.to_ascii_uppercase().starts_with("SSLV");
            if old || ssl {
                found.push(
                    RULE.on(
                        node,
                        at,
                        block.path(key),
                        "forbidden by RFC 7568 and RFC 8996",
                    )
                    .found(name)
                    .expected("TLSv1.2 or TLSv1.3"),
                );
            }
        }
    }
}
