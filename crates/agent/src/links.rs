//! Every connection that is there now.

use std::{
    collections::BTreeMap,
    fmt,
    hash::{BuildHasher as _, RandomState},
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use atomic_waker::AtomicWaker;
use ringlock_model::{Direction, EndReason, NativeFacts, Security, admin};
use ringlock_topology::{Map, Standing};
use tokio::time::Instant;

use crate::proof::Proof;

/// The links of an agent.
#[derive(Default)]
pub(crate) struct Links {
    next: AtomicU64,
    chance: RandomState,
    live: Mutex<BTreeMap<u64, Arc<LinkHandle>>>,
}

/// What is known of a link when it is established.
pub(crate) struct LinkFacts {
    pub(crate) peer: SocketAddr,
    pub(crate) direction: Direction,
    pub(crate) security: Security,
    /// What proved both sides, where the agent did the handshake.
    pub(crate) proof: Option<Proof>,
}

/// One link, shared by the relay that carries it and by those who watch it.
pub(crate) struct LinkHandle {
    id: u64,
    facts: LinkFacts,
    /// What the databases' own handshake said in clear, once it is over.
    native: OnceLock<Box<NativeFacts>>,
    since: Instant,
    /// From 0 to 1: sets apart the moments at which links are turned over by time.
    spread: f32,
    sent: AtomicU64,
    received: AtomicU64,
    order: AtomicU8,
    /// Why there is an order: a place in [`EndReason::ALL`], from 1.
    reason: AtomicU8,
    waker: AtomicWaker,
}

/// What a link was told to do.
const STAY: u8 = 0;
const TURN: u8 = 1;
const CUT: u8 = 2;
const OVER: u8 = 3;

impl Links {
    /// Puts a link on the list, until [`end`](Self::end).
    pub(crate) fn begin(&self, facts: LinkFacts) -> Arc<LinkHandle> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let handle = Arc::new(LinkHandle {
            id,
            facts,
            native: OnceLock::new(),
            since: Instant::now(),
            spread: spread(self.chance.hash_one(id)),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            order: AtomicU8::new(STAY),
            reason: AtomicU8::new(0),
            waker: AtomicWaker::new(),
        });
        lock(&self.live).insert(handle.id, Arc::clone(&handle));
        handle
    }

    /// Takes a link off the list.
    pub(crate) fn end(&self, handle: &LinkHandle) {
        lock(&self.live).remove(&handle.id);
        handle.order.store(OVER, Ordering::Release);
    }

    /// Every link, oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<LinkHandle>> {
        lock(&self.live).values().cloned().collect()
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        lock(&self.live).len()
    }
}

impl LinkHandle {
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn direction(&self) -> Direction {
        self.facts.direction
    }

    pub(crate) fn peer(&self) -> SocketAddr {
        self.facts.peer
    }

    pub(crate) fn security(&self) -> &Security {
        &self.facts.security
    }

    /// What the databases' own handshake said in clear; it is told once.
    pub(crate) fn tell_native(&self, facts: NativeFacts) {
        let _told = self.native.set(Box::new(facts));
    }

    pub(crate) fn proof(&self) -> Option<&Proof> {
        self.facts.proof.as_ref()
    }

    pub(crate) fn since(&self) -> Instant {
        self.since
    }

    pub(crate) fn spread(&self) -> f32 {
        self.spread
    }

    pub(crate) fn count_sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn count_received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Bytes to the peer.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Bytes from the peer.
    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Bytes that flowed against the direction in which the connection was opened. Messages flow
    /// with it; only a stream of files flows both ways.
    pub(crate) fn answered(&self) -> u64 {
        match self.facts.direction {
            Direction::Outbound => self.received(),
            Direction::Inbound => self.sent(),
        }
    }

    /// Orders the link to be ended gently. A reason that it was given before stays.
    pub(crate) fn turn(&self, reason: EndReason) {
        if self.ending().is_none() {
            self.give(reason);
        }
        self.order(TURN);
    }

    /// Orders the link to be ended at once.
    pub(crate) fn cut(&self, reason: EndReason) {
        self.give(reason);
        self.order(CUT);
    }

    /// Ends at once what was ordered to end gently.
    pub(crate) fn cut_off(&self) {
        self.order(CUT);
    }

    /// Why it was ordered to end, if it was.
    pub(crate) fn ending(&self) -> Option<EndReason> {
        let place = usize::from(self.reason.load(Ordering::Acquire));
        EndReason::ALL.get(place.checked_sub(1)?).copied()
    }

    /// Only the control thread gives reasons.
    fn give(&self, reason: EndReason) {
        let place = (1..).zip(EndReason::ALL).find(|(_, it)| *it == reason);
        if let Some((place, _)) = place {
            self.reason.store(place, Ordering::Release);
        }
    }

    fn order(&self, order: u8) {
        self.order.fetch_max(order, Ordering::Release);
        self.waker.wake();
    }

    /// Ready once the link was ordered to end. Each order wakes the task, so that one that was
    /// turned and waits for its sockets still hears that it is cut.
    pub(crate) fn poll_turn(&self, cx: &Context<'_>) -> Poll<()> {
        // An order between a look and the registration would be slept through.
        self.waker.register(cx.waker());
        if self.order.load(Ordering::Acquire) == STAY {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }

    pub(crate) fn is_cut(&self) -> bool {
        self.order.load(Ordering::Acquire) == CUT
    }

    /// Whether the relay has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.order.load(Ordering::Acquire) == OVER
    }

