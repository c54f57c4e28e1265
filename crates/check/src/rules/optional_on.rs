use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "optional-left-on",
    severity: Severity::Warning,
    requirement: "ROLL-31 G-14",
    title: "plaintext is accepted beside TLS",
    explanation: "optional: true is for the time of a rolling change, while nodes or clients without TLS \
         remain. Left on, whoever reaches the port may speak plaintext. Set it to false once \
         all have been changed and restarted.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    let server = (node.server, &node.resolved.server.optional);
    let client = (node.client, &node.resolved.client.optional);
    for (block, setting) in [server, client] {
        if block.in_use && setting.value == Some(true) {
            let mut finding = RULE
                .on(
                    node,
                    block.at(setting),
                    block.path("optional"),
                    "plaintext is accepted as long as this is on",
                )
                .expected("false, once every peer speaks TLS");
            finding.found = block.written("optional").map(str::to_owned);
            found.push(finding);
        }
    }
}
