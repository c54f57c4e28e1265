//! The traffic of each scenario, and the figures drawn from it.

mod bulk;
mod connect;
mod crowd;
mod idle;
mod roundtrip;

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use hdrhistogram::Histogram;

use super::contender::{Kind, OPENING, Pair};
use super::scenario::{Metric, Scenario};
use super::setting::Setting;
use crate::clock;

/// How long a client waits for anything before the measurement fails.
const PATIENCE: Duration = Duration::from_secs(5);
/// Round trips beyond this are counted as this: nanoseconds.
const LONGEST: u64 = 10_000_000_000;

/// What one turn of a contender yielded.
pub(crate) type Figures = Vec<(Metric, f64)>;

/// Gives one contender its turn at one scenario.
pub(crate) fn measure(scenario: Scenario, kind: &Kind, setting: &Setting) -> Result<Figures> {
    let server = match scenario {
        Scenario::BulkOne | Scenario::BulkFour => setting.backend.sink.address(),
        _ => setting.backend.echo.address(),
    };
    let pair = setting.pair(kind, server)?;
    let mut figures = match scenario {
        Scenario::BulkOne => bulk::measure(1, &pair, setting),
        Scenario::BulkFour => bulk::measure(4, &pair, setting),
        Scenario::RoundTripOne => roundtrip::measure(&pair, setting),
        Scenario::RoundTripMany => crowd::measure(&pair, setting),
        Scenario::Connect => connect::measure(&pair, setting),
        Scenario::Idle => idle::measure(&pair, setting),
    }?;
    if *kind == Kind::Direct {
        // Without proxies there is no CPU or memory of proxies.
        figures.retain(|(metric, _)| !metric.is_of_the_proxies());
    }
    Ok(figures)
}

/// A stretch of time, and the CPU time of the proxies in it.
struct Window<'a> {
    pair: &'a Pair,
    start: Instant,
    cpu: Duration,
}

/// What a [`Window`] saw.
struct Spent {
    seconds: f64,
    cpu_seconds: f64,
}

impl<'a> Window<'a> {
    fn open(pair: &'a Pair) -> Result<Self> {
        let cpu = pair.cpu()?;
        Ok(Self {
            pair,
            start: clock::now(),
            cpu,
        })
    }

    fn close(self) -> Result<Spent> {
        let seconds = self.start.elapsed().as_secs_f64();
        let cpu = self.pair.cpu()?.saturating_sub(self.cpu);
        Ok(Spent {
            seconds,
            cpu_seconds: cpu.as_secs_f64(),
        })
    }
}

/// A connection that neither delays small messages nor waits for ever.
fn connect(entry: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(entry).with_context(|| format!("connecting to {entry}"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// A message that may be a connection's first.
fn message<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut message = [0x5a; LENGTH];
    message[..OPENING.len()].copy_from_slice(&OPENING);
    message
}

/// Times of round trips in nanoseconds, to three digits.
fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_max(LONGEST, 3)?)
}

fn nanoseconds(since: Instant, until: Instant) -> u64 {
    let elapsed = until.saturating_duration_since(since);
    u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
}

/// Counts of a benchmark are far below 2^53, where this would begin to round.
fn float(count: u64) -> f64 {
    count as f64
}

/// A quantile in µs.
fn quantile(times: &Histogram<u64>, quantile: f64) -> f64 {
    float(times.value_at_quantile(quantile)) / 1e3
}

/// Rate, quantiles and CPU of many round trips.
fn round_trip_figures(times: &Histogram<u64>, spent: &Spent) -> Figures {
    let count = float(times.len());
    vec![
        (Metric::RoundTrips, count / spent.seconds),
        (Metric::P50, quantile(times, 0.5)),
        (Metric::P99, quantile(times, 0.99)),
        (Metric::P999, quantile(times, 0.999)),
        (Metric::CpuPerRoundTrip, spent.cpu_seconds * 1e6 / count),
    ]
}
