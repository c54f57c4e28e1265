use std::{
    io,
    os::fd::AsFd,
    panic::resume_unwind,
    process::{Child, Command},
    thread,
};

use fs_err as fs;
use rustix::{
    process::{Pid, Signal, kill_process},
    thread::{LinkNameSpaceType, move_into_link_name_space},
};

use super::{ip, namespace_names};
use crate::command::{self, CommandError};

/// Where `ip netns` keeps its names.
const NAMES: &str = "/run/netns";

/// A network namespace with a name that `ip netns` knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Namespace {
    name: String,
}

/// Why a namespace could not be entered.
#[derive(Debug, thiserror::Error)]
#[error("cannot enter the network namespace {name}: {source}")]
pub struct NamespaceError {
    /// Its name.
    pub name: String,
    /// What the kernel said.
    pub source: io::Error,
}

impl Namespace {
    pub(super) fn named(id: &str, role: &str) -> Self {
        Self {
            name: format!("ringlock-{id}-{role}"),
        }
    }

    /// Every namespace of one lab that exists.
    pub(super) fn of_lab(id: &str) -> impl Iterator<Item = Self> {
        let prefix = format!("ringlock-{id}-");
        namespace_names()
            .into_iter()
            .filter(move |name| name.starts_with(&prefix))
            .map(|name| Self { name })
    }

    /// The name, for `ip netns exec NAME …`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Calls the function on a thread inside the namespace. Sockets it opens, threads it starts
    /// and programs it runs belong there for good; namespaces of other kinds stay the same.
    pub fn within<T: Send>(&self, call: impl FnOnce() -> T + Send) -> Result<T, NamespaceError> {
        thread::scope(|scope| {
            let inside = scope.spawn(|| self.enter().map(|()| call()));
            inside.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }

    /// Runs a command to its end in the namespace and gives its standard output.
    pub fn run(&self, command: &mut Command) -> Result<String, CommandError> {
        self.within(|| command::run(command))
            .unwrap_or_else(|error| Err(not_started(command, error)))
    }

    /// Starts a command in the namespace.
    pub(crate) fn spawn(&self, command: &mut Command) -> Result<Child, CommandError> {
        let started = self.within(|| command.spawn());
        started
            .map_err(NamespaceError::into_io)
            .flatten()
            .map_err(|source| CommandError::Start {
                program: command.get_program().to_string_lossy().into_owned(),
                source,
            })
    }

    /// Moves the calling thread, and it alone, into the namespace.
    pub(crate) fn enter(&self) -> Result<(), NamespaceError> {
        fs::File::open(format!("{NAMES}/{}", self.name))
            .and_then(|file| {
                move_into_link_name_space(file.file().as_fd(), Some(LinkNameSpaceType::Network))
                    .map_err(io::Error::from)
            })
            .map_err(|source| NamespaceError {
                name: self.name.clone(),
                source,
            })
    }

    pub(super) fn create(&self) -> Result<(), CommandError> {
        command::run(ip().args(["netns", "add", &self.name])).map(drop)
    }

    /// One `ip` for many lines of what `ip` understands.
    pub(super) fn ip_batch(&self, lines: &str) -> Result<(), CommandError> {
        command::run_with_input(ip().args(["-n", &self.name, "-batch", "-"]), lines).map(drop)
    }

    /// Makes the cable that ends here a port of the bridge.
    pub(super) fn attach(&self, cable: &str, bridge: &str) -> Result<(), CommandError> {
        self.ip_batch(&format!("link set {cable} master {bridge} up\n"))
    }

    /// Ends what runs inside and removes the name; the kernel removes links, addresses and rules.
    pub(super) fn remove(&self) {
        let pids = command::run(ip().args(["netns", "pids", &self.name])).unwrap_or_default();
        for pid in pids.lines().filter_map(|line| line.trim().parse().ok()) {
            if let Some(pid) = Pid::from_raw(pid) {
                kill_process(pid, Signal::KILL).ok();
            }
        }
        command::run(ip().args(["netns", "del", &self.name])).ok();
    }
}

impl NamespaceError {
    fn into_io(self) -> io::Error {
        io::Error::new(self.source.kind(), self)
    }
}

fn not_started(command: &Command, error: NamespaceError) -> CommandError {
    CommandError::Start {
        program: command.get_program().to_string_lossy().into_owned(),
        source: error.into_io(),
    }
}
