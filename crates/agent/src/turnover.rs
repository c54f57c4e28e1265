//! Ends links that may not stay: after a change of mode, and when the agent drains.
//!
//! A link is turned over gently: the side that dialled sees the end of the stream, closes, and
//! dials anew, while everything that it had sent is still carried. Links are turned one after the
//! other, so that a database never sees all its peers disconnect at once.

use std::{sync::Arc, time::Duration};

use ringlock_model::Mode;
use ringlock_policy::tolerates;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    links::LinkHandle,
    shared::{Phase, Shared},
};

/// How often links are judged again without a change of mode. A link that was being established
/// while the mode changed is found this way.
const SWEEP: Duration = Duration::from_secs(1);

/// How long a link may take to end by itself once it was told to; then it is cut.
const GRACE: Duration = Duration::from_secs(5);

/// How long the next link waits for the one before.
const STAGGER: Duration = Duration::from_millis(250);

/// More than the handshake of the internode protocol answers: a link that was answered more is a
/// stream of files.
const STREAM_BYTES: u64 = 64 * 1024;

/// How long a stream is left alone; whoever streams longer starts over.
const STREAM_GRACE: Duration = Duration::from_secs(60);

/// How long a stream must be silent to count as done.
const STREAM_QUIET: Duration = Duration::from_secs(1);

/// How often a link is looked at while its end is awaited.
const LOOK: Duration = Duration::from_millis(10);

/// Turns over what may not stay, until the agent drains.
pub(crate) async fn keep(shared: Arc<Shared>) {
    let mut mode = shared.mode.watch();
    while !shared.is_draining() {
        let current = mode.borrow_and_update().mode;
        let unfit = unfit(&shared, current);
        if !unfit.is_empty() {
            tracing::info!(mode = %current, links = unfit.len(), "links are turned over");
        }
        turn_all(unfit, Instant::now() + STREAM_GRACE).await;
        // Either outcome is a reason to look again.
        let _changed_or_due = timeout(SWEEP, mode.changed()).await;
    }
}

/// Ends every link: gently until `drain_timeout`, then at once.
pub(crate) async fn drain(shared: &Shared) {
    shared.enter(Phase::Draining);
    let deadline = Instant::now() + shared.in_force().config.drain_timeout;
    tracing::info!(links = shared.links.count(), "draining");
    while shared.links.count() > 0 && Instant::now() < deadline {
        turn_all(shared.links.all(), deadline).await;
    }
    let left = shared.links.all();
    if !left.is_empty() {
        tracing::warn!(links = left.len(), "cut at the end of drain_timeout");
    }
    for link in left {
        link.cut();
    }
    while shared.links.count() > 0 {
        sleep(LOOK).await;
    }
}

fn unfit(shared: &Shared, mode: Mode) -> Vec<Arc<LinkHandle>> {
    shared
        .links
        .all()
        .into_iter()
        .filter(|link| !tolerates(mode, link.direction(), link.security()))
        .collect()
}

async fn turn_all(links: Vec<Arc<LinkHandle>>, streams_until: Instant) {
    let mut turned = Vec::new();
    for link in links {
        await_stream(&link, streams_until).await;
        link.turn();
        await_end(&link, Instant::now() + STAGGER).await;
        turned.push((link, Instant::now() + GRACE));
    }
    for (link, until) in turned {
        if !await_end(&link, until).await {
            tracing::info!(%link, "did not end by itself and is cut");
            link.cut();
            await_end(&link, Instant::now() + GRACE).await;
        }
    }
}

/// Lets a stream of files finish.
async fn await_stream(link: &Arc<LinkHandle>, until: Instant) {
    let mut answered = link.answered();
    while answered > STREAM_BYTES && Instant::now() < until && !link.is_over() {
        sleep(STREAM_QUIET).await;
        let now = link.answered();
        if now == answered {
            return;
        }
        answered = now;
    }
}

async fn await_end(link: &Arc<LinkHandle>, until: Instant) -> bool {
    while !link.is_over() && Instant::now() < until {
        sleep(LOOK).await;
    }
    link.is_over()
}
