//! Who holds a socket.

use std::{fmt, fs, path::Path};

/// A process that is in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id, as seen from the caller's process namespace.
    pub pid: u32,
    /// The file name of its program; absent when the caller may not look.
    pub name: Option<String>,
}

impl Process {
    /// The process `pid`, with its name where that can be read.
    pub(crate) fn of(pid: u32) -> Self {
        let name = fs::read_link(format!("/proc/{pid}/exe"))
            .ok()
            .and_then(|exe| Some(exe.file_name()?.to_string_lossy().into_owned()));
        Self { pid, name }
    }

    /// The process with a descriptor for socket `inode`, where the caller may see it.
    pub(crate) fn holding(inode: u32) -> Option<Self> {
        descriptor_of(inode).map(|(pid, _)| Self::of(pid))
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "process {} ({name})", self.pid),
            None => write!(f, "process {}", self.pid),
        }
    }
}

/// The process and the number of its descriptor for socket `inode`, where the caller may see it:
/// a look through every `/proc/PID/fd`.
pub(crate) fn descriptor_of(inode: u32) -> Option<(u32, i32)> {
    let target = format!("socket:[{inode}]");
    fs::read_dir("/proc")
        .ok()?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .find_map(|pid: u32| Some((pid, descriptor_in(pid, Path::new(&target))?)))
}

fn descriptor_in(pid: u32, target: &Path) -> Option<i32> {
    fs::read_dir(format!("/proc/{pid}/fd"))
        .ok()?
        .flatten()
        .find(|descriptor| fs::read_link(descriptor.path()).is_ok_and(|link| link == target))
        .and_then(|descriptor| descriptor.file_name().to_str()?.parse().ok())
}
