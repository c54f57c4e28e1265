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
    for stores in node.stores {
        let Some(own) = &stores.own else { continue };
        let Ok(identity) = &own.value else { continue };
        let left = identity.leaf.not_after - node.now;
        if left < SOON {
            let days = left.whole_days();
            let message = format!(
                "the certificate of {} expires in {days} days, on {}",
                identity.leaf.subject,
                identity.leaf.not_after.date()
            );
            let key = format!("{}.{}", stores.section, own.key);
            found.push(
                RULE.on(node, own.at, key, message)
                    .found(own.written.as_str())
                    .hint("renew it"),
            );
        }
    }
}
