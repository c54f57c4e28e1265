use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};
use time::Duration;

pub(super) static RULE: Rule = Rule {
    code: "certificate-expires-soon",
    severity: Severity::Warning,
    requirement: "G-20",
    title: "the node's certificate expires within 30 days",
    explanation: "When it expires, every new connection fails; those that stand stay. Renew it in time: \
         issue a new one, put it in place, and let the nodes read it one after the other.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    const SOON: Duration = Duration::days(30);
    for (stores, own) in node.identities() {
        let Ok(identity) = &own.value else { continue };
        let left = identity.leaf.not_after - node.now;
        if left < SOON {
            let days = match left.whole_days() {
                0 => "in less than a day".to_owned(),
                1 => "in 1 day".to_owned(),
                days => format!("in {days} days"),
            };
            let message = format!(
                "the certificate of {} expires {days}, on {}",
                identity.leaf.subject,
                identity.leaf.not_after.date()
            );
            found.push(
                RULE.about(node, stores, own, message)
                    .hint("issue a new one and put it in place on every node in turn"),
            );
        }
    }
}
