//! Client → server as fast as it goes: the proxy in front encrypts, the one behind decrypts.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result, anyhow};

use super::{Figures, Window, connect, float};
use crate::link::contender::{Pair, exchange_opening};
use crate::link::scenario::Metric;
use crate::link::setting::Setting;

/// What one write hands to the kernel.
const CHUNK: usize = 256 * 1024;

/// Sends on `connections` connections at once.
pub(super) fn measure(connections: usize, pair: &Pair, setting: &Setting) -> Result<Figures> {
    let mut streams = Vec::new();
    for _ in 0..connections {
        let mut stream = connect(pair.entry())?;
        exchange_opening(&mut stream).context("waiting for the sink")?;
        streams.push(stream);
    }
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let senders: Vec<_> = streams
            .into_iter()
            .map(|stream| scope.spawn(|| send(stream, &stop)))
            .collect();
        let figures = observe(pair, setting);
        stop.store(true, Ordering::Relaxed);
        for sender in senders {
            let sent = sender.join().map_err(|_| anyhow!("a sender panicked"))?;
            sent.context("sending")?;
        }
        figures
    })
}

fn send(mut stream: TcpStream, stop: &AtomicBool) -> std::io::Result<()> {
    let chunk = vec![0x5a; CHUNK];
    while !stop.load(Ordering::Relaxed) {
        stream.write_all(&chunk)?;
    }
    Ok(())
}

fn observe(pair: &Pair, setting: &Setting) -> Result<Figures> {
    let sink = &setting.backend.sink;
    setting.interrupt.sleep(setting.plan.warm_up)?;
    let before = sink.bytes();
    let window = Window::open(pair)?;
    setting.interrupt.sleep(setting.plan.window)?;
    let bytes = sink.bytes() - before;
    let spent = window.close()?;
    if bytes == 0 {
        return Err(anyhow!("not a byte arrived in {:?}", setting.plan.window));
    }
    let bytes = float(bytes);
    Ok(vec![
        (Metric::Throughput, bytes / spent.seconds / 1e6),
        (Metric::CpuPerGigabyte, spent.cpu_seconds * 1e9 / bytes),
    ])
}
