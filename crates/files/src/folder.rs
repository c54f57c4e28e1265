use std::{
    fs::{DirBuilder, Metadata},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::Path,
};

use rustix::fs::{CWD, Mode, OFlags};

use crate::{Action, FileError};

/// Makes sure that `path` is a folder in which only its owner (and its group, where the folder
/// was made that way) can place files.
///
/// A folder that is missing is created with mode 0700, those above it with the usual mode. One
/// that is there is kept with its mode, unless every user may replace files in it: writable for
/// others and without the sticky bit.
///
/// The blank path, as the parent of a mere file name is, stands for the working directory.
pub fn create_dir_private(path: &Path) -> Result<(), FileError> {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    match std::fs::metadata(path) {
        Ok(found) => accept(path, &found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path),
        Err(error) => Err(FileError::from_io(Action::Create, path, error)),
    }
}

/// Puts the names in a folder on the disk; a rename is not durable without it.
pub(crate) fn sync_folder(path: &Path) -> Result<(), FileError> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::DIRECTORY;
    rustix::fs::openat(CWD, path, flags, Mode::empty())
        .and_then(rustix::fs::fsync)
        .map_err(|errno| FileError::from_io(Action::Write, path, errno.into()))
}

fn create(path: &Path) -> Result<(), FileError> {
    let failed = |source| FileError::from_io(Action::Create, path, source);
    if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
        std::fs::create_dir_all(above).map_err(failed)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => Ok(()),
        // Somebody else was faster: what they made has to pass the same look.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            accept(path, &std::fs::metadata(path).map_err(failed)?)
        }
        Err(error) => Err(failed(error)),
    }
}

fn accept(path: &Path, found: &Metadata) -> Result<(), FileError> {
    const STICKY: u32 = 0o1000;
    const OTHERS_WRITE: u32 = 0o0002;
    let mode = found.mode() & 0o7777;
    if !found.is_dir() {
        Err(FileError::NotDirectory {
            path: path.to_owned(),
        })
    } else if mode & OTHERS_WRITE != 0 && mode & STICKY == 0 {
        Err(FileError::OpenFolder {
            path: path.to_owned(),
            mode,
        })
    } else {
        Ok(())
    }
}

/// Removes the file at `path`; one that is not there is as good as removed.
///
/// # Errors
/// [`FileError`] names the path.
pub fn remove_file(path: &Path) -> Result<(), FileError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(FileError::from_io(Action::Write, path, error))
        }
        _ => Ok(()),
    }
}
