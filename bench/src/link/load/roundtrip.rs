//! One connection, one message under way: how long the way there and back takes.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, Result};
use hdrhistogram::Histogram;

use super::{Figures, Window, connect, histogram, message, nanoseconds, round_trip_figures};
use crate::clock;
use crate::link::contender::Pair;
use crate::link::setting::Setting;

const MESSAGE: usize = 128;

/// Sends a message, waits for it to come back, and again.
pub(super) fn measure(pair: &Pair, setting: &Setting) -> Result<Figures> {
    let mut stream = connect(pair.entry())?;
    exchange(&mut stream, setting.plan.warm_up)?;
    setting.interrupt.check()?;
    let window = Window::open(pair)?;
    let times = exchange(&mut stream, setting.plan.window)?;
    let spent = window.close()?;
    setting.interrupt.check()?;
    Ok(round_trip_figures(&times, &spent))
}

fn exchange(stream: &mut TcpStream, duration: Duration) -> Result<Histogram<u64>> {
    let mut times = histogram()?;
    let mut message = message::<MESSAGE>();
    let mut sent = clock::now();
    let end = sent + duration;
    while sent < end {
        stream.write_all(&message).context("sending")?;
        stream
            .read_exact(&mut message)
            .context("waiting for the answer")?;
        let back = clock::now();
        times.saturating_record(nanoseconds(sent, back));
        sent = back;
    }
    Ok(times)
}
