use std::{
    fs::{File, Metadata},
    io::{self, Read},
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::Path,
};

use rustix::fs::{CWD, Mode, OFlags};
use zeroize::Zeroizing;

use crate::{Action, FileError};

/// The permission bits of a [private file](read_private) beyond which it is refused: writing and
/// executing for the group, anything for others.
const EXPOSING: u32 = 0o037;

/// Reads a whole regular file of at most `max_bytes`.
///
/// Symbolic links are followed, as secrets mounted by an orchestrator are links.
pub fn read_limited(path: &Path, max_bytes: u64) -> Result<Vec<u8>, FileError> {
    let (file, found) = open_regular(path, max_bytes)?;
    read_open(path, file, found.len(), max_bytes)
}

/// Reads a private key file of at most `max_bytes`, and wipes the bytes when they are dropped.
///
/// The file is refused where others may read, write or execute it, or where its group may write
/// or execute it. Reading by the group is allowed: packages install keys as `root:cassandra`
/// with mode 0640, so that the database's user reads but cannot replace them. The mode is the
/// opened file's own, so it cannot be swapped between the look and the reading.
pub fn read_private(path: &Path, max_bytes: u64) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let (file, found) = open_regular(path, max_bytes)?;
    let mode = found.mode() & 0o7777;
    if mode & EXPOSING != 0 {
        return Err(FileError::Exposed {
            path: path.to_owned(),
            mode,
            who: exposed_to(mode),
        });
    }
    read_open(path, file, found.len(), max_bytes).map(Zeroizing::new)
}

/// Reads up to `max_bytes` of a file for the wording of an error, which must not fail itself.
pub(crate) fn read_bytes(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(max_bytes).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn open_regular(path: &Path, max_bytes: u64) -> Result<(File, Metadata), FileError> {
    let failed = |source| FileError::from_io(Action::Read, path, source);
    let file = open(path).map_err(failed)?;
    let found = file.metadata().map_err(failed)?;
    if found.is_dir() {
        return Err(FileError::IsDirectory {
            path: path.to_owned(),
        });
    }
    if !found.is_file() {
        return Err(FileError::NotRegular {
            path: path.to_owned(),
            kind: kind(&found),
        });
    }
    if found.len() > max_bytes {
        return Err(too_large(path, max_bytes));
    }
    Ok((file, found))
}

/// `O_NONBLOCK` because opening a FIFO would otherwise wait for a writer; it has no effect on
/// regular files.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    Ok(File::from(rustix::fs::openat(
        CWD,
        path,
        flags,
        Mode::empty(),
    )?))
}

/// The buffer has room for the whole file from the start: growing it would leave copies of a
/// secret behind. One byte more than allowed is asked for, to notice a file that grew meanwhile.
fn read_open(path: &Path, file: File, size: u64, max_bytes: u64) -> Result<Vec<u8>, FileError> {
    let room = usize::try_from(size).map_err(|_| too_large(path, max_bytes))?;
    let mut bytes = Vec::with_capacity(room + 1);
    file.take(max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|source| FileError::from_io(Action::Read, path, source))?;
    if bytes.len() as u64 > max_bytes {
        return Err(too_large(path, max_bytes));
    }
    Ok(bytes)
}

fn too_large(path: &Path, limit: u64) -> FileError {
    FileError::TooLarge {
        path: path.to_owned(),
        limit,
    }
}

fn exposed_to(mode: u32) -> &'static str {
    match (mode & 0o004 != 0, mode & 0o002 != 0, mode & 0o020 != 0) {
        (true, true, _) => "every user read and change it",
        (true, false, _) => "every user read it",
        (false, true, _) => "every user change it",
        (false, false, true) => "its group change it",
        (false, false, false) => "others than its owner execute it",
    }
}

fn kind(found: &Metadata) -> &'static str {
    let kind = found.file_type();
    if kind.is_fifo() {
        "FIFO"
    } else if kind.is_socket() {
        "socket"
    } else {
        "device"
    }
}
