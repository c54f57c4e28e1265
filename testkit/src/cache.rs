//! Where `./x` keeps what it fetches.

use std::{env, path::PathBuf};

/// The folder, which may not be there.
pub(crate) fn folder() -> PathBuf {
    let from = |variable: &str| env::var_os(variable).map(PathBuf::from);
    from("RINGLOCK_CACHE")
        .or_else(|| from("XDG_CACHE_HOME").map(|dir| dir.join("ringlock")))
        .or_else(|| from("HOME").map(|home| home.join(".cache/ringlock")))
        .unwrap_or_else(|| PathBuf::from("/var/cache/ringlock"))
}
