use ringlock_finding::{Finding, Position, Severity};

use crate::{
    block::{Block, given, items},
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
    for block in node.blocks().filter(|_| node.is_java()) {
        for (key, at, name) in versions(&block) {
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
                    block.path(key),
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

/// The TLS versions that a block names: the key, the place, the name.
pub(super) fn versions<'d>(
    block: &Block<'d>,
) -> impl Iterator<Item = (&'static str, Position, &'d str)> + use<'d> {
    let setting = &block.tls.protocol;
    let at = block.at(setting);
    let one = given(setting).map(|name| ("protocol", at, name.as_str()));
    let list = items(&block.tls.accepted_protocols);
    one.into_iter()
        .chain(list.map(|(at, name)| ("accepted_protocols", at, name)))
}
