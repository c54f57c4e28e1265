//! Finds connections that go past the agent, and ends them pair by pair.
//!
//! Interception redirects new connections only, so those that were there before live on in
//! plaintext. When one ends, the database dials anew, and the new connection comes through the
//! agent. How one is ended, so that nothing is lost (docs/adr/0003-ending-old-connections.md):
//!
//! 1. A connection that this node opened: the database is shown the end of the stream. It sends
//!    what it still has, closes and dials anew. That takes a database that reads on connections
//!    that it opened (Cassandra 4.0 and later), and `CAP_SYS_PTRACE`.
//! 2. Otherwise the kernel destroys the socket (`SOCK_DESTROY`) when the peer's kernel has
//!    acknowledged every byte of it: the peer's database still reads all of them before it sees
//!    the reset. What the database writes between the look and the end is lost.
//! 3. Of a connection that the peer opened this side cannot know what is on its way, so it is
//!    destroyed after a silence. Cutting every node's outbound connections leaves none of these.

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use ringlock_config::{Config, Interception};
use ringlock_model::{
    Direction,
    admin::{Cut, CutMethod, CutOutcome, CutReport, CutRequest},
};
use ringlock_net::{
    diag::{self, Destroyed, DiagError, Socket},
    intercept::Rules,
};
use tokio::time::{Instant, sleep};

use crate::shared::Shared;

/// How often a connection is looked at while a quiet moment is awaited.
const LOOK: Duration = Duration::from_millis(1);

/// How long a database that was shown the end of the stream may take to close. One that does not
/// read never does.
const CLOSE: Duration = Duration::from_secs(2);

/// The silence after which nothing is expected to be on its way to this node.
const SILENCE: Duration = Duration::from_millis(20);

/// The age from which a link counts as there. In TLS 1.3 a peer may refuse after our side of the
/// handshake is over.
const SETTLED: Duration = Duration::from_millis(50);

/// An established connection that goes past the agent.
pub(crate) struct Found {
    pub(crate) socket: Socket,
    pub(crate) direction: Direction,
}

impl Found {
    /// What connections of one pair, opened one way, have in common.
    fn pair(&self) -> (Direction, IpAddr) {
        (self.direction, self.socket.remote.ip())
    }
}

/// The interception rules that the configuration asks for, if it asks for any.
pub fn interception_rules(config: &Config) -> Option<Rules> {
    match &config.interception {
        Interception::Transparent {
            inbound_port,
            outbound_port,
            mark,
        } => {
            let mut ports = vec![config.storage_port, config.ssl_storage_port];
            ports.sort_unstable();
            ports.dedup();
            Some(Rules {
                inbound_port: *inbound_port,
                outbound_port: *outbound_port,
                mark: mark.get(),
                ports,
            })
        }
        Interception::Listen { .. } => None,
    }
}

/// What goes past the agent at this moment.
pub(crate) fn find(rules: &Rules) -> Result<Vec<Found>, DiagError> {
    let found = diag::bypassing(rules)?
        .into_iter()
        .map(|socket| Found {
            direction: if rules.ports.contains(&socket.local.port()) {
                Direction::Inbound
            } else {
                Direction::Outbound
            },
            socket,
        })
        .collect();
    Ok(found)
}

/// Cuts what `request` asks for, one pair after the other.
pub(crate) async fn cut(
    shared: &Shared,
    rules: &Rules,
    request: &CutRequest,
) -> Result<CutReport, DiagError> {
    let patience = Duration::from_millis(request.patience_ms);
    let peers = request.peer.map(|peer| shared.topology.addresses_of(peer));
    let chosen = choose(rules, request, peers.as_ref())?;
    let mut cuts = Vec::new();
    for pair in chosen.chunk_by(|one, next| one.pair() == next.pair()) {
        let cut = cut_pair(shared, pair, patience).await?;
        let stop = cut.iter().any(|cut| cut.outcome == CutOutcome::NotBack);
        cuts.extend(cut);
        if stop {
            break;
        }
    }
    Ok(CutReport { cuts })
}

