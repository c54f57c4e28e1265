//! One thread and one epoll set that send back what comes in.

use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use anyhow::{Context as _, Result};
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, epoll, poll};
use rustix::io::{Errno, read, retry_on_intr, write};
use rustix::net::{SocketFlags, accept_with, sockopt};

use crate::link::listen;

/// The event data of the listener; connections have their place in the table.
const LISTENER: u64 = u64::MAX;
/// How soon a stop is noticed when nothing else happens.
const TICK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};
const EVENTS: usize = 256;
/// More than the largest message under way on one connection.
const BUFFER: usize = 64 * 1024;

/// A server that sends back what it gets; ends when dropped.
#[derive(Debug)]
pub(crate) struct Echo {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Echo {
    /// Listens on `address`.
    pub(crate) fn start(address: SocketAddr) -> Result<Self> {
        let listener = listen(address)?;
        let address = listener.local_addr()?;
        let listener = OwnedFd::from(listener);
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let data = epoll::EventData::new_u64(LISTENER);
        epoll::add(&epoll, &listener, data, epoll::EventFlags::IN)?;
        let stop = Arc::new(AtomicBool::new(false));
        let server = Server {
            epoll,
            listener,
            connections: Vec::new(),
            free: Vec::new(),
            buffer: vec![0; BUFFER],
        };
        let flag = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("echo".into())
            .spawn(move || server.run(&flag))
            .context("starting the echo server")?;
        Ok(Self {
            address,
            stop,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic in the server has been printed, and failed the measurement under way.
            let _ = thread.join();
        }
    }
}

struct Server {
    epoll: OwnedFd,
    listener: OwnedFd,
    connections: Vec<Option<OwnedFd>>,
    free: Vec<usize>,
    buffer: Vec<u8>,
}

impl Server {
    fn run(mut self, stop: &AtomicBool) {
        let mut events = Vec::with_capacity(EVENTS);
        while !stop.load(Ordering::Relaxed) {
            match epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&TICK)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return,
            }
            for event in events.drain(..) {
                match usize::try_from(event.data.u64()) {
                    Ok(index) if event.data.u64() != LISTENER => self.answer(index),
                    _ => self.accept(),
                }
            }
        }
    }

    /// Takes every connection that waits; what cannot be taken, its client will report.
    fn accept(&mut self) {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        while let Ok(connection) = accept_with(&self.listener, flags) {
            let index = self.free.pop().unwrap_or_else(|| {
                self.connections.push(None);
                self.connections.len() - 1
            });
            let data = epoll::EventData::new_u64(index as u64);
            let registered = sockopt::set_tcp_nodelay(&connection, true)
                .and_then(|()| epoll::add(&self.epoll, &connection, data, epoll::EventFlags::IN));
            if registered.is_ok() {
                self.connections[index] = Some(connection);
            } else {
                self.free.push(index);
            }
        }
    }

    /// Sends back what waits on one connection, or lets go of it at its end.
    fn answer(&mut self, index: usize) {
        let Some(connection) = self.connections.get(index).and_then(Option::as_ref) else {
            return;
        };
        let alive = match retry_on_intr(|| read(connection, &mut self.buffer[..])) {
            Ok(0) => false,
            Ok(read) => write_all(connection, &self.buffer[..read]),
            Err(error) => error == Errno::AGAIN,
        };
        if !alive {
            // Closing takes it out of the epoll set: nothing else holds the descriptor.
            self.connections[index] = None;
            self.free.push(index);
        }
    }
}

/// Messages fit into the socket's buffer, so waiting is the exception (large checks only).
fn write_all(connection: &OwnedFd, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        match write(connection, bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let mut writable = [PollFd::from_borrowed_fd(connection.as_fd(), PollFlags::OUT)];
                let patience = Timespec {
                    tv_sec: 5,
                    tv_nsec: 0,
                };
                if !matches!(poll(&mut writable, Some(&patience)), Ok(1)) {
                    return false;
                }
            }
            Err(_) => return false,
        }
    }
    true
}
