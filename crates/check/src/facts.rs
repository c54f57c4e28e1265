//! What is known of the files that options name.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use ringlock_config::resolve::{Base, FilePath, Setting, TlsOptions};
use ringlock_finding::Position;

use crate::{
    block::{Block, given_path},
    node::Node,
};

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
    /// Its name as the product takes it.
    pub(crate) written: String,
    /// What a relative name starts from.
    pub(crate) base: Base,
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
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// The folder's permission bits, where they can be seen.
    pub(crate) folder_mode: Option<u32>,
}

/// Every file that the blocks name.
#[derive(Debug, Default)]
pub(crate) struct Files(Vec<NamedFile>);

/// The paths of the options that both blocks have.
fn shared(tls: &TlsOptions) -> [(&'static str, Purpose, &Setting<Option<FilePath>>); 7] {
    [
        ("keystore", Purpose::Key, &tls.keystore),
        ("keyfile", Purpose::Key, &tls.keyfile),
        ("certificate", Purpose::Certificate, &tls.certificate),
        ("truststore", Purpose::Trust, &tls.truststore),
        (
            "certficate_revocation_list",
            Purpose::Revocation,
            &tls.revocation_list,
        ),
        (
            "keystore_password_file",
            Purpose::Password,
            &tls.keystore_password_file,
        ),
        (
            "truststore_password_file",
            Purpose::Password,
            &tls.truststore_password_file,
        ),
    ]
}

impl Files {
    /// No file.
    pub(crate) fn none() -> &'static Self {
        static NONE: Files = Files(Vec::new());
        &NONE
    }

    /// Looks at every file that the options of a node name.
    pub(crate) fn look(node: &Node<'_>) -> Self {
        let mut files = Vec::new();
        for block in node.blocks() {
            for (key, purpose, setting) in shared(block.tls) {
                files.extend(named(&block, key, purpose, setting));
            }
        }
        let server = &node.resolved.server;
        for (key, purpose, setting) in [
            ("outbound_keystore", Purpose::Key, &server.outbound_keystore),
            (
                "outbound_keystore_password_file",
                Purpose::Password,
                &server.outbound_keystore_password_file,
            ),
        ] {
            files.extend(named(&node.server, key, purpose, setting));
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

fn named(
    block: &Block<'_>,
    key: &'static str,
    purpose: Purpose,
    setting: &Setting<Option<FilePath>>,
) -> Option<NamedFile> {
    let path = given_path(setting).filter(|path| path.base != Base::NoFile)?;
    Some(NamedFile {
        section: block.name,
        key,
        at: block.at(setting),
        written: path.text.clone(),
        base: path.base,
        purpose,
        in_use: block.in_use,
        state: state(path),
    })
}

/// Whether there is something at a path that an option names; none where that cannot be told from
/// here.
pub(crate) fn exists(path: &FilePath) -> Option<bool> {
    match state(path) {
        State::Here(_) | State::NoFile { .. } => Some(true),
        State::Missing => Some(false),
        State::Denied | State::Elsewhere => None,
    }
}

/// What is at a path. What a relative one starts from is a guess, except in Ringlock, so that
/// nothing there means nothing.
fn state(path: &FilePath) -> State {
    match (path.base, look(&path.path)) {
        (Base::NoFile, _) => State::Elsewhere,
        (Base::Absolute | Base::FileFolder, state) | (_, state @ State::Here(_)) => state,
        _ => State::Elsewhere,
    }
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
        uid: found.uid(),
        gid: found.gid(),
        folder_mode: folder.map(|folder| folder.permissions().mode() & 0o7777),
    })
}
