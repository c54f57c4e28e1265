//! Ends links that may not stay, and all of them when the agent drains.
//!
//! A link is turned over gently where it may: the side that dialled sees the end of the stream,
//! closes, and dials anew, while everything that it had sent is still carried. Links are turned one
//! after the other, so that a database never sees all its peers disconnect at once. `verdict` says
//! which links may not stay, and `expiry` when a certificate's end begins to count.

mod expiry;
mod verdict;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use ringlock_config::StaleLists;
use ringlock_model::EndReason;
use time::OffsetDateTime;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use self::verdict::{Due, Judge, Manner};
use crate::{
    links::LinkHandle,
    material::date,
    shared::{Phase, Shared},
};

/// How often links are judged again without a change. A link that was being established while
/// something changed is found this way.
const SWEEP: Duration = Duration::from_secs(1);

/// The same while something has to be exact.
const WATCH: Duration = Duration::from_millis(100);

/// How long the next link waits after one was ended, at the most.
const STAGGER: Duration = Duration::from_millis(250);

/// How long a round may take to end its links: many wait less for each other.
const ROUND: Duration = Duration::from_secs(2);

/// How long a link that is cut may take to be gone.
const CUT: Duration = Duration::from_millis(250);

/// How long a link may take to end by itself while the agent drains; then it is cut.
const GRACE: Duration = Duration::from_secs(5);

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
    let mut configuration = shared.configured.subscribe();
    let mut topology = shared.topology.watch();
    let mut keeper = Keeper::default();
    while !shared.is_draining() {
        mode.mark_unchanged();
        configuration.mark_unchanged();
        topology.mark_unchanged();
        let pause = keeper.round(&shared, OffsetDateTime::now_utc()).await;
        let change = async {
            // An error means that the agent is gone, and a round is a reason to look again too.
            tokio::select! {
                _changed = mode.changed() => {}
                _changed = configuration.changed() => {}
                _changed = topology.changed() => {}
            }
        };
        let _changed_or_due = timeout(pause, change).await;
    }
}

/// What is remembered from round to round.
#[derive(Default)]
struct Keeper {
    /// Streams that were found on links that are due, by the links' numbers.
    streams: HashMap<u64, Stream>,
    /// Links that were told to end, and when they are cut.
    turned: Vec<(Arc<LinkHandle>, Instant)>,
    /// What was said of the configuration of this generation.
    told: Option<Told>,
}

/// A stream of files whose end is awaited.
struct Stream {
    until: Instant,
    answered: u64,
    /// When bytes were last seen.
    seen: Instant,
}

#[derive(Clone, Copy)]
struct Told {
    generation: u64,
    lists: bool,
    anchors: bool,
}

impl Keeper {
    /// Judges every link and ends those that are due; says when to look again.
    async fn round(&mut self, shared: &Shared, now: OffsetDateTime) -> Duration {
        self.tell_of_time(shared, now);
        let mut judge = Judge::new(shared, now);
        let mode = shared.mode.mode();
        let links = shared.links.all().into_iter();
        let due: Vec<_> = links.filter_map(|link| judge.judge(link)).collect();
        self.streams
            .retain(|id, _| due.iter().any(|due| due.link.id() == *id));
        let (cut, turn): (Vec<_>, Vec<_>) =
            due.into_iter().partition(|due| due.manner == Manner::Cut);
        announce(&cut);
        for due in cut {
            due.link.cut(due.reason);
            await_end(&due.link, Instant::now() + CUT).await;
        }
        self.cut_late().await;
        let turn: Vec<_> = turn
            .into_iter()
            .filter(|due| !self.is_streaming(due))
            .collect();
        announce(&turn);
        let is_stale = || judge.generation() != shared.in_force().generation;
        self.turn(turn, || is_stale() || mode != shared.mode.mode())
            .await;
        match self.turned.is_empty() && !judge.is_end_near() {
            true => SWEEP,
            false => WATCH,
        }
    }

