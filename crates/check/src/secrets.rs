//! What must not be shown.

use std::{collections::BTreeMap, ops::Range};

use ringlock_config::{
    Document,
    document::{Node, Value},
};
use ringlock_finding::{Finding, Position};

/// What stands for a secret.
pub(crate) const MASK: &str = "****";

/// Whether a key holds a secret, also where it is misspelt.
pub(crate) fn is_secret(key: &str) -> bool {
    const PARTS: [&str; 7] = [
        "pass",
        "pwd",
        "secret",
        "private_key",
        "privatekey",
        "token",
        "credential",
    ];
    let key = key.to_ascii_lowercase();
    if key.ends_with("_file") {
        return false;
    }
    PARTS.iter().any(|part| key.contains(part))
        || key
            .split(['_', '-', ' '])
            .any(|word| word.len() >= 6 && strsim::osa_distance(word, "password") <= 3)
}

/// Masks what a finding found, where its key is a secret's, or where a line with a secret seems to
/// have slipped into the value.
pub(crate) fn mask(mut finding: Finding) -> Finding {
    let secret = finding.key.split('.').any(is_secret);
    let slipped = finding.found.as_deref().is_some_and(|found| {
        found.split_whitespace().count() > 1 && found.split_whitespace().any(is_secret)
    });
    if finding.found.is_some() && (secret || slipped) {
        finding.found = Some(MASK.to_owned());
    }
    finding
}

/// Where values stand in a text, and which of them are secret.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// The bytes of what begins at a position.
    spans: BTreeMap<Position, Range<usize>>,
    /// The bytes of secrets.
    secrets: Vec<Range<usize>>,
}

impl Places {
    pub(crate) fn of(document: &Document) -> Self {
        let mut places = Self::default();
        places.add(document.root(), false);
        places
    }

    /// The bytes of the key or value that begins at this place.
    pub(crate) fn span(&self, at: Position) -> Option<Range<usize>> {
        self.spans.get(&at).cloned()
    }

    /// The bytes of secrets, in no order.
    pub(crate) fn secrets(&self) -> &[Range<usize>] {
        &self.secrets
    }

    fn add(&mut self, node: &Node, secret: bool) {
        self.spans.insert(node.at, node.span.clone());
        match &node.value {
            Value::Blank => {}
            Value::Scalar { .. } => {
                if secret {
                    self.secrets.push(node.span.clone());
                }
            }
            Value::Sequence(items) => {
                for item in items {
                    self.add(item, secret);
                }
            }
            Value::Mapping(entries) => {
                for entry in entries {
                    self.add(&entry.node, secret || is_secret(&entry.key));
                    let key = entry.span.start..entry.span.start + entry.key.len();
                    self.spans.insert(entry.at, key);
                }
            }
        }
    }
}
