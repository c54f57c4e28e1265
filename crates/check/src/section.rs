//! One of the blocks about encryption, asked as the product would read it.

use ringlock_config::{
    Dialect, Document,
    document::{Entry, Node, Value},
};
use ringlock_finding::Position;

/// A block such as `server_encryption_options`; it may be absent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Section<'d> {
    /// Its name at the top level.
    pub(crate) name: &'static str,
    dialect: Dialect,
    entry: Option<&'d Entry>,
}

impl<'d> Section<'d> {
    /// The block of this name.
    pub(crate) fn of(document: &'d Document, name: &'static str, dialect: Dialect) -> Self {
        Self {
            name,
            dialect,
            entry: document.root().get(name),
        }
    }

    /// Whether the file has it, with at least one key.
    pub(crate) fn is_given(&self) -> bool {
        !self.entries().is_empty()
    }

    /// Its keys.
    pub(crate) fn entries(&self) -> &'d [Entry] {
        self.entry.map_or(&[], |entry| entry.node.entries())
    }

    /// The entry of a key that has a value.
    pub(crate) fn entry(&self, key: &str) -> Option<&'d Entry> {
        self.entry?
            .node
            .get(key)
            .filter(|entry| entry.node.value != Value::Blank)
    }

    /// The single value of a key, without blanks around it; none if it is blank.
    pub(crate) fn text(&self, key: &str) -> Option<&'d str> {
        let text = self.entry(key)?.node.scalar()?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// The items of a list, each with its place.
    pub(crate) fn list(&self, key: &str) -> Vec<(&'d Node, &'d str)> {
        let Some(entry) = self.entry(key) else {
            return Vec::new();
        };
        let items = entry.node.items().iter();
        items
            .filter_map(|item| Some((item, item.scalar()?.trim())))
            .collect()
    }

    /// What a switch says, as the product reads it; none if it is absent or no boolean.
    pub(crate) fn switch(&self, key: &str) -> Option<bool> {
        let text = self.text(key)?.to_ascii_lowercase();
        if self.dialect == Dialect::Scylla {
            return Some(matches!(text.as_str(), "true" | "1"));
        }
        match text.as_str() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            "required" if key == "require_client_auth" => Some(true),
            _ => None,
        }
    }

    /// Whether a switch is on.
    pub(crate) fn is_on(&self, key: &str) -> bool {
        self.switch(key) == Some(true)
    }

    /// Where to point for a key: its value, or the block where it should stand, or the start.
    pub(crate) fn place(&self, key: &str) -> Position {
        match (self.entry(key), self.entry) {
            (Some(entry), _) => entry.node.at,
            (None, Some(block)) => block.at,
            (None, None) => Position::START,
        }
    }

    /// The dotted path of a key.
    pub(crate) fn path(&self, key: &str) -> String {
        format!("{}.{key}", self.name)
    }
}
