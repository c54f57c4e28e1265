//! The gentle end of somebody else's connection.

use std::io;

use rustix::{
    io::Errno,
    net::{Shutdown, shutdown, sockopt::socket_cookie},
    process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open},
};

use super::Socket;
use crate::process::descriptor_of;

/// Why the owner of a socket was not told that its stream has ended.
#[derive(Debug, thiserror::Error)]
pub enum FarewellError {
    /// The owner is not to be seen: it has gone, or runs in another process namespace.
    #[error("the process that holds the connection cannot be seen from here")]
    NoOwner,
    /// The owner may not be touched.
    #[error(
        "the connection of process {pid} cannot be reached: that takes the capability \
         CAP_SYS_PTRACE, or the same user"
    )]
    NoPrivilege {
        /// The owner.
        pid: u32,
    },
    /// Anything else: a kernel older than 5.6.
    #[error("the connection cannot be reached: {0}")]
    Failed(#[source] io::Error),
}

/// Lets the owner of `socket` read the end of its stream, as if the peer had closed: it then sends
/// what it still has, closes in order, and dials anew.
///
/// This loses nothing, unlike [`destroy`](super::destroy), before which the owner may write once
/// more. It takes an owner that reads, as the databases' since Cassandra 4.0 do; on others it has
/// no effect. The socket is told by its cookie, so no other can be hit.
///
/// # Errors
/// [`FarewellError`]; needs `CAP_SYS_PTRACE`, or the owner's user where Yama allows it.
pub fn end_stream(socket: &Socket) -> Result<(), FarewellError> {
    let (pid, descriptor) = descriptor_of(socket.inode).ok_or(FarewellError::NoOwner)?;
    let sorted = |errno| match errno {
        Errno::PERM | Errno::ACCESS => FarewellError::NoPrivilege { pid },
        Errno::SRCH | Errno::BADF => FarewellError::NoOwner,
        other => FarewellError::Failed(other.into()),
    };
    let process = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let process = pidfd_open(process.ok_or(FarewellError::NoOwner)?, PidfdFlags::empty());
    let process = process.map_err(sorted)?;
    let ours = pidfd_getfd(&process, descriptor, PidfdGetfdFlags::empty()).map_err(sorted)?;
    // The number may have been given to another file since we looked.
    if socket_cookie(&ours) != Ok(socket.cookie) {
        return Err(FarewellError::NoOwner);
    }
    match shutdown(&ours, Shutdown::Read) {
        // It has ended by itself meanwhile.
        Ok(()) | Err(Errno::NOTCONN) => Ok(()),
        Err(errno) => Err(sorted(errno)),
    }
}
