use ringlock_finding::{Finding, Severity};

use crate::fleet::KeyPrint;
use crate::{
    fleet::Member,
    rule::{Check, Rule},
};
use std::collections::BTreeMap;

pub(super) static RULE: Rule = Rule {
    code: "key-shared",
    severity: Severity::Error,
    requirement: "ROLL-18 G-13",
    title: "two nodes use one private key",
    explanation: "Each node has a key of its own. With a shared one, whoever takes it from one node can \
         pass for all of them, and replacing it means replacing it everywhere at once. Give \
         every node its own keystore.",
    check: Check::Fleet(check),
};

fn check(members: &[Member], found: &mut Vec<Finding>) {
    let mut seen: BTreeMap<[u8; 32], (&Member, &KeyPrint)> = BTreeMap::new();
    for member in members {
        for print in &member.keys {
            let (holder, first) = *seen.entry(print.sha256).or_insert((member, print));
            if holder.file == member.file || first.real == print.real {
                continue;
            }
            let message = format!("is the key of {} as well", holder.file.display());
            found.push(
                RULE.finding(&*member.file, print.at, print.key.as_str(), message)
                    .found(print.real.display().to_string())
                    .expected("a key of its own for every node"),
            );
        }
    }
}
