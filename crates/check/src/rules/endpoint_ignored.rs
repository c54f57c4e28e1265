use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};
use ringlock_config::options::{self, Section, Support};

pub(super) static RULE: Rule = Rule {
    code: "endpoint-verification-ignored",
    severity: Severity::Warning,
    requirement: "B-10",
    title: "this version does not compare a client's certificate with its address",
    explanation: "Cassandra before 5.0, and HCD, accept require_endpoint_verification in \
         client_encryption_options and do nothing about it. Do not rely on it there.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    let key = "require_endpoint_verification";
    let ignored = options::find(Section::Client, key)
        .is_some_and(|spec| spec.support(node.dialect) == Support::Ignored);
    let setting = &node.client.tls.require_endpoint_verification;
    if ignored && setting.value {
        let message = format!("accepted and not obeyed by {}", node.dialect);
        let mut finding = RULE
            .on(
                node,
                node.client.at(setting),
                node.client.path(key),
                message,
            )
            .hint("it is obeyed from Cassandra 5.0 on");
        finding.found = node.client.written(key).map(str::to_owned);
        found.push(finding);
    }
}
