//! Reads `ringlock.yaml` and the databases' own files into typed options, and tells every mistake
//! in them at once.
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
//! The databases' own files are read as their products read them: [`document`] keeps the text and
//! its places, [`dialect`] tells whose file it is, [`options`] is the table of what each product
//! and version knows, and [`resolve()`] answers every value with its origin and every mistake with
//! what the product does about it.
//!
//! Nothing is ignored silently. A key that the databases know and this version does not obey is
//! an error just as a misspelt one is: an operator who wrote it relies on it.

mod config;
mod describe;
pub mod dialect;
pub mod document;
pub mod edit;
mod keys;
pub mod options;
mod origin;
mod read;
pub mod resolve;
mod section;
#[cfg(test)]
mod tests;
mod tree;
mod value;

use std::path::Path;

pub use config::{Config, IdentityFiles, Interception, Listener, ServerEncryption, TlsOffer};
pub use dialect::{Detected, Dialect, detect};
pub use document::{Document, Entry, Node, Quirk, QuirkKind, Value};
pub use origin::Origin;
pub use resolve::{Resolved, resolve};
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
