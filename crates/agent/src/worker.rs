//! Threads that take and relay connections.
//!
//! Each worker is one thread with a runtime of its own, so that a connection never changes threads
//! and its buffers stay in one cache. All workers accept from the same sockets: the one that is
//! idle comes first, which spreads the load better than a hash over addresses would for the few,
//! long connections between nodes (docs/adr/0002-relay.md).

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use ringlock_model::Direction;
use ringlock_net::{ListenError, TcpOptions};
use tokio::{net::TcpStream, time::sleep};

use crate::{
    conn::{Accepted, Entry, refuse, serve},
    front::is_front,
    gate::{Crowded, Place},
    linger::linger,
    shared::{Phase, Shared},
};

/// Pauses after a failed `accept`, which is nearly always a lack of descriptors: doubled from the
/// first to the last.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(1));

/// Connections that the kernel holds for us before we accept them.
pub(crate) const BACKLOG: u16 = 1024;

/// A listening socket and what its connections are.
pub(crate) struct Door {
    pub(crate) socket: TcpListener,
    pub(crate) entry: Entry,
}

impl Door {
    /// A listening socket whose connections inherit how TCP treats them, which spares a handful
    /// of system calls for each: the options of the database's own connections, and a reset for
    /// the time before they are permitted.
    pub(crate) fn open(address: SocketAddr, entry: Entry) -> Result<Self, ListenError> {
        let socket = ringlock_net::listen(address, BACKLOG)?;
        let prepared = TcpOptions::default()
            .apply(&socket)
            .and_then(|()| ringlock_net::reset_on_close(&socket));
        match prepared {
            Ok(()) => Ok(Self { socket, entry }),
            Err(source) => Err(ListenError::Failed { address, source }),
        }
    }

    fn try_clone(&self) -> io::Result<Self> {
        Ok(Self {
            socket: self.socket.try_clone()?,
            entry: self.entry,
        })
    }
}

/// Starts `count` workers, each with all `doors`.
pub(crate) fn spawn(
    shared: &Arc<Shared>,
    doors: &[Door],
    count: usize,
    busy_poll: bool,
) -> io::Result<Vec<JoinHandle<()>>> {
    (0..count)
        .map(|number| {
            let doors = doors
                .iter()
                .map(Door::try_clone)
                .collect::<io::Result<Vec<_>>>()?;
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            let shared = Arc::clone(shared);
            std::thread::Builder::new()
                .name(format!("worker-{number}"))
                .spawn(move || {
                    runtime.block_on(work(shared, doors, busy_poll));
                    // A token that hangs must not keep the agent from ending.
                    runtime.shutdown_background();
                })
        })
        .collect()
}

async fn work(shared: Arc<Shared>, doors: Vec<Door>, busy_poll: bool) {
    let mut phase = shared.phase.subscribe();
    for door in doors {
        match tokio::net::TcpListener::from_std(door.socket) {
            Ok(listener) => {
                tokio::spawn(accept_all(Arc::clone(&shared), listener, door.entry));
            }
            Err(error) => tracing::error!(%error, "a worker cannot listen"),
        }
    }
    tokio::select! {
        // An error means that the agent itself is gone, which is an end as well.
        _ended = phase.wait_for(|phase| *phase == Phase::Stopped) => {}
        () = linger(), if busy_poll => {}
    }
}

async fn accept_all(shared: Arc<Shared>, mut listener: tokio::net::TcpListener, entry: Entry) {
    let mut phase = shared.phase.subscribe();
    let accepting = async {
        let mut pause = BACKOFF.0;
        loop {
            match listener.accept().await {
                Ok((stream, from)) => {
                    pause = BACKOFF.0;
                    let from = SocketAddr::new(from.ip().to_canonical(), from.port());
                    match place(&shared, entry, from).await {
                        Ok(place) => take(&shared, stream, from, entry, place),
                        Err(crowded) => refuse(&shared, entry, from, &crowded.into()),
                    }
                }
                Err(error) if is_front(entry) && error.kind() == io::ErrorKind::InvalidInput => {
                    listener = match reopened(&shared, listener).await {
                        Ok(listener) => listener,
                        Err(error) => {
                            tracing::error!(%error, "a worker cannot listen again");
                            return;
                        }
                    };
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(pause).await;
                    pause = (pause * 2).min(BACKOFF.1);
                }
            }
        }
    };
    tokio::select! {
        () = accepting => {}
        _ = phase.wait_for(|phase| *phase != Phase::Running) => {}
    }
}

/// Waits until a socket listens again that does not while the database is away.
///
/// The runtime never forgets that a socket was hung up, and would ask a listening one for ever; so
/// the socket is shown to it anew.
async fn reopened(
    shared: &Shared,
    listener: tokio::net::TcpListener,
) -> io::Result<tokio::net::TcpListener> {
    let socket = listener.into_std()?;
    shared.is_open.opened().await;
    tokio::net::TcpListener::from_std(socket)
}

/// A place among the handshakes under way. The local database needs none: it is no
/// stranger, and its dials must not wait for strangers.
async fn place(shared: &Shared, entry: Entry, from: SocketAddr) -> Result<Option<Place>, Crowded> {
    match entry.direction() {
        Direction::Outbound => Ok(None),
        Direction::Inbound => {
            let deadline = shared.in_force().handshake_timeout();
            shared.gate.enter(from.ip(), deadline).await.map(Some)
        }
    }
}

fn take(
    shared: &Arc<Shared>,
    stream: TcpStream,
    from: SocketAddr,
    entry: Entry,
    place: Option<Place>,
) {
    tokio::spawn(serve(
        Arc::clone(shared),
        Accepted {
            stream,
            from,
            entry,
            place,
        },
    ));
}
