//! Sets and removes keys in the text of a YAML file, and leaves every other byte as it is.
//!
//! ```text
//! document, changes ──► splice by places ──► read again ──► only what was asked changed? ──► text
//!                                                                              └─ no ─────► error
//! ```
//!
//! Comments, order, spacing, quotes, line ends, a byte order mark and a missing line end at the
//! end of the file stay. A key that is set where it was absent and then unset leaves the original
//! text, also where its block had to be made.

mod commented;
mod diff;
mod lines;
mod scalar;
mod set;
mod splice;
#[cfg(test)]
mod tests;
mod unset;
mod verify;

use std::fmt;

pub use diff::unified_diff;
use ringlock_finding::Findings;

use crate::{Document, document::Node};

/// One wish. Keys are dotted paths such as `server_encryption_options.optional`.
#[derive(Clone, PartialEq, Eq)]
pub enum Change {
    /// The key has this value afterwards; it is added where it is absent.
    Set {
        /// The dotted path.
        key: String,
        /// The value.
        value: NewValue,
    },
    /// The key is gone afterwards, with all it holds.
    Unset {
        /// The dotted path.
        key: String,
    },
}

/// What a key is set to.
#[derive(Clone, PartialEq, Eq)]
pub enum NewValue {
    /// Nothing: the key with its colon.
    Blank,
    /// One value, quoted where YAML would take it for something else.
    Text(String),
    /// A list of such values, written in brackets.
    List(Vec<String>),
}

/// Why a file is not edited. No variant holds a value of the file or of the change.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The dotted path has an empty part.
    #[error(
        "\"{key}\" is no key; expected names with dots between, such as server_encryption_options.optional"
    )]
    BadKey {
        /// The path.
        key: String,
    },
    /// The value begins like a list and cannot be read as one.
    #[error("the list given for {key} cannot be read; expected [A,B,C]")]
    BadList {
        /// The path.
        key: String,
    },
    /// The key stands in its block more than once.
    #[error("{key} is given {} times, on lines {}; the one on line {counts} counts; remove the others first", lines.len(), joined(lines))]
    Duplicate {
        /// The path.
        key: String,
        /// Every line of the key.
        lines: Vec<usize>,
        /// The line of the one that the databases obey.
        counts: usize,
    },
    /// The value is brought in by an alias or a merge key.
    #[error("{key} comes from an alias on line {line}{}; change it there, or write the value out", anchored(*anchor))]
    Alias {
        /// The path.
        key: String,
        /// The line of the alias.
        line: usize,
        /// The line of the anchor that it repeats.
        anchor: Option<usize>,
    },
    /// A part of the path before the last holds no keys.
    #[error(
        "{key} on line {line} is {found}, so it can hold no key; expected keys with values, or nothing"
    )]
    NoMapping {
        /// The path of that part.
        key: String,
        /// Its line.
        line: usize,
        /// What it is.
        found: &'static str,
    },
    /// A single value or a list would replace keys with values.
    #[error("{key} on line {line} holds keys of its own; set those, or unset it first")]
    HoldsKeys {
        /// The path.
        key: String,
        /// Its line.
        line: usize,
    },
    /// Something else stands on the line of the key.
    #[error("{key} shares line {line} with something else; put it on a line of its own first")]
    SharedLine {
        /// The path.
        key: String,
        /// Its line.
        line: usize,
    },
    /// The text could no longer be read, or something else would change as well.
    #[error("{key} cannot be changed alone: {} would change with it; edit the file by hand", other.as_deref().unwrap_or("the structure of the file"))]
    SideEffect {
        /// The path.
        key: String,
        /// The path of what would change too.
        other: Option<String>,
    },
    /// The edited text is more than can be read again.
    #[error("{key} cannot be set: the file could not be read any more: {findings}")]
    Unreadable {
        /// The path.
        key: String,
        /// What would be wrong with it.
        findings: Findings,
    },
}

