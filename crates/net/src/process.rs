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
    ///
    /// A look through `/proc/PID/fd`, so it is for error messages only.
    pub(crate) fn holding(inode: u32) -> Option<Self> {
        let target = format!("socket:[{inode}]");
        fs::read_dir("/proc")
            .ok()?
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .find(|pid: &u32| has_descriptor(*pid, Path::new(&target)))
            .map(Self::of)
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

fn has_descriptor(pid: u32, target: &Path) -> bool {
    fs::read_dir(format!("/proc/{pid}/fd")).is_ok_and(|descriptors| {
        descriptors
            .flatten()
            .any(|descriptor| fs::read_link(descriptor.path()).is_ok_and(|link| link == target))
    })
}
