//! Reads `ringlock.yaml` and the databases' own files into typed options, and tells every mistake
//! in them at once.
//!
//! ```text
//! text ── tree: places, duplicates ── section: known keys ── value: types ── read: what fits together ──► Config
//!                     └──────────────────────┴─────────────────────┴────────────────────┴──► Findings
//! ```
//!
//! That is for Ringlock's own keys. The databases' block and ports in `ringlock.yaml`, or in the
//! file that its `database_config` names, are read by [`resolve()`] and judged in `read`.
//!
//! [`parse_with`] takes text and does no I/O, so whether the files it names exist is for others to
//! see.
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

use std::path::{Path, PathBuf};

pub use config::{
    Config, Cql, CqlCredentials, DatabaseFile, IdentityFiles, Interception, Listener,
    OutboundIdentity, ServerEncryption, SnitchFile, SpiffePeers, StaleLists, StorePassword,
    TlsOffer, TokenChoice, TokenKey, Topology, TrustAnchors, TrustedPeers,
};
pub use dialect::{Detected, Dialect, detect};
pub use document::{Document, Entry, Node, Quirk, QuirkKind, Value};
pub use origin::Origin;
pub use resolve::{Resolved, resolve};
use ringlock_finding::{Findings, Severity};

/// Reads the text of the `ringlock.yaml` that lies at `path` and names no `database_config`.
///
/// # Errors
/// As [`parse_with`].
pub fn parse(text: &str, path: &Path) -> Result<Config, Findings> {
    parse_with(text, path, None)
}

/// The database's own file, which [`database_config`] names, as whoever reads files found it.
#[derive(Clone, Copy)]
pub struct DatabaseText<'t> {
    /// Where it lies.
    pub path: &'t Path,
    /// What it says.
    pub text: &'t str,
    /// The version that the installation around it tells, as [`detect`] takes it.
    pub version: Option<&'t str>,
}

/// Reads the text of the `ringlock.yaml` that lies at `path`, with the database's own file where
/// [`database_config`] names one.
///
/// Relative paths in it are resolved against the folder of `path`, so they come out absolute if
/// `path` is; those in the database's file as that product resolves them. Findings and origins name
/// each file as it is named here.
///
/// # Errors
/// Every mistake, in the order of the files and lines. Broken YAML hides what follows it, so then
/// only that and what was seen before it is told.
pub fn parse_with(
    text: &str,
    path: &Path,
    database: Option<DatabaseText<'_>>,
) -> Result<Config, Findings> {
    let (tree, mut findings) = tree::read(text, path);
    let config = tree.and_then(|root| {
        let own = match Document::parse(text, path) {
            Ok(own) => Some(own),
            Err(more) => {
                // What the tree refuses as well is told already.
                if findings.is_empty() {
                    findings.extend(more);
                }
                None
            }
        };
        let mut reader = section::Reader::new(path);
        let config = read::config(&root, read::Words { own, database }, &mut reader);
        findings.extend(reader.into_findings());
        config
    });
    findings.sort();
    match config {
        Some(config) if !findings.has_errors() => Ok(Config {
            warnings: findings,
            ..config
        }),
        _ => Err(findings
            .into_iter()
            .filter(|finding| finding.severity == Severity::Error)
            .collect()),
    }
}

/// The database's own file that the `ringlock.yaml` at `path` names with `database_config`, to be
/// read before [`parse_with`]. None also where the text has mistakes that hide it.
pub fn database_config(text: &str, path: &Path) -> Option<PathBuf> {
    let (root, _) = tree::read(text, path);
    let tree::Value::Mapping(entries) = root?.value else {
        return None;
    };
    let entry = entries
        .into_iter()
        .find(|entry| entry.key == "database_config")?;
    match entry.node.value {
        tree::Value::Scalar(named) => Some(path.parent().unwrap_or(Path::new("")).join(named)),
        _ => None,
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
