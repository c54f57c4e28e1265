//! New connections, each used for one round trip and closed by the client.
//!
//! The side that closes first keeps the port in TIME_WAIT for a minute. Here that is the client,
//! and then each proxy towards the next; each of these hops has its own set of ports, because
//! every pair listens on ports of its own. The client, which has the most to open when nothing
//! is in between, also spreads over several source addresses. No connection is reset: a proxy
//! would take another way through its code than it does in earnest.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use anyhow::{Context as _, Result, anyhow};
use hdrhistogram::Histogram;
use socket2::{Domain, Protocol, Socket, Type};

use super::{Figures, PATIENCE, Window, float, histogram, message, nanoseconds, quantile};
use crate::clock;
use crate::link::contender::Pair;
use crate::link::scenario::Metric;
use crate::link::setting::Setting;

/// Enough for the proxies never to wait for a client.
const CLIENTS: u8 = 8;
const MESSAGE: usize = 128;

/// Opens and closes connections from a few clients at once.
pub(super) fn measure(pair: &Pair, setting: &Setting) -> Result<Figures> {
    let tally = Tally::new()?;
    std::thread::scope(|scope| {
        let tally = &tally;
        let clients: Vec<_> = (1..=CLIENTS)
            .map(|client| scope.spawn(move || tally.client(pair.entry(), source(client))))
            .collect();
        let figures = observe(pair, setting, tally);
        tally.stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.join().map_err(|_| anyhow!("a client panicked"))??;
        }
        let mut figures = figures?;
        figures.push((Metric::P50, quantile(&*tally.times()?, 0.5)));
        Ok(figures)
    })
}

/// What the clients tell each other and the observer.
struct Tally {
    stop: AtomicBool,
    counting: AtomicBool,
    done: AtomicU64,
    times: Mutex<Histogram<u64>>,
}

impl Tally {
    fn new() -> Result<Self> {
        Ok(Self {
            stop: AtomicBool::new(false),
            counting: AtomicBool::new(false),
            done: AtomicU64::new(0),
            times: Mutex::new(histogram()?),
        })
    }

    fn client(&self, entry: SocketAddr, source: SocketAddr) -> Result<()> {
        let mut times = histogram()?;
        while !self.stop.load(Ordering::Relaxed) {
            let start = clock::now();
            visit(entry, source)?;
            if self.counting.load(Ordering::Relaxed) {
                times.saturating_record(nanoseconds(start, clock::now()));
            }
            self.done.fetch_add(1, Ordering::Relaxed);
        }
        self.times()?.add(times)?;
        Ok(())
    }

    fn times(&self) -> Result<MutexGuard<'_, Histogram<u64>>> {
        self.times.lock().map_err(|_| anyhow!("a client panicked"))
    }
}

fn observe(pair: &Pair, setting: &Setting, tally: &Tally) -> Result<Figures> {
    setting.interrupt.sleep(setting.plan.warm_up)?;
    let window = Window::open(pair)?;
    let before = tally.done.load(Ordering::Relaxed);
    tally.counting.store(true, Ordering::Relaxed);
    setting.interrupt.sleep(setting.plan.window)?;
    tally.counting.store(false, Ordering::Relaxed);
    let count = float(tally.done.load(Ordering::Relaxed) - before);
    let spent = window.close()?;
    Ok(vec![
        (Metric::Connections, count / spent.seconds),
        (Metric::CpuPerConnection, spent.cpu_seconds * 1e6 / count),
    ])
}

fn source(client: u8) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::new(127, 0, 1, client), 0))
}

fn visit(entry: SocketAddr, source: SocketAddr) -> Result<()> {
    let mut stream = open(entry, source).with_context(|| format!("connecting to {entry}"))?;
    let mut message = message::<MESSAGE>();
    stream.write_all(&message).context("sending")?;
    stream
        .read_exact(&mut message)
        .context("waiting for the answer")?;
    Ok(())
}

fn open(entry: SocketAddr, source: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    // Lets the kernel hand out a port that lies in TIME_WAIT towards another destination.
    socket.set_reuse_address(true)?;
    socket.set_tcp_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.bind(&source.into())?;
    socket.connect(&entry.into())?;
    Ok(socket.into())
}
