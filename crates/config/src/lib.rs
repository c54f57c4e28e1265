//! Reads `ringlock.yaml` into typed options, or tells every mistake in it at once.
//!
//! ```text
//! text ── tree: places, duplicates ── section: known keys ── value: types ── read: what fits together ──► Config
//!                     └──────────────────────┴─────────────────────┴────────────────────┴──► Findings
//! ```
//!
//! [`parse`] takes text and does no I/O, so whether the files it names exist is for others to see.
//! A [`Config`] cannot be wrong: ports are in range, relative paths are resolved, what contradicts
//! itself was refused. Every value knows the line that it comes from ([`Origin`]).
//!
//! Nothing is ignored silently. A key that the databases know and this version does not obey is
//! an error just as a misspelt one is: an operator who wrote it relies on it.

mod config;
mod describe;
mod keys;
mod origin;
mod read;
mod section;
#[cfg(test)]
mod tests;
mod tree;
mod value;

use std::path::Path;

pub use config::{Config, IdentityFiles, Interception, Listener, ServerEncryption};
pub use origin::Origin;
use ringlock_finding::Findings;

/// Reads the text of the `ringlock.yaml` that lies at `path`.
///
/// Relative paths in it are resolved against the folder of `path`, so they come out absolute if
/// `path` is. Findings and origins name the file as `path` does.
///
/// # Errors
/// Every mistake, in the order of the lines. Broken YAML hides what follows it, so then only that
/// and what was seen before it is told.
pub fn parse(text: &str, path: &Path) -> Result<Config, Findings> {
    let (tree, mut findings) = tree::read(text, path);
    let config = tree.and_then(|root| {
        let mut reader = section::Reader::new(path);
        let config = read::config(&root, &mut reader);
        findings.extend(reader.into_findings());
        config
    });
    match config {
        Some(config) if findings.is_empty() => Ok(config),
        _ => {
            findings.sort();
            Err(findings)
        }
    }
}

/// The dotted path of `key` within the mapping at `parent`.
fn key_path(parent: &str, key: &str) -> String {
    let key = shortened(key);
    if parent.is_empty() {
        key
    } else {
        format!("{parent}.{key}")
    }
}

/// At most 80 characters of what a file holds, for a message.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
