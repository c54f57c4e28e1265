//! What is measured: the scenarios, the figures each yields, and what Ringlock is to reach.

use clap::ValueEnum;
use serde::Serialize;

/// One kind of traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scenario {
    /// One connection, client → server, as fast as it goes.
    #[value(name = "bulk-1")]
    #[serde(rename = "bulk-1")]
    BulkOne,
    /// Four connections, client → server, as fast as they go.
    #[value(name = "bulk-4")]
    #[serde(rename = "bulk-4")]
    BulkFour,
    /// 128 bytes there and back on one connection, one after the other.
    #[value(name = "round-trip-1")]
    #[serde(rename = "round-trip-1")]
    RoundTripOne,
    /// 512 bytes there and back on 32 connections, one under way on each.
    #[value(name = "round-trip-32")]
    #[serde(rename = "round-trip-32")]
    RoundTripMany,
    /// New connections with one round trip of 128 bytes each.
    Connect,
    /// Connections that lie idle after one round trip.
    Idle,
}

/// One figure of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Metric {
    /// Payload that reached the server: MB (10⁶ bytes) a second.
    Throughput,
    /// CPU of both proxies for 10⁹ bytes of payload: seconds.
    CpuPerGigabyte,
    /// Round trips a second.
    RoundTrips,
    /// Median time of a round trip: µs.
    P50,
    /// 99 of 100 round trips took at most this: µs.
    P99,
    /// 999 of 1,000 round trips took at most this: µs.
    P999,
    /// CPU of both proxies for one round trip: µs.
    CpuPerRoundTrip,
    /// Connections a second, each opened, used for one round trip, closed.
    Connections,
    /// CPU of both proxies for one connection: µs.
    CpuPerConnection,
    /// Proportional set size of both proxies for one more idle connection through them: KiB.
    MemoryPerPair,
}

/// One line of the result: a figure of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Line {
    /// The traffic.
    pub(crate) scenario: Scenario,
    /// What was measured of it.
    pub(crate) metric: Metric,
}

/// Which of two figures is the better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Better {
    /// The higher one.
    Higher,
    /// The lower one.
    Lower,
}

impl Scenario {
    /// All of them, in the order of measuring and printing.
    pub(crate) const ALL: [Self; 6] = [
        Self::BulkOne,
        Self::BulkFour,
        Self::RoundTripOne,
        Self::RoundTripMany,
        Self::Connect,
        Self::Idle,
    ];

    /// The name, as `--scenario` takes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BulkOne => "bulk-1",
            Self::BulkFour => "bulk-4",
            Self::RoundTripOne => "round-trip-1",
            Self::RoundTripMany => "round-trip-32",
            Self::Connect => "connect",
            Self::Idle => "idle",
        }
    }

    /// Whether a direct connection, without proxies, has anything to tell.
    pub(crate) fn has_baseline(self) -> bool {
        self.metrics()
            .iter()
            .any(|metric| !metric.is_of_the_proxies())
    }

    /// What it does, for the table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::BulkOne => "bulk, 1 connection",
            Self::BulkFour => "bulk, 4 connections",
            Self::RoundTripOne => "round trip, 128 B on 1",
            Self::RoundTripMany => "round trip, 512 B on 32",
            Self::Connect => "new connections",
            Self::Idle => "idle connections",
        }
    }

    /// The figures it yields, in the order of printing.
    pub(crate) fn metrics(self) -> &'static [Metric] {
        match self {
            Self::BulkOne | Self::BulkFour => &[Metric::Throughput, Metric::CpuPerGigabyte],
            Self::RoundTripOne | Self::RoundTripMany => &[
                Metric::RoundTrips,
                Metric::P50,
                Metric::P99,
                Metric::P999,
                Metric::CpuPerRoundTrip,
            ],
            Self::Connect => &[Metric::Connections, Metric::P50, Metric::CpuPerConnection],
            Self::Idle => &[Metric::MemoryPerPair],
        }
    }
}

impl Metric {
    /// Name and unit, for the table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Throughput => "MB/s",
            Self::CpuPerGigabyte => "CPU s/GB",
            Self::RoundTrips | Self::Connections => "per second",
            Self::P50 => "p50 µs",
            Self::P99 => "p99 µs",
            Self::P999 => "p99.9 µs",
            Self::CpuPerRoundTrip | Self::CpuPerConnection => "CPU µs each",
            Self::MemoryPerPair => "KiB per pair",
        }
    }

    /// Whether it tells what the proxies use, and so means nothing without them.
    pub(crate) fn is_of_the_proxies(self) -> bool {
        match self {
            Self::CpuPerGigabyte
            | Self::CpuPerRoundTrip
            | Self::CpuPerConnection
            | Self::MemoryPerPair => true,
            Self::Throughput
            | Self::RoundTrips
            | Self::P50
            | Self::P99
            | Self::P999
            | Self::Connections => false,
        }
    }

    /// Which way it improves.
    pub(crate) fn better(self) -> Better {
        match self {
            Self::Throughput | Self::RoundTrips | Self::Connections => Better::Higher,
            Self::CpuPerGigabyte
            | Self::P50
            | Self::P99
            | Self::P999
            | Self::CpuPerRoundTrip
            | Self::CpuPerConnection
            | Self::MemoryPerPair => Better::Lower,
        }
    }
}

impl Line {
    /// Every line of `scenarios`, in the order of printing.
    pub(crate) fn all(scenarios: &[Scenario]) -> Vec<Self> {
        let of = |scenario: &Scenario| {
            let scenario = *scenario;
            let line = move |&metric: &Metric| Self { scenario, metric };
            scenario.metrics().iter().map(line)
        };
        scenarios.iter().flat_map(of).collect()
    }

    /// What Ringlock is to reach, as a ratio to the best rival; `None` where nothing was promised.
    pub(crate) fn target(self) -> Option<f64> {
        match (self.scenario, self.metric) {
            (Scenario::BulkOne | Scenario::BulkFour, Metric::CpuPerGigabyte) => Some(0.6),
            (Scenario::RoundTripOne | Scenario::RoundTripMany, Metric::P50) => Some(0.8),
            (Scenario::Connect, Metric::Connections) => Some(2.5),
            (Scenario::Idle, Metric::MemoryPerPair) => Some(0.2),
            _ => None,
        }
    }
}

impl Better {
    /// Whether `a` is strictly better than `b`.
    pub(crate) fn beats(self, a: f64, b: f64) -> bool {
        match self {
            Self::Higher => a > b,
            Self::Lower => a < b,
        }
    }

    /// Whether `figure` is at least as good as `target`.
    pub(crate) fn reached(self, figure: f64, target: f64) -> bool {
        !self.beats(target, figure)
    }
}
