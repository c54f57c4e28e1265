//! What all measurements of a run share.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::backend::Backend;
use super::contender::{Kind, Pair, Route};
use super::identity::Identities;
use super::ports::Ports;
use crate::interrupt::Interrupt;

/// Servers, certificates, ports and the measure of time of a run.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Set by Ctrl-C.
    pub(crate) interrupt: Interrupt,
    /// The servers behind the proxies.
    pub(crate) backend: Backend,
    /// The proxies' certificates.
    pub(crate) identities: Identities,
    /// Ports not yet used.
    pub(crate) ports: Ports,
    /// Threads for each proxy.
    pub(crate) cores: usize,
    /// How long and how often.
    pub(crate) plan: Plan,
    /// Removed with everything in it at the end.
    root: tempfile::TempDir,
}

/// How long and how often to measure.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub(crate) struct Plan {
    /// How often each contender has its turn.
    pub(crate) rounds: u32,
    /// How often each has its turn at lying idle, which varies little and takes long.
    pub(crate) idle_rounds: u32,
    /// Traffic before the measurement.
    #[serde(serialize_with = "as_seconds")]
    pub(crate) warm_up: Duration,
    /// The measurement.
    #[serde(serialize_with = "as_seconds")]
    pub(crate) window: Duration,
    /// Connections that lie idle.
    pub(crate) idle_connections: usize,
    /// The least time in which buffers may be given back.
    #[serde(serialize_with = "as_seconds")]
    pub(crate) idle_wait: Duration,
}

impl Plan {
    /// Five rounds and a little over seven minutes, with the default contenders.
    pub(crate) fn full() -> Self {
        Self {
            rounds: 5,
            idle_rounds: 3,
            warm_up: Duration::from_millis(300),
            window: Duration::from_millis(1800),
            idle_connections: 2000,
            idle_wait: Duration::from_secs(3),
        }
    }

    /// Enough to see that everything works, too little to believe the figures.
    pub(crate) fn quick() -> Self {
        Self {
            rounds: 2,
            idle_rounds: 1,
            warm_up: Duration::from_millis(100),
            window: Duration::from_millis(500),
            idle_connections: 500,
            idle_wait: Duration::from_secs(1),
        }
    }
}

impl Setting {
    /// Starts the servers, and has `ringlock` issue the certificates.
    pub(crate) fn prepare(interrupt: Interrupt, ringlock: &Path, plan: Plan) -> Result<Self> {
        let root = tempfile::Builder::new()
            .prefix("ringlock-bench-")
            .tempdir()
            .context("creating a temporary folder")?;
        let ports = Ports::new();
        let backend = Backend::start(ports.take()?, ports.take()?)?;
        let identities = Identities::issue(ringlock, root.path())?;
        let cores = std::thread::available_parallelism()?.get();
        Ok(Self {
            interrupt,
            backend,
            identities,
            ports,
            cores,
            plan,
            root,
        })
    }

    /// A fresh folder; gone when dropped, or else at the end of the run.
    pub(crate) fn folder(&self) -> Result<tempfile::TempDir> {
        let folder = tempfile::Builder::new()
            .prefix("pair-")
            .tempdir_in(&self.root);
        folder.context("creating a temporary folder")
    }

    /// The proxies of `kind` in front of `server`, ready for traffic.
    pub(crate) fn pair(&self, kind: &Kind, server: std::net::SocketAddr) -> Result<Pair> {
        let route = Route {
            server,
            front: &self.identities.front,
            back: &self.identities.back,
            by_way_of: None,
            between: self.ports.take()?,
        };
        let pair = Pair::start(kind, self, &route)?;
        pair.await_ready(self)?;
        Ok(pair)
    }
}

fn as_seconds<S: serde::Serializer>(
    duration: &Duration,
    to: S,
) -> std::result::Result<S::Ok, S::Error> {
    to.serialize_f64(duration.as_secs_f64())
}
