//! The whole file: each section's options, and what does not fit together.
//!
//! Every option is read before anything is given up, so that all mistakes are told at once. None
//! in place of a value means that a finding was reported.

mod interception;
mod listeners;
mod offer;
mod server_encryption;

use std::{
    num::NonZeroUsize,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    time::Duration,
};

use ringlock_finding::Position;

use crate::{
    Config,
    keys::{RINGLOCK, SERVER_ENCRYPTION, TOP},
    section::{Given, Reader, Section, Settled},
    tree::Node,
    value::{self, Wrong},
};

const ADMIN_SOCKET: &str = "/run/ringlock/admin.sock";
const STATE_DIRECTORY: &str = "/var/lib/ringlock";
const MAX_WORKERS: usize = 256;
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_HANDSHAKES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);
const MAX_MAX_HANDSHAKES: usize = 65_536;
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);
/// In milliseconds.
const MINUTE: u64 = 60_000;

/// The databases' ports, as far as they could be read.
struct StoragePorts {
    storage: Option<Settled<u16>>,
    ssl_storage: Option<Settled<u16>>,
}

pub(crate) fn config(root: &Node, reader: &mut Reader) -> Option<Config> {
    let top = Section::open(root, Position::START, String::new(), &TOP, reader);
    let own = top.section(&RINGLOCK, reader);
    let ports = StoragePorts {
        storage: top.get("storage_port", value::port, reader).or(7000),
        ssl_storage: top.get("ssl_storage_port", value::port, reader).or(7001),
    };
    let cluster = own.required(
        "cluster",
        "the cluster's name as the peers' certificates give it",
        value::text,
        reader,
    );
    let interception = interception::read(&own, &ports, reader);
    let limits = Limits::read(&own, reader);
    let files = Files::read(&own, reader);
    let server_encryption = top.section(&SERVER_ENCRYPTION, reader);
    let internode = server_encryption::read(&server_encryption, reader);
    let (limits, files) = (limits?, files?);
    Some(Config {
        path: reader.file().to_owned(),
        cluster: cluster?,
        interception: interception?,
        admin_socket: files.admin_socket,
        state_directory: files.state_directory,
        workers: limits.workers,
        busy_poll: limits.busy_poll,
        handshake_timeout: limits.handshake_timeout,
        max_handshakes: limits.max_handshakes,
        drain_timeout: limits.drain_timeout,
        storage_port: ports.storage?.value,
        ssl_storage_port: ports.ssl_storage?.value,
        internode: internode?,
        origins: reader.take_origins(),
    })
}

/// Options of the agent that bound what it does at once and how long.
struct Limits {
    workers: Option<NonZeroUsize>,
    busy_poll: Option<bool>,
    handshake_timeout: Duration,
    max_handshakes: NonZeroUsize,
    drain_timeout: Duration,
}

impl Limits {
    fn read(section: &Section<'_>, reader: &mut Reader) -> Option<Self> {
        let workers = section
            .get(
                "workers",
                |text| value::count(text, MAX_WORKERS).map(Some),
                reader,
            )
            .or(None);
        let busy_poll = section
            .get("busy_poll", |text| value::boolean(text).map(Some), reader)
            .or(None);
        let handshake_timeout = section
            .get(
                "handshake_timeout",
                |text| value::duration(text, 1, 10 * MINUTE),
                reader,
            )
            .or(HANDSHAKE_TIMEOUT);
        let max_handshakes = section
            .get(
                "max_handshakes",
                |text| value::count(text, MAX_MAX_HANDSHAKES),
                reader,
            )
            .or(MAX_HANDSHAKES);
        let drain_timeout = section
            .get(
                "drain_timeout",
                |text| value::duration(text, 0, 60 * MINUTE),
                reader,
            )
            .or(DRAIN_TIMEOUT);
        Some(Self {
            workers: workers?.value,
            busy_poll: busy_poll?.value,
            handshake_timeout: handshake_timeout?.value,
            max_handshakes: max_handshakes?.value,
            drain_timeout: drain_timeout?.value,
        })
    }
}

/// Paths of the agent's own.
struct Files {
    admin_socket: PathBuf,
    state_directory: PathBuf,
}

impl Files {
    fn read(section: &Section<'_>, reader: &mut Reader) -> Option<Self> {
        let folder = reader.folder().to_owned();
        let admin_socket = section
            .get("admin_socket", |text| socket(&folder, text), reader)
            .or(ADMIN_SOCKET.into());
        let state_directory = path(section, "state_directory", reader).or(STATE_DIRECTORY.into());
        Some(Self {
            admin_socket: admin_socket?.value,
            state_directory: state_directory?.value,
        })
    }
}

/// A file that the configuration names, relative to where it lies itself.
fn path(section: &Section<'_>, key: &'static str, reader: &mut Reader) -> Given<PathBuf> {
    let folder = reader.folder().to_owned();
    section.get(key, |text| Ok(folder.join(value::text(text)?)), reader)
}

/// A path that fits into `sockaddr_un` with the NUL that ends it (unix(7)).
fn socket(folder: &Path, text: &str) -> Result<PathBuf, Wrong> {
    const LONGEST: usize = 107;
    let path = folder.join(value::text(text)?);
    if path.as_os_str().as_bytes().len() > LONGEST {
        let expected = format!("at most {LONGEST} bytes together with the folder");
        return Err(Wrong::new("too long for a Unix socket", expected));
    }
    Ok(path)
}
