//! Memory of connections on which nothing happens any more.

use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};

use super::{Figures, connect, float};
use crate::clock;
use crate::link::contender::{Pair, exchange_opening};
use crate::link::scenario::Metric;
use crate::link::setting::Setting;

/// Opening them is handshakes, which keep more than one client busy.
const CLIENTS: usize = 4;
/// How long memory may go on falling before it counts as it is.
const LONGEST_WAIT: Duration = Duration::from_secs(12);
const LOOK: Duration = Duration::from_millis(500);

/// Opens connections, uses each once, and weighs the proxies when they have come to rest.
pub(super) fn measure(pair: &Pair, setting: &Setting) -> Result<Figures> {
    let count = setting.plan.idle_connections;
    let before = pair.memory()?;
    let connections = open(count, pair, setting)?;
    let after = rest(pair, setting)?;
    let opened = connections.len();
    drop(connections);
    let grown = float(after.saturating_sub(before));
    Ok(vec![(Metric::MemoryPerPair, grown / float(opened as u64))])
}

fn open(count: usize, pair: &Pair, setting: &Setting) -> Result<Vec<TcpStream>> {
    std::thread::scope(|scope| {
        let open_some = || -> Result<Vec<TcpStream>> {
            let mut mine = Vec::new();
            for _ in 0..count / CLIENTS {
                setting.interrupt.check()?;
                let mut stream = connect(pair.entry())?;
                exchange_opening(&mut stream).context("using a connection before it lies idle")?;
                mine.push(stream);
            }
            Ok(mine)
        };
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(open_some)).collect();
        let mut all = Vec::new();
        for client in clients {
            all.extend(client.join().map_err(|_| anyhow!("a client panicked"))??);
        }
        Ok(all)
    })
}

/// Waits until memory no longer falls by a hundredth from one look to the next.
fn rest(pair: &Pair, setting: &Setting) -> Result<u64> {
    setting.interrupt.sleep(setting.plan.idle_wait)?;
    let end = clock::now() + LONGEST_WAIT;
    let mut last = pair.memory()?;
    loop {
        setting.interrupt.sleep(LOOK)?;
        let now = pair.memory()?;
        if now.saturating_mul(100) >= last.saturating_mul(99) || clock::now() > end {
            return Ok(now);
        }
        last = now;
    }
}