    /// Turns links over, one after the other, until something changes: then all are judged again.
    async fn turn(&mut self, links: Vec<Due>, has_changed: impl Fn() -> bool) {
        let count = u32::try_from(links.len()).unwrap_or(u32::MAX).max(1);
        let stagger = STAGGER.min(ROUND / count);
        let begun = Instant::now();
        for (number, due) in (1..).zip(links) {
            if has_changed() {
                return;
            }
            let Manner::Turn { grace, .. } = due.manner else {
                continue;
            };
            due.link.turn(due.reason);
            let own = stagger.mul_f32(due.link.spread() / 2.0);
            self.turned
                .push((Arc::clone(&due.link), Instant::now() + grace));
            if number < count {
                sleep_until(begun + stagger * number - own).await;
            }
        }
    }

    /// Cuts the links that were to end by themselves and did not.
    async fn cut_late(&mut self) {
        self.turned.retain(|(link, _)| !link.is_over());
        let now = Instant::now();
        for (link, until) in &self.turned {
            if *until <= now && !link.is_over() {
                tracing::info!(%link, "did not end by itself and is cut");
                link.cut_off();
                await_end(link, Instant::now() + CUT).await;
            }
        }
    }

    /// Whether a stream of files goes on, which the reason leaves alone for a while.
    fn is_streaming(&mut self, due: &Due) -> bool {
        let Manner::Turn {
            spares_streams: true,
            ..
        } = due.manner
        else {
            return false;
        };
        let (answered, now) = (due.link.answered(), Instant::now());
        if answered <= STREAM_BYTES {
            return false;
        }
        let stream = self.streams.entry(due.link.id()).or_insert(Stream {
            until: now + STREAM_GRACE,
            answered,
            seen: now,
        });
        if stream.answered != answered {
            (stream.answered, stream.seen) = (answered, now);
        }
        now < stream.until && now < stream.seen + STREAM_QUIET
    }

    /// Says once when something that the configuration names has come to its end.
    fn tell_of_time(&mut self, shared: &Shared, now: OffsetDateTime) {
        let (in_force, tls) = (shared.in_force(), shared.live.current());
        let overdue = tls.lists_until().filter(|until| *until < now);
        let known = self.told.filter(|it| it.generation == in_force.generation);
        // What was so when it was loaded was told then.
        let told = self.told.insert(known.unwrap_or(Told {
            generation: in_force.generation,
            lists: overdue.is_some(),
            anchors: false,
        }));
        if !told.anchors && tls.has_lapsed_anchors(now) {
            told.anchors = true;
            tracing::warn!("a trusted CA has expired and is not trusted any longer");
        }
        if !told.lists
            && let Some(until) = overdue
        {
            told.lists = true;
            let next_update = date(until);
            match in_force.config.internode.stale_lists {
                StaleLists::Refuse => tracing::warn!(
                    next_update,
                    "a revocation list is overdue: nobody of its CA is let in until there is a \
                     new one; links that are there stay"
                ),
                StaleLists::Accept => tracing::warn!(
                    next_update,
                    "a revocation list is overdue and goes on being used"
                ),
            }
        }
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
        link.cut(EndReason::Drain);
    }
    while shared.links.count() > 0 {
        sleep(LOOK).await;
    }
}

async fn turn_all(links: Vec<Arc<LinkHandle>>, streams_until: Instant) {
    let mut turned = Vec::new();
    for link in links {
        await_stream(&link, streams_until).await;
        link.turn(EndReason::Drain);
        await_end(&link, Instant::now() + STAGGER).await;
        turned.push((link, Instant::now() + GRACE));
    }
    for (link, until) in turned {
        if !await_end(&link, until).await {
            tracing::info!(%link, "did not end by itself and is cut");
            link.cut_off();
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

/// One line for each reason.
fn announce(due: &[Due]) {
    let mut reasons: BTreeMap<EndReason, usize> = BTreeMap::new();
    for due in due {
        *reasons.entry(due.reason).or_default() += 1;
    }
    for (why, links) in reasons {
        tracing::info!(%why, links, "links are ended");
    }
}
