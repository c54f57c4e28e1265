//! A thread a connection that throws away what comes in, and a counter of bytes.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::net::{RecvFlags, recv};

use crate::link::contender::OPENING;
use crate::link::listen;

/// The most one call takes off a socket.
const TAKE: usize = 1024 * 1024;
/// A connection on which nothing comes for so long is given up.
const SILENCE: Duration = Duration::from_secs(5);

/// A server that counts and forgets what it gets; ends when dropped.
#[derive(Debug)]
pub(crate) struct Sink {
    address: SocketAddr,
    bytes: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Sink {
    /// Listens on `address`.
    pub(crate) fn start(address: SocketAddr) -> Result<Self> {
        let listener = listen(address)?;
        let address = listener.local_addr()?;
        listener.set_nonblocking(false)?;
        let bytes = Arc::new(AtomicU64::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        let (counter, flag) = (Arc::clone(&bytes), Arc::clone(&stop));
        let thread = std::thread::Builder::new()
            .name("sink".into())
            .spawn(move || serve(&listener, &counter, &flag))
            .context("starting the sink")?;
        Ok(Self {
            address,
            bytes,
            stop,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Bytes that have arrived since the start, on all connections.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the thread out of `accept`.
        let woken = TcpStream::connect(self.address).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| woken) {
            // A panic in the server has been printed, and failed the measurement under way.
            let _ = thread.join();
        }
    }
}

fn serve(listener: &TcpListener, counter: &Arc<AtomicU64>, stop: &AtomicBool) {
    for connection in listener.incoming() {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let Ok(connection) = connection else { continue };
        let counter = Arc::clone(counter);
        // Its end, however it comes, is the client's to report.
        std::thread::spawn(move || swallow(&connection, &counter));
    }
}

/// Returns the opening, so that a client knows when it got through, and forgets the rest.
///
/// `MSG_TRUNC` takes bytes off a TCP socket without copying them: the sink must not compete with
/// the proxies for memory bandwidth.
fn swallow(mut connection: &TcpStream, counter: &AtomicU64) -> std::io::Result<()> {
    connection.set_read_timeout(Some(SILENCE))?;
    let mut opening = OPENING;
    connection.read_exact(&mut opening)?;
    connection.write_all(&opening)?;
    let mut unused = vec![0; TAKE];
    loop {
        let (_, taken) = recv(connection, &mut unused[..], RecvFlags::TRUNC)?;
        if taken == 0 {
            return Ok(());
        }
        counter.fetch_add(taken as u64, Ordering::Relaxed);
    }
}
