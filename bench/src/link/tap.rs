//! A relay between the two proxies that keeps the first bytes each server sends.

use std::io::{Read, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};

use super::{handshake::ServerHello, listen};

/// Far more than a ServerHello.
const KEEP: usize = 16 * 1024;
/// A relayed connection on which nothing happens for so long is given up.
const SILENCE: Duration = Duration::from_secs(5);

type Seen = Arc<Mutex<Vec<Vec<u8>>>>;

/// A relay that reads along; ends when dropped.
#[derive(Debug)]
pub(crate) struct Tap {
    address: SocketAddr,
    seen: Seen,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Tap {
    /// Listens on `address` and passes every connection on to `target`.
    pub(crate) fn start(address: SocketAddr, target: SocketAddr) -> Result<Self> {
        let listener = listen(address)?;
        listener.set_nonblocking(false)?;
        let seen = Seen::default();
        let stop = Arc::new(AtomicBool::new(false));
        let (record, flag) = (Arc::clone(&seen), Arc::clone(&stop));
        let thread = std::thread::Builder::new()
            .name("tap".into())
            .spawn(move || serve(&listener, target, &record, &flag))
            .context("starting the tap")?;
        Ok(Self {
            address,
            seen,
            stop,
            thread: Some(thread),
        })
    }

    /// What was agreed on each connection so far, in their order; connections on which the
    /// server said nothing are left out, and anything but a ServerHello is an error.
    pub(crate) fn hellos(&self) -> Result<Vec<ServerHello>> {
        let seen = self.seen.lock().map_err(|_| anyhow!("the tap panicked"))?;
        seen.iter()
            .filter(|bytes| !bytes.is_empty())
            .map(|bytes| {
                ServerHello::parse(bytes)
                    .ok_or_else(|| anyhow!("what passes between the proxies is not TLS"))
            })
            .collect()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the thread out of `accept`.
        let woken = TcpStream::connect(self.address).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| woken) {
            // A panic in the tap has been printed, and poisoned what it saw.
            let _ = thread.join();
        }
    }
}

fn serve(listener: &TcpListener, target: SocketAddr, seen: &Seen, stop: &AtomicBool) {
    for client in listener.incoming() {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        // What cannot be passed on is closed, and the proxy in front reports it.
        let Ok(client) = client else { continue };
        let Ok(server) = TcpStream::connect(target) else {
            continue;
        };
        let Ok(slot) = seen.lock().map(|mut seen| {
            seen.push(Vec::new());
            seen.len() - 1
        }) else {
            return;
        };
        let seen = Arc::clone(seen);
        std::thread::spawn(move || relay(&client, &server, &seen, slot));
    }
}

fn relay(client: &TcpStream, server: &TcpStream, seen: &Seen, slot: usize) {
    std::thread::scope(|scope| {
        scope.spawn(|| copy(client, server, |_| {}));
        copy(server, client, |bytes| {
            if let Ok(mut seen) = seen.lock() {
                let room = KEEP.saturating_sub(seen[slot].len()).min(bytes.len());
                seen[slot].extend_from_slice(&bytes[..room]);
            }
        });
    });
}

/// One direction, until its end or an error; both mean that no more will come.
fn copy(mut from: &TcpStream, mut to: &TcpStream, mut look: impl FnMut(&[u8])) {
    let mut buffer = vec![0; KEEP];
    if from.set_read_timeout(Some(SILENCE)).is_ok() {
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            look(&buffer[..read]);
            if to.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
