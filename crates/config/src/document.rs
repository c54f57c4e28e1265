//! The text of a database's YAML file and what stands where in it.
//!
//! What SnakeYAML and yaml-cpp take is taken here as well: duplicate keys, anchors, aliases, merge
//! keys, tags. Each is told as a [`Quirk`], because a reader of the file may be misled by it. What
//! they refuse to read, or what would only cost memory, is a finding.

mod builder;
mod places;
pub(crate) mod refusal;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    ops::Range,
    path::{Path, PathBuf},
};

use ringlock_finding::{Findings, Position};

/// The longest text that is read, in bytes.
const MAX_SIZE: usize = 8 << 20;

/// The text of one file and the tree of its values; it is one YAML document.
///
/// `Debug` names the path alone, as the text may hold passwords.
#[derive(Clone)]
pub struct Document {
    path: PathBuf,
    text: String,
    root: Node,
    quirks: Vec<Quirk>,
}

/// A value and where it stands.
#[derive(Clone, PartialEq, Eq)]
pub struct Node {
    /// Where the value begins; where it would begin if it is absent.
    pub at: Position,
    /// The bytes of the value itself, quotes and brackets included, without anchor, tag and
    /// comment; empty, right behind the colon, where it is absent. What an alias or a merge key
    /// brings in has the bytes of the alias.
    pub span: Range<usize>,
    /// What it is.
    pub value: Value,
}

/// What a value is made of.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Absent, or a plain `~` or `null`.
    Blank,
    /// Any other single value. Blanks at the end of a quoted one are kept, as the databases do.
    Scalar {
        /// What it says once quotes and escapes are taken away.
        text: String,
        /// Whether it is written in quotes or as a block, so that it is text and never a number.
        quoted: bool,
    },
    /// A list.
    Sequence(Vec<Node>),
    /// Keys with values, in the order of the file; a key may occur twice. Entries that a merge key
    /// brings in come last and only where the mapping does not have the key itself.
    Mapping(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key, without quotes.
    pub key: String,
    /// Where the key begins.
    pub at: Position,
    /// The bytes from the key's first to the value's last.
    pub span: Range<usize>,
    /// The value.
    pub node: Node,
}

/// Something that is taken and may mislead whoever reads the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quirk {
    /// Where it stands.
    pub at: Position,
    /// The dotted path of the key it concerns; empty where the whole file is meant.
    pub key: String,
    /// What it is.
    pub kind: QuirkKind,
}

/// What may mislead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuirkKind {
    /// The key stands in this mapping already; the last one counts.
    DuplicateKey {
        /// The first place of the key.
        first: Position,
    },
    /// `&name`
    Anchor,
    /// `*name`
    Alias,
    /// `<<:` SnakeYAML obeys it; yaml-cpp takes it for a key of that name.
    MergeKey,
    /// `!name`
    Tag,
    /// The file begins with U+FEFF.
    ByteOrderMark,
    /// Lines end with a carriage return; this is the place of the first.
    CarriageReturns,
}

impl Document {
    /// Reads the text of the file at `path`, which is only named.
    ///
    /// A blank file has [`Value::Blank`] as its root.
    ///
    /// # Errors
    /// The text is larger than 8 MiB, holds characters that YAML forbids, is not valid YAML, is
    /// nested deeper than 64 levels, has more than 250 000 values (counting those that aliases
    /// repeat), a second document, or a key that is no word.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Findings> {
        if let Some(unreadable) = refusal::unreadable(text, path, MAX_SIZE) {
            return Err(unreadable.into());
        }
        let (root, quirks) = builder::build(text, path)?;
        Ok(Self {
            path: path.to_owned(),
            text: text.to_owned(),
            root,
            quirks,
        })
    }

    /// The file, as it was named.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The whole text, byte for byte as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value of the whole file.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// What may mislead a reader, in the order of the file.
    pub fn quirks(&self) -> &[Quirk] {
        &self.quirks
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Node {
    /// The entry of a mapping that counts for `key`: the last one. None if this is no mapping.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().rfind(|entry| entry.key == key)
    }

    /// The entry that counts for a path of keys, each looked up in the value of the one before.
    pub fn find(&self, path: &[&str]) -> Option<&Entry> {
        let (first, rest) = path.split_first()?;
        let entry = self.get(first)?;
        if rest.is_empty() {
            Some(entry)
        } else {
            entry.node.find(rest)
        }
    }

    /// The entries of a mapping; none if this is no mapping.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Mapping(entries) => entries,
            Value::Blank | Value::Scalar { .. } | Value::Sequence(_) => &[],
        }
    }

    /// The items of a list; none if this is no list.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::Sequence(items) => items,
            Value::Blank | Value::Scalar { .. } | Value::Mapping(_) => &[],
        }
    }

    /// The text of a single value; none if it is blank, a list or a mapping.
    pub fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            Value::Blank | Value::Sequence(_) | Value::Mapping(_) => None,
        }
    }

    /// Whether nothing is given.
    pub fn is_blank(&self) -> bool {
        self.value == Value::Blank
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {} {:?}", self.value, self.at, self.span)
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {}: {:?}", self.key, self.at, self.node)
    }
}

impl fmt::Debug for Value {
    /// Shows the shape; what a scalar says may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => f.write_str("blank"),
            Self::Scalar { quoted: true, .. } => f.write_str("\"…\""),
            Self::Scalar { quoted: false, .. } => f.write_str("…"),
            Self::Sequence(items) => f.debug_list().entries(items).finish(),
            Self::Mapping(entries) => f.debug_set().entries(entries).finish(),
        }
    }
}
