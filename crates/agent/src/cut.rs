//! Finds connections that go past the agent, and cuts them at a quiet moment.
//!
//! Interception redirects new connections only, so those that were there before live on in
//! plaintext. They are cut one at a time: the kernel destroys the socket (`SOCK_DESTROY`), the
//! database dials anew, and the new connection comes through the agent.
//!
//! When nothing is lost: messages between nodes flow in the direction in which the connection was
//! opened. A connection that this node opened is cut when the peer's kernel has acknowledged every
//! byte of it; the peer's database still reads all of them before it sees the reset. Of a
//! connection that the peer opened this side cannot know what is on its way, so it is cut only
//! after a silence. Cutting every node's outbound connections leaves none of the other kind.

use std::time::Duration;

use ringlock_config::{Config, Interception};
use ringlock_model::{
    Direction,
    admin::{Cut, CutOutcome, CutReport, CutRequest},
};
use ringlock_net::{
    diag::{self, Destroyed, DiagError, Socket},
    intercept::Rules,
};
use tokio::time::{Instant, sleep};

use crate::shared::Shared;

/// How often a connection is looked at while a quiet moment is awaited.
const LOOK: Duration = Duration::from_millis(1);

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
    let mut cuts = Vec::new();
    for found in choose(rules, request)? {
        let cut = cut_one(shared, &found, patience).await?;
        tracing::info!(
            peer = %cut.connection.peer,
            direction = %cut.connection.direction,
            outcome = ?cut.outcome,
            waited_ms = cut.waited_ms,
            "cut"
        );
        let stop = cut.outcome == CutOutcome::NotBack;
        cuts.push(cut);
        if stop {
            break;
        }
    }
    Ok(CutReport { cuts })
}

fn choose(rules: &Rules, request: &CutRequest) -> Result<Vec<Found>, DiagError> {
    let mut chosen: Vec<_> = find(rules)?
        .into_iter()
        .filter(|one| {
            request
                .peer
                .is_none_or(|peer| peer == one.socket.remote.ip())
        })
        .filter(|one| {
            request
                .direction
                .is_none_or(|direction| direction == one.direction)
        })
        .collect();
    // Pair by pair; what this node opened first, since of that nothing can be lost.
    chosen.sort_by_key(|one| (one.direction, one.socket.remote.ip()));
    Ok(chosen)
}

async fn cut_one(shared: &Shared, found: &Found, patience: Duration) -> Result<Cut, DiagError> {
    let start = Instant::now();
    let destroyed = await_quiet_and_destroy(found, start + patience).await?;
    let waited_ms = millis(start.elapsed());
    let (outcome, back_after_ms) = match destroyed {
        Some(Destroyed::Now) => await_back(shared, found, patience).await,
        Some(Destroyed::Before) => (CutOutcome::Gone, None),
        None => (CutOutcome::Busy, None),
    };
    Ok(Cut {
        connection: found.describe(),
        outcome,
        waited_ms,
        back_after_ms,
    })
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

/// Waits until the pair has a link through the agent, in the direction that was cut.
async fn await_back(
    shared: &Shared,
    found: &Found,
    patience: Duration,
) -> (CutOutcome, Option<u64>) {
    let start = Instant::now();
    let peer = found.socket.remote.ip();
    while start.elapsed() < patience {
        let is_back = shared
            .links
            .all()
            .iter()
            .filter(|link| link.since().elapsed() >= SETTLED)
            .any(|link| link.peer().ip() == peer && link.direction() == found.direction);
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
