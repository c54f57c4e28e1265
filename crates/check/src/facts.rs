//! What is known of the files that options name.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use ringlock_config::Dialect;
use ringlock_finding::Position;

use crate::section::Section;

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Holds a private key, alone or with its certificates.
    Key,
    /// Holds a password.
    Password,
    /// A certificate without its key.
    Certificate,
    /// The certificates that are believed.
    Trust,
    /// The certificates that are believed no more.
    Revocation,
}

/// A file that an option names.
#[derive(Debug)]
pub(crate) struct NamedFile {
    pub(crate) section: &'static str,
    pub(crate) key: &'static str,
    /// Where its name stands.
    pub(crate) at: Position,
    /// Its name as it is written.
    pub(crate) written: String,
    pub(crate) purpose: Purpose,
    /// Whether the block is in use.
    pub(crate) in_use: bool,
    pub(crate) state: State,
}

/// What stands at the path.
#[derive(Debug)]
pub(crate) enum State {
    /// A file.
    Here(Facts),
    /// Something else.
    NoFile {
        /// What it is.
        kind: &'static str,
    },
    /// Nothing, though the folder is there.
    Missing,
    /// The user that runs this has no right to look.
    Denied,
    /// It cannot be told from here: the name is relative to a folder that is not known, or the
    /// folder belongs to another machine.
    Elsewhere,
}

/// A file that is there.
#[derive(Debug)]
pub(crate) struct Facts {
    /// Where it was found.
    pub(crate) path: PathBuf,
    /// Where it really lies, links followed.
    pub(crate) real: PathBuf,
    pub(crate) mode: u32,
    /// The folder's permission bits, where they can be seen.
    pub(crate) folder_mode: Option<u32>,
}

/// Every file that the blocks name.
#[derive(Debug, Default)]
pub(crate) struct Files(Vec<NamedFile>);

const KEYS: [(&str, Purpose); 10] = [
    ("keystore", Purpose::Key),
    ("outbound_keystore", Purpose::Key),
    ("keyfile", Purpose::Key),
    ("certificate", Purpose::Certificate),
    ("truststore", Purpose::Trust),
    ("certficate_revocation_list", Purpose::Revocation),
    ("certificate_revocation_list", Purpose::Revocation),
    ("keystore_password_file", Purpose::Password),
    ("truststore_password_file", Purpose::Password),
    ("outbound_keystore_password_file", Purpose::Password),
];

impl Files {
    /// Looks at every file that the blocks of the yaml at `yaml` name.
    pub(crate) fn look(yaml: &Path, dialect: Dialect, sections: &[(Section<'_>, bool)]) -> Self {
        let mut files = Vec::new();
        for (section, in_use) in sections {
            for (key, purpose) in KEYS {
                let Some(written) = section.text(key).filter(|text| *text != "NONE") else {
                    continue;
                };
                files.push(NamedFile {
                    section: section.name,
                    key,
                    at: section.place(key),
                    written: written.to_owned(),
                    purpose,
                    in_use: *in_use,
                    state: state(yaml, dialect, Path::new(written)),
                });
            }
        }
        Self(files)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &NamedFile> {
        self.0.iter()
    }

    /// The file that a key of a block names.
    pub(crate) fn named(&self, section: &str, key: &str) -> Option<&NamedFile> {
        self.iter()
            .find(|file| file.section == section && file.key == key)
    }
}

impl NamedFile {
    /// The dotted path of the key.
    pub(crate) fn path_of_key(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }

    pub(crate) fn facts(&self) -> Option<&Facts> {
        match &self.state {
            State::Here(facts) => Some(facts),
            _ => None,
        }
    }
}

fn state(yaml: &Path, dialect: Dialect, written: &Path) -> State {
    if written.is_absolute() {
        return look(written);
    }
    let folder = yaml.parent().unwrap_or(Path::new(""));
    if dialect == Dialect::Ringlock {
        return look(&folder.join(written));
    }
    // The databases open it relative to where they were started, which is the installation's
    // folder for tarballs: the one above conf, or some levels above it in DSE.
    const LEVELS: usize = 4;
    let found = folder
        .ancestors()
        .take(LEVELS)
        .map(|base| look(&base.join(written)))
        .find(|state| matches!(state, State::Here(_)));
    found.unwrap_or(State::Elsewhere)
}

fn look(path: &Path) -> State {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return State::Denied,
        Err(_) => {
            let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
            let is_there = folder.is_none_or(Path::is_dir);
            return if is_there {
                State::Missing
            } else {
                State::Elsewhere
            };
        }
    };
    if found.is_dir() {
        return State::NoFile { kind: "a folder" };
    }
    if !found.is_file() {
        return State::NoFile {
            kind: "neither a file nor a folder",
        };
    }
    let folder = path.parent().and_then(|folder| fs::metadata(folder).ok());
    State::Here(Facts {
        path: path.to_owned(),
        real: fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()),
        mode: found.mode() & 0o7777,
        folder_mode: folder.map(|folder| folder.permissions().mode() & 0o7777),
    })
}
