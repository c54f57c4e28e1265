//! Reads `ringlock.yaml`, and the database's own file where that names one.

use std::path::{Path, PathBuf};

use ringlock_config::{Config, DatabaseText};
use ringlock_files::{FileError, read_limited, version_beside};
use ringlock_finding::Findings;

/// The most that is read as `ringlock.yaml`.
const MAX_OWN: u64 = 1 << 20;

/// The most that is read as a database's file.
const MAX_DATABASE: u64 = 8 << 20;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file is no text.
    #[error("{}: not UTF-8: {source}", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// Where it is not.
        source: std::str::Utf8Error,
    },
    /// Mistakes, one a line.
    #[error("{0}")]
    Mistakes(Findings),
}

/// Reads the `ringlock.yaml` at `path`, at most 1 MiB, and the file that its `database_config`
/// names, at most 8 MiB.
///
/// # Errors
/// [`ConfigError`] names the file.
pub fn read_config(path: &Path) -> Result<Config, ConfigError> {
    let own = text(path, MAX_OWN)?;
    let database = match ringlock_config::database_config(&own, path) {
        Some(named) => Some((text(&named, MAX_DATABASE)?, version_beside(&named), named)),
        None => None,
    };
    let database = database.as_ref().map(|(text, version, path)| DatabaseText {
        path,
        text,
        version: version.as_deref(),
    });
    ringlock_config::parse_with(&own, path, database).map_err(ConfigError::Mistakes)
}

fn text(path: &Path, most: u64) -> Result<String, ConfigError> {
    let bytes = read_limited(path, most)?;
    String::from_utf8(bytes).map_err(|error| ConfigError::NotText {
        path: path.to_owned(),
        source: error.utf8_error(),
    })
}
