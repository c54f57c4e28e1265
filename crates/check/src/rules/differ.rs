use ringlock_finding::{Finding, Severity};

use crate::{
    fleet::Member,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "settings-differ",
    severity: Severity::Error,
    requirement: "G-15 ROLL-39",
    title: "nodes of one cluster are configured differently",
    explanation: "Nodes that encrypt different links, or expect certificates in different measure, \
         refuse each other. The ports must be alike too, unless every peer is told of the \
         exception. Differences are normal only while a change is rolled out node by node; \
         finish it. Nodes are compared where cluster_name and product are the same.",
    check: Check::Fleet(check),
};

fn check(members: &[Member], found: &mut Vec<Finding>) {
    for (place, member) in members.iter().enumerate() {
        let is_peer = |other: &&Member| {
            other.cluster == member.cluster && other.dialect.product() == member.dialect.product()
        };
        let Some(first) = members[..place].iter().find(is_peer) else {
            continue;
        };
        for (position, (wanted, other)) in first.alike.iter().zip(&member.alike).enumerate() {
            if other.value == wanted.value {
                continue;
            }
            let severity = if position == 0 {
                Severity::Error
            } else {
                Severity::Warning
            };
            let message = format!("differs from {}", first.file.display());
            found.push(
                RULE.finding(&*member.file, other.at, other.key.as_str(), message)
                    .severity(severity)
                    .found(other.value.as_str())
                    .expected(format!("\"{}\" as there", wanted.value)),
            );
        }
    }
}
