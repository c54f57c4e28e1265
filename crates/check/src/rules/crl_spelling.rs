use ringlock_finding::{Finding, Severity};

use crate::{
    block::given_path,
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "revocation-list-spelling",
    severity: Severity::Error,
    requirement: "SCY-14 G-06",
    title: "the revocation list is spelt as ScyllaDB does not read it",
    explanation: "ScyllaDB's key is certficate_revocation_list, without the first i of certificate. The \
         correct spelling is ignored without a word, so that revoked certificates are still \
         accepted. Write the key as the product spells it.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    const RIGHT: &str = "certificate_revocation_list";
    const READ: &str = "certficate_revocation_list";
    if !node.is_scylla() {
        return;
    }
    for block in node.blocks() {
        let Some(written) = block.entry(RIGHT) else {
            continue;
        };
        let read = given_path(&block.tls.revocation_list).map(|path| path.text.as_str());
        let (message, severity) = match read {
            None => (
                "ScyllaDB ignores this spelling, so no certificate is ever revoked",
                Severity::Error,
            ),
            Some(read) if Some(read) != written.node.scalar() => (
                "ScyllaDB ignores this spelling and reads another list from the other one",
                Severity::Error,
            ),
            Some(_) => (
                "ScyllaDB ignores this spelling and reads the other one",
                Severity::Warning,
            ),
        };
        found.push(
            RULE.on(node, written.at, block.path(RIGHT), message)
                .severity(severity)
                .found(RIGHT)
                .expected(format!("\"{READ}\""))
                .hint("ScyllaDB's own key lacks an i; rename it"),
        );
    }
}