/// The text with `key` set to `value`, which is read as on a command line ([`NewValue::read`]).
///
/// # Errors
/// See [`apply`].
pub fn set(document: &Document, key: &str, value: &str) -> Result<String, EditError> {
    let value = NewValue::read(value).ok_or_else(|| EditError::BadList {
        key: key.to_owned(),
    })?;
    let key = key.to_owned();
    apply(document, &[Change::Set { key, value }])
}

/// The text without `key`; unchanged if it is absent.
///
/// # Errors
/// See [`apply`].
pub fn unset(document: &Document, key: &str) -> Result<String, EditError> {
    let key = key.to_owned();
    apply(document, &[Change::Unset { key }])
}

/// The text with all changes made, one after the other.
///
/// # Errors
/// The first change that cannot be made without touching anything else; then none is made.
pub fn apply(document: &Document, changes: &[Change]) -> Result<String, EditError> {
    let mut current = document.clone();
    for change in changes {
        let path = split(change.key())?;
        let splices = match change {
            Change::Set { value, .. } => set::plan(&current, &path, value)?,
            Change::Unset { .. } => unset::plan(&current, &path)?,
        };
        if splices.is_empty() {
            continue;
        }
        let text = splice::apply(current.text(), splices);
        let edited =
            Document::parse(&text, current.path()).map_err(|findings| EditError::Unreadable {
                key: change.key().to_owned(),
                findings,
            })?;
        verify::only(change, &path, &current, &edited)?;
        current = edited;
    }
    Ok(current.text().to_owned())
}

/// Whether the value of this key must not be shown: passwords and private keys, not the files
/// that hold them.
pub fn is_secret(key: &str) -> bool {
    let name = key.rsplit('.').next().unwrap_or(key);
    let name = name.to_ascii_lowercase();
    (name.contains("password") || name == "private_key") && !name.ends_with("_file")
}

impl Change {
    /// The dotted path.
    pub fn key(&self) -> &str {
        match self {
            Self::Set { key, .. } | Self::Unset { key } => key,
        }
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set { key, value } => write!(f, "set {key} to {value:?}"),
            Self::Unset { key } => write!(f, "unset {key}"),
        }
    }
}

impl NewValue {
    /// A value as it is given on a command line: nothing is [`NewValue::Blank`], `[A,B]` a list,
    /// all else text. None if it begins like a list and is none of single values.
    pub fn read(text: &str) -> Option<Self> {
        if text.trim().is_empty() {
            return Some(Self::Blank);
        }
        if !text.trim_start().starts_with('[') {
            return Some(Self::Text(text.to_owned()));
        }
        let list = Document::parse(text, std::path::Path::new("")).ok()?;
        let crate::document::Value::Sequence(items) = &list.root().value else {
            return None;
        };
        let text = |item: &Node| item.scalar().map(str::to_owned);
        items
            .iter()
            .map(text)
            .collect::<Option<_>>()
            .map(Self::List)
    }

    fn is(&self, node: &Node) -> bool {
        match self {
            Self::Blank => node.is_blank(),
            Self::Text(text) => node.scalar() == Some(text),
            Self::List(texts) => {
                matches!(node.value, crate::document::Value::Sequence(_))
                    && node.items().len() == texts.len()
                    && std::iter::zip(node.items(), texts)
                        .all(|(item, text)| item.scalar() == Some(text))
            }
        }
    }
}

impl fmt::Debug for NewValue {
    /// Shows the shape; the text may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => f.write_str("blank"),
            Self::Text(_) => f.write_str("…"),
            Self::List(items) => write!(f, "[{} items]", items.len()),
        }
    }
}

fn split(key: &str) -> Result<Vec<&str>, EditError> {
    let path: Vec<_> = key.split('.').collect();
    if path
        .iter()
        .any(|part| part.trim() != *part || part.is_empty())
    {
        return Err(EditError::BadKey {
            key: key.to_owned(),
        });
    }
    Ok(path)
}

fn joined(lines: &[usize]) -> String {
    let lines: Vec<_> = lines.iter().map(usize::to_string).collect();
    match lines.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => lines.concat(),
    }
}

fn anchored(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| {
        format!(" that repeats the anchor on line {line}")
    })
}
