//! Clients that write rows, read them back, compare, and count every request that fails.
//!
//! QUORUM for writes and reads, no retries, no speculative execution, in the driver and on the
//! table alike: what the database does not answer well the first time is a failure. A few
//! workers, each with one request at a time, so a stalled cluster shows as a pause.

mod record;
mod worker;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use self::record::Recorder;
pub use self::record::{Failure, Latency, LoadReport, PhaseReport, Progress};
use crate::{
    clock::Moment,
    lab::{Namespace, NamespaceError},
};

/// Why the load could not run. Failed requests are no error: they are what it counts.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The clients' namespace could not be entered.
    #[error(transparent)]
    Namespace(#[from] NamespaceError),
    /// No session, or no table.
    #[error("the load cannot {step}: {cause}")]
    Setup {
        /// What was being done.
        step: &'static str,
        /// What the driver said.
        cause: String,
    },
    /// The thread of the workers panicked.
    #[error("the load broke off")]
    Broken,
}

/// What the load does.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// Where the clients run; absent means where this program runs.
    pub namespace: Option<Namespace>,
    /// Nodes to ask for the others.
    pub contact_points: Vec<SocketAddr>,
    /// `replication` of the keyspace, as CQL.
    pub replication: String,
    /// A text in every row, to look for in a capture.
    pub marker: String,
    /// Requests at the same time.
    pub workers: usize,
    /// How long a worker rests between two requests.
    pub rest: Duration,
}

impl LoadOptions {
    /// Eight workers with short rests, so that two cores are busy with three nodes and latency
    /// shows what the network and the agents do, not the length of a queue.
    pub fn new(contact_points: Vec<SocketAddr>, replication: String) -> Self {
        Self {
            namespace: None,
            contact_points,
            replication,
            marker: "a-row-of-the-ringlock-load".to_owned(),
            workers: 8,
            rest: Duration::from_millis(10),
        }
    }
}

/// A running load. It stops when this is dropped.
#[derive(Debug)]
pub struct Load {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<Result<(), LoadError>>>,
}

/// Reads the counts of a load that someone else owns.
#[derive(Clone, Debug)]
pub struct Meter(Arc<Shared>);

impl Meter {
    /// The counts so far.
    pub fn read(&self) -> Progress {
        self.0.recorder().progress()
    }
}

/// What the workers and their owner share.
#[derive(Debug)]
struct Shared {
    recorder: Mutex<Recorder>,
    stop: AtomicBool,
}

impl Load {
    /// Connects, makes keyspace and table, and starts the workers in a first phase of that name.
    pub fn start(options: LoadOptions, phase: &str) -> Result<Self, LoadError> {
        let shared = Arc::new(Shared {
            recorder: Mutex::new(Recorder::new(phase, Moment::now())),
            stop: AtomicBool::new(false),
        });
        let (ready, connected) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("load".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || run(&options, &shared, &ready)
            })
            .map_err(|error| LoadError::Setup {
                step: "start a thread",
                cause: error.to_string(),
            })?;
        let mut load = Self {
            shared,
            thread: Some(thread),
        };
        match connected.recv() {
            Ok(()) => Ok(load),
            Err(_) => Err(load.join().err().unwrap_or(LoadError::Broken)),
        }
    }

    /// From now on requests count for this phase.
    pub fn enter_phase(&self, name: &str) {
        self.shared.recorder().enter_phase(name, Moment::now());
    }

    /// The counts so far.
    pub fn progress(&self) -> Progress {
        self.shared.recorder().progress()
    }

    /// Reads the counts elsewhere, for as long as that takes.
    pub fn meter(&self) -> Meter {
        Meter(Arc::clone(&self.shared))
    }

    /// Lets the requests under way end, then reports.
    pub fn finish(mut self) -> Result<LoadReport, LoadError> {
        self.join()?;
        Ok(self.shared.recorder().report(Moment::now()))
    }

    fn join(&mut self) -> Result<(), LoadError> {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.thread.take().map_or(Ok(()), |thread| {
            thread.join().unwrap_or(Err(LoadError::Broken))
        })
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.join().ok();
    }
}

impl Shared {
    fn recorder(&self) -> MutexGuard<'_, Recorder> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// The workers' thread: sockets and helper threads that it starts are in its namespace.
fn run(
    options: &LoadOptions,
    shared: &Arc<Shared>,
    ready: &mpsc::Sender<()>,
) -> Result<(), LoadError> {
    if let Some(namespace) = &options.namespace {
        namespace.enter()?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| LoadError::Setup {
            step: "start a runtime",
            cause: error.to_string(),
        })?;
    runtime.block_on(worker::run_all(options, shared, ready))
}
