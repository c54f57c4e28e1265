use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "internode-encryption-unknown",
    severity: Severity::Error,
    requirement: "G-25",
    title: "internode_encryption has a word that the product does not know",
    explanation: "ScyllaDB takes every word but its own, written exactly in lower case, for none and \
         says nothing: links between nodes stay in plaintext. Cassandra and DSE refuse to \
         start. Write none, dc, rack or all; ScyllaDB from 2025.1 on and Ringlock know \
         transitional as well.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    let key = "internode_encryption";
    let path = node.server.path(key);
    let unfit = node.reading_of(&path).any(|told| told.code == "bad-value");
    let Some(written) = node.server.written(key).filter(|_| unfit) else {
        return;
    };
    let (message, expected) = if node.is_scylla() {
        (
            "unknown word, which ScyllaDB takes for none: links between nodes stay in plaintext",
            "none, dc, rack, all or transitional",
        )
    } else if node.is_ringlock() {
        ("unknown word", "none, transitional or all")
    } else {
        (
            "unknown word, with which the node does not start",
            "none, dc, rack or all",
        )
    };
    let mut finding = RULE
        .on(node, node.server.place(key), path, message)
        .found(written)
        .expected(expected);
    let lower = written.to_ascii_lowercase();
    let words = expected
        .split([',', ' '])
        .filter(|word| word.len() > 1 && *word != "or");
    let near = words
        .into_iter()
        .find(|word| strsim::osa_distance(&lower, word) <= word.len() / 3);
    if let Some(near) = near {
        finding = finding.hint(format!("did you mean \"{near}\"?"));
    }
    found.push(finding);
}
