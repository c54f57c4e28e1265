use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};
use ringlock_suites::Version;

pub(super) static RULE: Rule = Rule {
    code: "protocol-unknown",
    severity: Severity::Error,
    requirement: "B-04 C3N-16",
    title: "a TLS version has a name that Java does not know",
    explanation: "protocol and accepted_protocols take Java's names: TLS, TLSv1.2, TLSv1.3. Letter case \
         counts in accepted_protocols. Cassandra from 4.0 on hands an unknown name to the \
         engine, which throws when the node starts.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    if !node.is_java() {
        return;
    }
    for (section, _) in node.sections() {
        let one = section
            .entry("protocol")
            .filter(|entry| entry.node.scalar().is_some());
        let one = one.map(|entry| {
            (
                "protocol",
                entry.node.at,
                section.text("protocol").unwrap_or_default(),
            )
        });
        let list = section.list("accepted_protocols").into_iter();
        let list = list.map(|(item, name)| ("accepted_protocols", item.at, name));
        for (key, at, name) in one.into_iter().chain(list) {
            let context = ["TLS", "SSL", "SSLv2", "SSLv2Hello", "Default"];
            let generic = context.iter().any(|word| word.eq_ignore_ascii_case(name));
            let known = Version::ALL
                .iter()
                .any(|version| version.jsse_name() == Some(name));
            if known || (generic && (key == "protocol" || name == "SSLv2Hello")) {
                continue;
            }
            found.push(
                RULE.on(
                    node,
                    at,
                    section.path(key),
                    "no TLS version of this name in Java",
                )
                .found(name)
                .expected(match key {
                    "protocol" => "TLS, TLSv1.2 or TLSv1.3",
                    _ => "TLSv1.2 or TLSv1.3",
                }),
            );
        }
    }
}