/// Cuts the connections of one pair that were opened one way, and waits for the pair to be back.
///
/// It is waited for once and not after each connection: a database redials those that it has
/// something to say on, and of a pair's connections some lie idle for hours.
async fn cut_pair(
    shared: &Shared,
    pair: &[Found],
    patience: Duration,
) -> Result<Vec<Cut>, DiagError> {
    let mut cuts = Vec::new();
    for found in pair {
        cuts.push(cut_one(found, patience).await?);
    }
    let was_cut = |cut: &&mut Cut| cut.method.is_some();
    if let (Some(found), true) = (pair.first(), cuts.iter_mut().any(|cut| was_cut(&cut))) {
        let (outcome, back_after_ms) = await_back(shared, found, patience).await;
        for cut in cuts.iter_mut().filter(was_cut) {
            cut.outcome = outcome;
            cut.back_after_ms = back_after_ms;
        }
    }
    for cut in &cuts {
        tracing::info!(
            peer = %cut.connection.peer,
            direction = %cut.connection.direction,
            outcome = ?cut.outcome,
            method = ?cut.method,
            waited_ms = cut.waited_ms,
            "cut"
        );
    }
    Ok(cuts)
}

/// What is there of what `request` asks for; of a peer, by any of its addresses.
fn choose(
    rules: &Rules,
    request: &CutRequest,
    peers: Option<&BTreeSet<IpAddr>>,
) -> Result<Vec<Found>, DiagError> {
    let mut chosen: Vec<_> = find(rules)?
        .into_iter()
        .filter(|one| peers.is_none_or(|peers| peers.contains(&one.socket.remote.ip())))
        .filter(|one| {
            request
                .direction
                .is_none_or(|direction| direction == one.direction)
        })
        .collect();
    // What this node opened first, since of that nothing can be lost.
    chosen.sort_by_key(Found::pair);
    Ok(chosen)
}

/// Ends one connection. The outcome of one that was ended is the pair's to tell.
async fn cut_one(found: &Found, patience: Duration) -> Result<Cut, DiagError> {
    let start = Instant::now();
    let closed = found.direction == Direction::Outbound && await_close(found).await?;
    let (outcome, method) = if closed {
        (CutOutcome::NotBack, Some(CutMethod::ClosedByDatabase))
    } else {
        match await_quiet_and_destroy(found, start + patience).await? {
            Some(Destroyed::Now) => (CutOutcome::NotBack, Some(CutMethod::Destroyed)),
            Some(Destroyed::Before) => (CutOutcome::Gone, None),
            None => (CutOutcome::Busy, None),
        }
    };
    Ok(Cut {
        connection: found.describe(),
        outcome,
        method,
        waited_ms: millis(start.elapsed()),
        back_after_ms: None,
    })
}

/// Shows the database the end of the stream, and says whether it closed the connection.
async fn await_close(found: &Found) -> Result<bool, DiagError> {
    if let Err(error) = diag::end_stream(&found.socket) {
        tracing::info!("a connection is cut at a quiet moment: {error}");
        return Ok(false);
    }
    let start = Instant::now();
    while start.elapsed() < CLOSE {
        if diag::refresh(&found.socket)?.is_none() {
            return Ok(true);
        }
        sleep(LOOK).await;
    }
    Ok(false)
}

/// Answers nothing if there was no quiet moment in time.
async fn await_quiet_and_destroy(
    found: &Found,
    until: Instant,
) -> Result<Option<Destroyed>, DiagError> {
    loop {
        let Some(socket) = diag::refresh(&found.socket)? else {
            return Ok(Some(Destroyed::Before));
        };
        if is_quiet(&socket, found.direction) {
            return diag::destroy(&socket).map(Some);
        }
        if Instant::now() >= until {
            return Ok(None);
        }
        sleep(LOOK).await;
    }
}

/// Whether nothing would be lost if the connection ended now.
fn is_quiet(socket: &Socket, direction: Direction) -> bool {
    let silent = || {
        socket
            .info
            .is_none_or(|info| info.last_data_recv >= SILENCE)
    };
    socket.is_quiet() && (direction == Direction::Outbound || silent())
}

/// Waits until the pair has a link through the agent, in the direction that was cut. The database
/// may have dialled another address of the peer this time (`prefer_local`).
async fn await_back(
    shared: &Shared,
    found: &Found,
    patience: Duration,
) -> (CutOutcome, Option<u64>) {
    let start = Instant::now();
    let peers = shared.topology.addresses_of(found.socket.remote.ip());
    while start.elapsed() < patience {
        let is_back = shared
            .links
            .all()
            .iter()
            .filter(|link| link.since().elapsed() >= SETTLED)
            .any(|link| peers.contains(&link.peer().ip()) && link.direction() == found.direction);
        if is_back {
            return (CutOutcome::Back, Some(millis(start.elapsed())));
        }
        sleep(LOOK).await;
    }
    (CutOutcome::NotBack, None)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
