//! Builds an agent and runs it to its end.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::NonZeroUsize,
    sync::Arc,
    thread::JoinHandle,
};

use ringlock_config::{Config, Interception};
use ringlock_model::{ClientAuth, Direction, InternodeEncryption};
use ringlock_net::{ListenError, LockError, MissingNetAdmin, NamespaceLock, require_net_admin};
use time::OffsetDateTime;
use tokio::{
    net::UnixListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::{Mutex, mpsc},
};

use crate::{
    admin::{self, Admin, AdminError, Stop},
    announce,
    conn::Entry,
    front::Front,
    linger, local,
    material::{LoadError, loading::load_first},
    mode::{ModeStore, StateError},
    reload::{Reloader, report},
    shared::{Phase, Shared},
    topology::{self, TopologyError},
    turnover, validity,
    worker::{self, Door},
};

/// More workers than this bring nothing to a node's links by default.
const MAX_DEFAULT_WORKERS: usize = 4;

/// An agent whose sockets are bound and whose identity is loaded, and that serves nothing yet.
pub struct Agent {
    shared: Arc<Shared>,
    doors: Vec<Door>,
    admin: UnixListener,
    workers: usize,
    busy_poll: bool,
    signals: Signals,
    _lock: Option<NamespaceLock>,
}

/// Why an agent does not start. It has changed nothing then.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Key material.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Datacenters and racks.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// The ordered mode.
    #[error(transparent)]
    State(#[from] StateError),
    /// The capability that interception takes.
    #[error("interception: {0}")]
    Privilege(#[from] MissingNetAdmin),
    /// Another agent intercepts in this network namespace.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A port.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The admin socket.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// Threads, signals.
    #[error("the agent cannot be set up: {0}")]
    System(#[from] io::Error),
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Agent {
    /// Loads the identity, then binds every socket. Must be called within a tokio runtime, whose
    /// thread becomes the agent's control thread.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left behind.
    pub fn build(config: Config) -> Result<Self, StartError> {
        for line in config.describe() {
            tracing::info!("{line}");
        }
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        let lock = lock_namespace(&config)?;
        let (config, tls) = load_first(config, OffsetDateTime::now_utc())?;
        let files = topology::Files::read(&config)?;
        topology::check_configured(&config, tls.leaf())?;
        if let Err(failure) = tls.self_check() {
            tracing::warn!(
                "a peer with this node's own truststore would refuse this node: {failure}"
            );
        }
        warn_of_weakness(&config);
        validity::warn_of_own(&tls, &config.internode, OffsetDateTime::now_utc());
        let mode = ModeStore::open(
            config.state_directory.clone(),
            config.internode.mode,
            config.internode.mode_origin.to_string(),
        )?;
        let doors = doors(&config)?;
        let signals = Signals::new()?;
        let (admin, workers) = (admin::open(&config.admin_socket)?, workers(&config));
        let busy_poll = linger::pays(&config);
        let shared = Arc::new(Shared::new(config, tls, mode));
        let own = shared.live.current();
        let in_force = shared.in_force();
        let topology = &shared.topology;
        topology.configure(&in_force.config, files, own.leaf());
        Ok(Self {
            admin,
            workers,
            busy_poll,
            doors,
            signals,
            shared,
            _lock: lock,
        })
    }

    /// Serves until it is told to stop, by a signal or through the admin socket.
    ///
    /// # Errors
    /// Only if threads cannot be started.
    pub async fn run(self) -> Result<(), StartError> {
        let Self {
            shared,
            doors,
            admin,
            workers,
            busy_poll,
            mut signals,
            ..
        } = self;
        let threads = worker::spawn(&shared, &doors, workers, busy_poll)?;
        let front = Front::of(&doors)?;
        drop(doors);
        let reloader = Arc::new(Reloader::new(Arc::clone(&shared)));
        let (stop, mut stops) = mpsc::channel(1);
        let admin = admin::serve(
            admin,
            Admin {
                shared: Arc::clone(&shared),
                reloader: Arc::clone(&reloader),
                stop,
                cutting: Arc::new(Mutex::new(())),
            },
        );
        let admin = tokio::spawn(admin);
        let watching = tokio::spawn(Arc::clone(&reloader).watch());
        let keeping = tokio::spawn(turnover::keep(Arc::clone(&shared)));
        let mapping = tokio::spawn(topology::keep(Arc::clone(&shared)));
        let asking = tokio::spawn(topology::ask::keep(Arc::clone(&shared)));
        let probing = tokio::spawn(local::keep(Arc::clone(&shared), front));
        let in_force = shared.mode.in_force();
        tracing::info!(mode = %in_force.mode, origin = in_force.origin, workers, "ready");
        let announcing = tokio::spawn(announce::keep(Arc::clone(&shared)));
        until_stopped(&shared, &reloader, &mut signals, &mut stops).await;
        shared.enter(Phase::Stopped);
        for task in [watching, keeping, mapping, asking, probing, announcing] {
            task.abort();
        }
        admin.abort();
        join(threads);
        remove_socket(&shared);
        tracing::info!("stopped");
        Ok(())
    }
}

/// Waits for the order to stop, and carries out those that come before it.
async fn until_stopped(
    shared: &Shared,
    reloader: &Arc<Reloader>,
    signals: &mut Signals,
    stops: &mut mpsc::Receiver<Stop>,
) {
    loop {
        let stop = tokio::select! {
            _ = signals.terminate.recv() => Stop::Exit,
            _ = signals.interrupt.recv() => Stop::Exit,
            Some(stop) = stops.recv() => stop,
            _ = signals.hang_up.recv() => {
                // Another signal is heard meanwhile.
                tokio::spawn(reload(Arc::clone(reloader)));
                continue;
            }
        };
        // A second signal while draining ends it at once.
        tokio::select! {
            () = turnover::drain(shared) => {}
            _ = signals.terminate.recv() => return,
            _ = signals.interrupt.recv() => return,
        }
        if stop == Stop::Exit {
            return;
        }
    }
}

async fn reload(reloader: Arc<Reloader>) {
    match reloader.reload().await {
        Ok(true) => {}
        Ok(false) => tracing::info!("nothing to reload: no file was changed"),
        Err(error) => report(&error),
    }
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }
}

fn doors(config: &Config) -> Result<Vec<Door>, ListenError> {
    match &config.interception {
        Interception::Transparent {
            inbound_port,
            outbound_port,
            ..
        } => {
            let mut doors = Vec::new();
            for (port, direction) in [
                (*inbound_port, Direction::Inbound),
                (*outbound_port, Direction::Outbound),
            ] {
                for ip in addresses(direction) {
                    let address = SocketAddr::new(ip, port);
                    match Door::open(address, Entry::Redirected(direction)) {
                        Ok(door) => doors.push(door),
                        Err(error) if is_switched_off(&error) => {
                            tracing::info!(%direction, "without IPv6: {error}");
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
            Ok(doors)
        }
        Interception::Listen { listeners } => listeners
            .iter()
            .map(|listener| {
                let entry = Entry::Fixed {
                    direction: listener.direction,
                    target: listener.target,
                };
                Door::open(listener.address, entry)
            })
            .collect(),
    }
}

/// Whether IPv6 is missing, from the kernel or, as `disable_ipv6` has it, from its interfaces. Should
/// it be switched on later, connections over it are led to where nobody listens, and end there.
fn is_switched_off(error: &ListenError) -> bool {
    match error {
        ListenError::NoSuchFamily { address } | ListenError::NotLocal { address } => {
            address.is_ipv6()
        }
        ListenError::InUse { .. } | ListenError::Privileged { .. } | ListenError::Failed { .. } => {
            false
        }
    }
}

/// Makes sure that interception can work here, and that nobody else does it.
fn lock_namespace(config: &Config) -> Result<Option<NamespaceLock>, StartError> {
    match config.interception {
        Interception::Transparent { .. } => {
            // Without it no connection could be marked as the agent's own, and each would fail.
            require_net_admin()?;
            Ok(Some(NamespaceLock::acquire()?))
        }
        Interception::Listen { .. } => Ok(None),
    }
}

/// Redirection leads a peer's connection to the address of the interface that it came in by, and
/// the database's own to loopback, where nobody else can reach it.
fn addresses(direction: Direction) -> [IpAddr; 2] {
    match direction {
        Direction::Inbound => [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()],
        Direction::Outbound => [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
    }
}

fn workers(config: &Config) -> usize {
    config.workers.map_or_else(
        || {
            std::thread::available_parallelism()
                .map_or(1, NonZeroUsize::get)
                .min(MAX_DEFAULT_WORKERS)
        },
        NonZeroUsize::get,
    )
}

/// Says what the configuration leaves open, in the words of the options that do.
fn warn_of_weakness(config: &Config) {
    let internode = &config.internode;
    if internode.mode.encryption == InternodeEncryption::None {
        return;
    }
    topology::warn_of_scope(internode.mode, internode);
    match internode.require_client_auth {
        ClientAuth::NotRequired => {
            tracing::warn!("require_client_auth is false: whoever reaches this node may connect");
        }
        ClientAuth::Optional => tracing::warn!(
            "require_client_auth is optional: whoever reaches this node and shows no certificate \
             may connect"
        ),
        ClientAuth::Required => {}
    }
    if !internode.require_endpoint_verification {
        tracing::warn!(
            "require_endpoint_verification is false: any node's certificate is good for any address"
        );
    }
}

fn join(threads: Vec<JoinHandle<()>>) {
    for thread in threads {
        if thread.join().is_err() {
            tracing::error!("a worker panicked");
        }
    }
}

fn remove_socket(shared: &Shared) {
    let path = &shared.in_force().config.admin_socket;
    if let Err(error) = std::fs::remove_file(path) {
        tracing::warn!(%error, socket = %path.display(), "the admin socket could not be removed");
    }
}
