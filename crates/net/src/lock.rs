//! One agent in a network namespace.

use std::{
    io,
    os::{
        fd::OwnedFd,
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixListener},
    },
};

use socket2::{Domain, SockAddr, Socket, Type};
use tokio::runtime;

use crate::Process;

/// The right to be the agent of the calling thread's network namespace, until it is dropped or
/// the process ends, however it ends.
///
/// It is an abstract Unix socket of a fixed name: the kernel keeps those apart by network
/// namespace, which is just the reach of the interception rules.
#[derive(Debug)]
pub struct NamespaceLock {
    _listener: UnixListener,
}

/// Why an agent may not start here.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another one is there.
    #[error("another Ringlock agent runs in this network namespace: {}", holder_words(.holder.as_ref()))]
    Held {
        /// The process, where the kernel names it.
        holder: Option<Process>,
    },
    /// The socket cannot be made.
    #[error(
        "the lock of this network namespace, the abstract socket @ringlock-agent, cannot be taken: {0}"
    )]
    Failed(#[source] io::Error),
}

impl NamespaceLock {
    /// Takes the lock, without waiting.
    ///
    /// # Errors
    /// [`LockError::Held`] names the holder.
    pub fn acquire() -> Result<Self, LockError> {
        let address = SocketAddr::from_abstract_name(NAME).map_err(LockError::Failed)?;
        match UnixListener::bind_addr(&address) {
            Ok(listener) => Ok(Self {
                _listener: listener,
            }),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                Err(LockError::Held { holder: holder() })
            }
            Err(error) => Err(LockError::Failed(error)),
        }
    }
}

const NAME: &str = "ringlock-agent";

/// The process that listens on the abstract socket, by connecting to it (`SO_PEERCRED`).
///
/// The holder never accepts, so its queue may be full: the connection must not block.
fn holder() -> Option<Process> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM.nonblocking(), None).ok()?;
    socket
        .connect(&SockAddr::unix(format!("\0{NAME}")).ok()?)
        .ok()?;
    let pid = peer_pid(OwnedFd::from(socket).into()).ok()??;
    // A process of another process namespace that is not below ours is shown as number 0.
    u32::try_from(pid)
        .ok()
        .filter(|pid| *pid != 0)
        .map(Process::of)
}

/// Tokio is the one that reads the option without unsafe code; it wants to be in a runtime for it.
/// The runtime is not waited for, so that this may be called from within another one.
fn peer_pid(stream: std::os::unix::net::UnixStream) -> io::Result<Option<i32>> {
    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    let credentials = {
        let _inside = runtime.enter();
        tokio::net::UnixStream::from_std(stream)?.peer_cred()
    };
    runtime.shutdown_background();
    Ok(credentials?.pid())
}

fn holder_words(holder: Option<&Process>) -> String {
    holder.map_or_else(
        || "a process that cannot be seen from here".into(),
        ToString::to_string,
    )
}
