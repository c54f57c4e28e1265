//! Where the products look for files.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use crate::dialect::{Dialect, Product};

/// A file that an option names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePath {
    /// What the option says.
    pub text: String,
    /// The file that is meant.
    pub path: PathBuf,
    /// What it was resolved against.
    pub base: Base,
}

/// What a relative path starts from. The yaml does not say where that is, so the folder is the one
/// that the place of the file suggests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Nothing: the path is absolute.
    Absolute,
    /// No file is meant: DSE's `NONE` beside `keystore_type: PKCS11`.
    NoFile,
    /// The working directory of the JVM, in Cassandra and HCD. For `HOME/conf/cassandra.yaml` that
    /// is `HOME`, for a file below `/etc` it is `/`, otherwise the folder of the file.
    WorkingDirectory,
    /// The installation directory, in DSE. For `INST/resources/cassandra/conf/cassandra.yaml` that
    /// is `INST`, for a file below `/etc` it is `/usr/share/dse`, otherwise the folder of the file.
    Installation,
    /// The working directory of ScyllaDB: `/` for a file below `/etc`, otherwise the folder of the
    /// file.
    Process,
    /// ScyllaDB's configuration directory, for the files that it takes by default; the folder of
    /// its yaml.
    ScyllaConf,
    /// The folder of the file, in Ringlock.
    FileFolder,
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Absolute => "absolute",
            Self::NoFile => "no file",
            Self::WorkingDirectory => "from the working directory of the JVM",
            Self::Installation => "from the installation directory",
            Self::Process => "from the working directory of ScyllaDB",
            Self::ScyllaConf => "from SCYLLA_CONF",
            Self::FileFolder => "from the folder of the file",
        })
    }
}

impl FilePath {
    /// What `dialect` means by `text`, which stands in the file at `file`, or is a default.
    pub(super) fn resolve(
        text: &str,
        dialect: Dialect,
        base: &Path,
        file: &Path,
        is_default: bool,
    ) -> Self {
        let named = Path::new(text);
        let (folder, base) = match dialect.product() {
            _ if named.is_absolute() => (Path::new(""), Base::Absolute),
            Product::Dse | Product::Ringlock if text == "NONE" => (Path::new(""), Base::NoFile),
            Product::Cassandra | Product::Hcd => (base, Base::WorkingDirectory),
            Product::Dse => (base, Base::Installation),
            Product::Scylla if is_default => (folder_of(file), Base::ScyllaConf),
            Product::Scylla => (base, Base::Process),
            Product::Ringlock => (folder_of(file), Base::FileFolder),
        };
        Self {
            text: text.to_owned(),
            path: folder.join(named),
            base,
        }
    }
}

/// The folder that relative paths most likely start from, by the place of the yaml.
pub(super) fn suggested(file: &Path, dialect: Dialect) -> PathBuf {
    let folder = folder_of(file);
    let in_etc = file.starts_with("/etc");
    match dialect.product() {
        Product::Cassandra | Product::Hcd | Product::Scylla if in_etc => PathBuf::from("/"),
        Product::Dse if in_etc => PathBuf::from("/usr/share/dse"),
        Product::Cassandra if folder.ends_with("conf") => above(folder, 1),
        Product::Dse | Product::Hcd if folder.ends_with("resources/cassandra/conf") => {
            above(folder, 3)
        }
        _ => folder.to_owned(),
    }
}

fn above(folder: &Path, levels: usize) -> PathBuf {
    folder.ancestors().nth(levels).unwrap_or(folder).to_owned()
}

fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new(""))
}
