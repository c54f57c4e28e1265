use std::{
    io,
    path::{Path, PathBuf},
};

use crate::read::read_bytes;

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Nothing is there.
    #[error("{} does not exist{}", path.display(), missing_folder(folder.as_deref()))]
    Missing {
        /// What was looked for.
        path: PathBuf,
        /// The nearest folder above it that does not exist either.
        folder: Option<PathBuf>,
    },
    /// The user that runs this process has no right to it.
    #[error(
        "{} cannot be {} by {user}: permission denied; `namei -l {}` shows which folder or file refuses",
        path.display(), action.done(), path.display()
    )]
    Denied {
        /// What was to be done.
        action: Action,
        /// The file or folder.
        path: PathBuf,
        /// The effective user: name and number.
        user: String,
    },
    /// A directory stands where a file was expected.
    #[error("{} is a directory; expected a file", path.display())]
    IsDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// Something that is no directory stands where one was expected.
    #[error("{} is no directory; expected one", path.display())]
    NotDirectory {
        /// The path.
        path: PathBuf,
    },
    /// A FIFO, socket or device, which could block for ever.
    #[error("{} is a {kind}; expected a regular file", path.display())]
    NotRegular {
        /// The path.
        path: PathBuf,
        /// What stands there.
        kind: &'static str,
    },
    /// More bytes than the caller takes.
    #[error("{} has more than {limit} bytes, the most that is read from it", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// A private file that others may read, or that the group may change.
    #[error(
        "{} holds a private key, but its mode {mode:04o} lets {who}; `chmod 600 {}` closes it \
         (0400 and 0640 are accepted as well)",
        path.display(), path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// Who may do what.
        who: &'static str,
    },
    /// A folder in which every user may replace what is written.
    #[error(
        "{} has mode {mode:04o}, so every user could replace the files in it; `chmod o-w {}` closes it",
        path.display(), path.display()
    )]
    OpenFolder {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Something is there already, and it was not to be replaced.
    #[error("{} exists already and was left as it is", path.display())]
    Exists {
        /// What is there.
        path: PathBuf,
    },
    /// Anything else the system answered.
    #[error("{} cannot be {}: {source}", path.display(), action.done())]
    Io {
        /// What was to be done.
        action: Action,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl FileError {
    /// The file or folder the error is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::Missing { path, .. }
            | Self::Denied { path, .. }
            | Self::IsDirectory { path }
            | Self::NotDirectory { path }
            | Self::NotRegular { path, .. }
            | Self::TooLarge { path, .. }
            | Self::Exposed { path, .. }
            | Self::OpenFolder { path, .. }
            | Self::Exists { path }
            | Self::Io { path, .. } => path,
        }
    }

    pub(crate) fn from_io(action: Action, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing {
                folder: nearest_missing_folder(&path),
                path,
            },
            io::ErrorKind::PermissionDenied => Self::Denied {
                action,
                path,
                user: effective_user(),
            },
            io::ErrorKind::IsADirectory => Self::IsDirectory { path },
            io::ErrorKind::AlreadyExists => Self::Exists { path },
            _ => Self::Io {
                action,
                path,
                source,
            },
        }
    }
}

/// What was to be done with a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Read it.
    Read,
    /// Write it.
    Write,
    /// Create it.
    Create,
}

impl Action {
    fn done(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "written",
            Self::Create => "created",
        }
    }
}

fn missing_folder(folder: Option<&Path>) -> String {
    folder.map_or_else(String::new, |folder| {
        format!(": there is no folder {}", folder.display())
    })
}

/// The topmost ancestor that does not exist, so that the message names the first misspelt part.
fn nearest_missing_folder(path: &Path) -> Option<PathBuf> {
    path.ancestors()
        .skip(1)
        .filter(|folder| !folder.as_os_str().is_empty())
        .take_while(|folder| {
            std::fs::symlink_metadata(folder)
                .is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        })
        .last()
        .map(Path::to_owned)
}

/// `user cassandra (uid 998)`, or the number alone where `/etc/passwd` does not know it.
fn effective_user() -> String {
    const PASSWD_LIMIT: u64 = 1 << 20;
    let uid = rustix::process::geteuid().as_raw().to_string();
    let passwd = read_bytes(Path::new("/etc/passwd"), PASSWD_LIMIT).unwrap_or_default();
    let name = String::from_utf8_lossy(&passwd)
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields.get(2) == Some(&uid.as_str()))
        .map(|fields| fields[0].to_owned());
    match name {
        Some(name) => format!("user {name} (uid {uid})"),
        None => format!("uid {uid}"),
    }
}
