use std::{fmt, path::Path, sync::Arc};

use crate::Dialect;

/// Where a value comes from; displayed as `cassandra.yaml:12:3`, as `default of Cassandra 4.1`, or
/// as `default` where it is Ringlock's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is written in a file.
    File {
        /// The file, as it was named to the reader.
        file: Arc<Path>,
        /// The line of the key, counted from 1.
        line: usize,
        /// The column of the key, counted from 1 in characters.
        column: usize,
    },
    /// It is written nowhere, and this product goes on with it.
    Default(Dialect),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line, column } => {
                write!(f, "{}:{line}:{column}", file.display())
            }
            Self::Default(Dialect::Ringlock) => f.write_str("default"),
            Self::Default(dialect) => write!(f, "default of {dialect}"),
        }
    }
}
