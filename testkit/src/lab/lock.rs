use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use fs_err as fs;

/// Beside the names of `ip netns`, so private where these are private.
const NETWORK_LOCKS: &str = "/run/ringlock-lab";
/// Inside a lab's directory.
const DIRECTORY_LOCK: &str = ".lab";

/// Says that a run is alive: the kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct RunLock {
    _file: File,
}

impl RunLock {
    pub(super) fn for_directory(dir: &Path) -> io::Result<Self> {
        Self::take(&dir.join(DIRECTORY_LOCK))
    }

    pub(super) fn for_network(id: &str) -> io::Result<Self> {
        fs::create_dir_all(NETWORK_LOCKS)?;
        Self::take(&network_lock(id))
    }

    /// Removes the file; the lock, where it is still held, goes with its holder.
    pub(super) fn forget_network(id: &str) {
        fs::remove_file(network_lock(id)).ok();
    }

    /// Whether no living run holds the directory. Directories without a lock file are not ours.
    pub(super) fn directory_is_abandoned(dir: &Path) -> bool {
        is_abandoned(&dir.join(DIRECTORY_LOCK)).unwrap_or(false)
    }

    /// Whether no living run holds the network.
    pub(super) fn network_is_abandoned(id: &str) -> bool {
        match is_abandoned(&network_lock(id)) {
            Ok(abandoned) => abandoned,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }

    fn take(path: &Path) -> io::Result<Self> {
        // Under its final name the file is locked from the first moment on, so that no sweep
        // takes it for abandoned.
        let unseen = path.with_extension("new");
        let file = fs::File::create(&unseen)?.into_file();
        file.try_lock()?;
        fs::rename(unseen, path)?;
        Ok(Self { _file: file })
    }
}

fn network_lock(id: &str) -> PathBuf {
    Path::new(NETWORK_LOCKS).join(id)
}

fn is_abandoned(path: &Path) -> io::Result<bool> {
    let file = fs::File::open(path)?.into_file();
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