    /// The row that `status` shows.
    pub(crate) fn row(&self, map: &Map) -> admin::Link {
        let peer = self.facts.peer.ip();
        admin::Link {
            peer,
            port: self.facts.peer.port(),
            direction: self.facts.direction,
            security: match self.native.get() {
                Some(facts) => Security::Native(NativeFacts::clone(facts)),
                None => self.facts.security.clone(),
            },
            place: match map.place(peer) {
                Standing::Known(place, _) => Some(place.clone()),
                Standing::Contradicted | Standing::Unknown => None,
            },
            crossing: Some(map.crossing(peer)),
            age_ms: u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX),
            received: self.received(),
            sent: self.sent(),
            ending: self.ending(),
        }
    }
}

impl fmt::Display for LinkHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LinkFacts {
            peer,
            direction,
            security,
            ..
        } = &self.facts;
        write!(f, "{direction} {peer} {security}")
    }
}

/// The upper bits of a hash as a number from 0 to 1.
fn spread(hash: u64) -> f32 {
    let bits = u16::try_from(hash >> 48).unwrap_or_default();
    f32::from(bits) / f32::from(u16::MAX)
}

/// A lock that outlives a panic: what it guards is changed by single insertions and removals, so
/// it is whole at any moment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use ringlock_model::PlaintextReason;

    use super::*;

    fn facts(peer: &str, direction: Direction) -> LinkFacts {
        LinkFacts {
            peer: peer.parse().unwrap(),
            direction,
            security: Security::Plaintext {
                reason: PlaintextReason::EncryptionNone,
            },
            proof: None,
        }
    }

    fn is_ordered(link: &LinkHandle) -> bool {
        link.poll_turn(&Context::from_waker(Waker::noop()))
            .is_ready()
    }

    #[tokio::test]
    async fn a_link_is_listed_until_its_relay_ends() {
        let links = Links::default();
        let first = links.begin(facts("10.0.0.2:7000", Direction::Outbound));
        let _second = links.begin(facts("10.0.0.3:7000", Direction::Inbound));
        assert_eq!(links.count(), 2);
        assert!(Arc::ptr_eq(&links.all()[0], &first), "the oldest is first");
        links.end(&first);
        assert_eq!(links.count(), 1);
        assert!(first.is_over());
        assert!(!links.all()[0].is_over());
    }

    #[tokio::test]
    async fn a_link_without_an_order_goes_on() {
        let links = Links::default();
        let link = links.begin(facts("10.0.0.2:7000", Direction::Outbound));
        assert!(!is_ordered(&link));
        assert!(!link.is_cut());
    }

    #[tokio::test]
    async fn a_cut_outweighs_a_turn_whichever_comes_first() {
        let links = Links::default();
        let orders: [fn(&LinkHandle); 2] = [
            |link| link.turn(EndReason::Mode),
            |link| link.cut(EndReason::PeerRevoked),
        ];
        for (first, second) in [(0, 1), (1, 0)] {
            let link = links.begin(facts("10.0.0.2:7000", Direction::Outbound));
            orders[first](&link);
            orders[second](&link);
            assert!(is_ordered(&link));
            assert!(link.is_cut());
            assert_eq!(link.ending(), Some(EndReason::PeerRevoked));
        }
        let turned = links.begin(facts("10.0.0.2:7000", Direction::Outbound));
        assert_eq!(turned.row(&Map::default()).ending, None);
        turned.turn(EndReason::MaxAge);
        turned.turn(EndReason::Mode);
        assert!(is_ordered(&turned) && !turned.is_cut());
        turned.cut_off();
        assert!(turned.is_cut());
        assert_eq!(turned.row(&Map::default()).ending, Some(EndReason::MaxAge));
    }

    #[tokio::test]
    async fn an_order_wakes_the_relay() {
        let links = Links::default();
        let link = links.begin(facts("10.0.0.2:7000", Direction::Outbound));
        let waiting = Arc::clone(&link);
        let relay = tokio::spawn(std::future::poll_fn(move |cx| waiting.poll_turn(cx)));
        tokio::task::yield_now().await;
        assert!(!relay.is_finished());
        link.turn(EndReason::Drain);
        relay.await.unwrap();
    }

    #[tokio::test]
    async fn a_cut_wakes_a_relay_that_was_turned_before() {
        let links = Links::default();
        let link = links.begin(facts("10.0.0.2:7000", Direction::Inbound));
        let waiting = Arc::clone(&link);
        let relay = tokio::spawn(std::future::poll_fn(move |cx| {
            match waiting.poll_turn(cx) {
                Poll::Ready(()) if waiting.is_cut() => Poll::Ready(()),
                _ => Poll::Pending,
            }
        }));
        tokio::task::yield_now().await;
        link.turn(EndReason::Mode);
        tokio::task::yield_now().await;
        assert!(!relay.is_finished());
        link.cut_off();
        relay.await.unwrap();
    }

    #[tokio::test]
    async fn what_flows_against_the_dial_is_the_answer() {
        let links = Links::default();
        for (direction, answered) in [(Direction::Outbound, 2), (Direction::Inbound, 1)] {
            let link = links.begin(facts("10.0.0.2:7000", direction));
            link.count_sent(1);
            link.count_received(2);
            assert_eq!(link.answered(), answered);
            let row = link.row(&Map::default());
            assert_eq!((row.sent, row.received), (1, 2));
            assert_eq!(row.peer.to_string(), "10.0.0.2");
            assert_eq!((row.port, row.direction), (7000, direction));
        }
    }
}
