use std::{
    collections::BTreeSet,
    fs::{File, Metadata, Permissions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use tempfile::NamedTempFile;

use crate::{Action, FileError, folder::sync_folder};

/// One file to be written.
#[derive(Clone, Copy)]
pub struct NewFile<'a> {
    /// Where.
    pub path: &'a Path,
    /// Its permission bits, whatever the umask says.
    pub mode: u32,
    /// The whole content.
    pub bytes: &'a [u8],
}

/// What happens to a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is written: [`FileError::Exists`].
    Refuse,
    /// It is replaced.
    Replace,
}

/// Writes a whole file, replacing what is there, or leaves it untouched.
///
/// A symbolic link at `path` is replaced, not followed. When this returns, the content and its
/// name are on the disk.
pub fn write_atomic(path: &Path, mode: u32, bytes: &[u8]) -> Result<(), FileError> {
    write_set(&[NewFile { path, mode, bytes }], Existing::Replace)
}

/// Writes a whole file where nothing is yet.
///
/// Of two that race for the same path one wins and the other gets [`FileError::Exists`].
pub fn write_new_atomic(path: &Path, mode: u32, bytes: &[u8]) -> Result<(), FileError> {
    write_set(&[NewFile { path, mode, bytes }], Existing::Refuse)
}

/// Writes files that belong together, in the given order.
///
/// All of them are complete on the disk under temporary names before the first appears, so a
/// full disk or a missing right leaves everything as it was. With [`Existing::Refuse`] those
/// that did appear are removed again when a later one fails. With [`Existing::Replace`] a crash
/// between two renames may leave new files before old ones, never half of any: put the one that
/// makes the others count last.
pub fn write_set(files: &[NewFile<'_>], existing: Existing) -> Result<(), FileError> {
    if existing == Existing::Refuse {
        files.iter().try_for_each(refuse_existing)?;
    }
    let staged = files
        .iter()
        .map(|file| stage(file, None).map_err(|source| failed(file, source)))
        .collect::<Result<Vec<_>, _>>()?;
    for (position, (file, temporary)) in files.iter().zip(staged).enumerate() {
        if let Err(error) = publish(file, temporary, existing) {
            if existing == Existing::Refuse {
                withdraw(&files[..position]);
            }
            return Err(error);
        }
    }
    files
        .iter()
        .map(|file| folder_of(file.path))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .try_for_each(sync_folder)
}

/// Replaces the content of a file that is there and keeps its owner, its group and its mode.
///
/// A symbolic link is followed and stays: what it points to is replaced, under its own name.
/// Where the owner or the group cannot be kept, for want of the right to give files away, nothing
/// is written.
pub fn rewrite_atomic(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let failed = |source| FileError::from_io(Action::Write, path, source);
    let target = std::fs::canonicalize(path).map_err(failed)?;
    let found = std::fs::metadata(&target).map_err(failed)?;
    let file = NewFile {
        path: &target,
        mode: found.mode() & 0o7777,
        bytes,
    };
    let temporary = stage(&file, Some(&found)).map_err(failed)?;
    publish(&file, temporary, Existing::Replace)?;
    sync_folder(folder_of(&target))
}

/// Writes a file where nothing is yet, with the owner, the group and the mode that `like` has; a
/// copy shows no byte to anybody who could not read the original.
pub fn write_new_like(path: &Path, like: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let found =
        std::fs::metadata(like).map_err(|source| FileError::from_io(Action::Read, like, source))?;
    let file = NewFile {
        path,
        mode: found.mode() & 0o7777,
        bytes,
    };
    refuse_existing(&file)?;
    let temporary = stage(&file, Some(&found)).map_err(|source| failed(&file, source))?;
    publish(&file, temporary, Existing::Refuse)?;
    sync_folder(folder_of(path))
}

/// A look ahead for the sake of a whole set; the rename itself is what cannot be raced.
fn refuse_existing(file: &NewFile<'_>) -> Result<(), FileError> {
    match std::fs::symlink_metadata(file.path) {
        Ok(_) => Err(FileError::Exists {
            path: file.path.to_owned(),
        }),
        Err(_) => Ok(()),
    }
}

/// The temporary file is born with mode 0600 and gets its own mode while it is still empty, so
/// no byte is ever readable by more users than in the end. It is given away before that, as doing
/// so takes the set-user bits.
fn stage(file: &NewFile<'_>, like: Option<&Metadata>) -> io::Result<NamedTempFile> {
    let mut temporary = tempfile::Builder::new()
        .prefix(".ringlock-")
        .suffix(".tmp")
        .tempfile_in(folder_of(file.path))?;
    let handle = temporary.as_file_mut();
    if let Some(like) = like {
        give_to(handle, like)?;
    }
    handle.set_permissions(Permissions::from_mode(file.mode))?;
    handle.write_all(file.bytes)?;
    handle.sync_all()?;
    Ok(temporary)
}

/// Gives the file the owner and group of another, where they differ.
fn give_to(file: &File, like: &Metadata) -> io::Result<()> {
    let born = file.metadata()?;
    let (user, group) = (like.uid(), like.gid());
    if (born.uid(), born.gid()) != (user, group) {
        std::os::unix::fs::fchown(file, Some(user), Some(group))?;
    }
    Ok(())
}

fn publish(
    file: &NewFile<'_>,
    temporary: NamedTempFile,
    existing: Existing,
) -> Result<(), FileError> {
    let published = match existing {
        Existing::Refuse => temporary.persist_noclobber(file.path),
        Existing::Replace => temporary.persist(file.path),
    };
    match published {
        Ok(_) => Ok(()),
        Err(refused) => Err(failed(file, refused.error)),
    }
}

/// Takes back what this call made. The error that led here is the one worth reporting; a file
/// that cannot be removed any more is complete and carries its own mode.
fn withdraw(files: &[NewFile<'_>]) {
    for file in files {
        let _ = std::fs::remove_file(file.path);
    }
}

fn failed(file: &NewFile<'_>, source: io::Error) -> FileError {
    FileError::from_io(Action::Write, file.path, source)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
