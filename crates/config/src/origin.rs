use std::{fmt, path::Path, sync::Arc};

/// Where a value comes from; displayed as `ringlock.yaml:12` or `default`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is written in a file.
    File {
        /// The file, as it was named to [`parse`](crate::parse).
        file: Arc<Path>,
        /// The line of the key, counted from 1.
        line: usize,
    },
    /// It is written nowhere.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line } => write!(f, "{}:{line}", file.display()),
            Self::Default => f.pad("default"),
        }
    }
}
