//! Places for peers that have not proved themselves, shared fairly among the addresses they come from.
//!
//! Whoever reaches a port can open connections and leave them half open. So there is a fixed number
//! of places, and when all are taken a newcomer gets one from whoever holds more than is fair, and
//! otherwise from whoever has held one for too long:
//!
//! ```text
//!   all places are taken, and the newcomer's address holds …
//!     a fair share       its own oldest one, if that has had its time; else the newcomer is refused
//!     less               1. the oldest of the address that holds the most, if that is more than a
//!                           fair share
//!                        2. the oldest of all, if it has had its time
//!                        3. the newcomer waits, and the others behind it in the kernel's queue
//! ```
//!
//! The third rule is for a cluster whose nodes all dial at once: nobody holds too much, everybody is
//! served soon, and none of them is worth a reset. Strangers at thousands of addresses look the same at
//! first; but their places come free by the second rule only, and never because somebody has proved
//! itself. So the time that is granted is halved again and again while the second rule is used and nobody
//! proves itself, and doubled whenever somebody does: under attack newcomers need not wait, and a place
//! lasts as long as it takes the attacker to fill all others. Nodes that are merely served slowly are not
//! hurried, since some of them always prove themselves.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, sleep_until},
};

/// What a peer may hold in any case: a node dials another one three times, and some times more for
/// streams.
const LEAST_FAIR: usize = 8;

/// The part of all places that one address may hold while others want some.
const FAIR_PART: usize = 32;

/// How long a place is held in peace, as a part of the deadline for handshakes.
const PEACE_PART: u32 = 10;

/// For how long nobody has to prove itself before that is halved, as a part of it.
const STALL_PART: u32 = 4;

/// How often that is halved at most.
const MOST_PRESSURE: u32 = 6;

/// Between two lines of the log about connections without a place.
const PAUSE: Duration = Duration::from_secs(1);

/// All places, and who holds them.
#[derive(Debug)]
pub(crate) struct Gate {
    places: usize,
    fair: usize,
    held: Mutex<Held>,
    /// Tells of every place that is given back.
    freed: Notify,
    told: Mutex<Told>,
}

/// What the log was told of connections without a place.
#[derive(Debug, Default)]
struct Told {
    last: Option<Instant>,
    unsaid: u64,
}

#[derive(Debug, Default)]
struct Held {
    next: u64,
    /// In the order in which they were taken.
    places: BTreeMap<u64, Holder>,
    by_source: HashMap<Source, usize>,
    /// How many have lost their places and do not know it yet.
    leaving: usize,
    /// How often the time that everybody is granted was halved.
    pressure: u32,
    /// Since when nobody has proved itself, or since that last counted.
    unproved_since: Option<Instant>,
}

#[derive(Debug)]
struct Holder {
    source: Source,
    since: Instant,
    /// Tells the holder that its place is gone.
    order: oneshot::Sender<Crowded>,
}

/// A place; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    gate: Arc<Gate>,
    number: u64,
    order: oneshot::Receiver<Crowded>,
}

/// Why a connection has no place, or none any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Crowded {
    #[error(
        "all {places} places for handshakes are taken, and {holds} of them by connections from {source_network}"
    )]
    TooMany {
        places: usize,
        holds: usize,
        source_network: Source,
    },
    #[error(
        "all {places} places for handshakes are taken, and this connection had one for {}ms", .held.as_millis()
    )]
    TooLong { places: usize, held: Duration },
}

/// Whom places are counted for: an IPv4 address, or what one host is commonly given in IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Source(IpAddr);

enum Turn {
    In(u64, oneshot::Receiver<Crowded>),
    Wait(Instant),
}

impl Gate {
    pub(crate) fn new(places: NonZeroUsize) -> Self {
        let places = places.get();
        Self {
            places,
            fair: (places / FAIR_PART).max(LEAST_FAIR),
            held: Mutex::default(),
            freed: Notify::new(),
            told: Mutex::default(),
        }
    }

    /// Whether one more line may be logged of a connection that has no place, and then how many
    /// were not since the line before.
    pub(crate) fn may_say(&self, now: Instant) -> Option<u64> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told
            .last
            .is_some_and(|last| now.duration_since(last) < PAUSE)
        {
            told.unsaid += 1;
            return None;
        }
        told.last = Some(now);
        Some(std::mem::take(&mut told.unsaid))
    }

    /// Takes a place for a connection from this address, which is waited for if need be: at most a
    /// tenth of `deadline`, unless others are quicker.
    pub(crate) async fn enter(
        self: &Arc<Self>,
        from: IpAddr,
        deadline: Duration,
    ) -> Result<Place, Crowded> {
        let source = Source::of(from);
        loop {
            // Made before the look, so that nothing that is given back in between is missed.
            let freed = self.freed.notified();
            match self.try_enter(source, deadline / PEACE_PART, Instant::now())? {
                Turn::In(number, order) => {
                    return Ok(Place {
                        gate: Arc::clone(self),
                        number,
                        order,
                    });
                }
                Turn::Wait(until) => tokio::select! {
                    () = freed => {}
                    () = sleep_until(until) => {}
                },
            }
        }
    }

    fn try_enter(&self, source: Source, peace: Duration, now: Instant) -> Result<Turn, Crowded> {
        let mut held = self.held();
        if held.leaving > self.places / 2 {
            // Their descriptors are still open, and another worker is to close them first.
            return Ok(Turn::Wait(now + peace));
        }
        if held.places.len() < self.places {
            held.pressure = 0;
            held.unproved_since = Some(now);
        } else {
            let own = held.count(source);
            if own >= self.fair {
                match held.oldest_of(source) {
                    Some((number, since)) if now.duration_since(since) >= peace => {
                        held.take_away(number, self.too_long(since, now));
                    }
                    _ => return Err(self.too_many(own, source)),
                }
            } else if let Some((greedy, holds)) = held.greediest(self.fair) {
                if let Some((number, _)) = held.oldest_of(greedy) {
                    held.take_away(number, self.too_many(holds, greedy));
                }
            } else if let Some((number, since)) = held.oldest() {
                let granted = peace / (1 << held.pressure);
                if now.duration_since(since) < granted {
                    return Ok(Turn::Wait(since + granted));
                }
                held.press(peace / STALL_PART, now);
                held.take_away(number, self.too_long(since, now));
            }
        }
        let (number, order) = held.add(source, now);
        Ok(Turn::In(number, order))
    }

    fn too_many(&self, holds: usize, source_network: Source) -> Crowded {
        Crowded::TooMany {
            places: self.places,
            holds,
            source_network,
        }
    }

    fn too_long(&self, since: Instant, now: Instant) -> Crowded {
        Crowded::TooLong {
            places: self.places,
            held: now.duration_since(since),
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn add(&mut self, source: Source, now: Instant) -> (u64, oneshot::Receiver<Crowded>) {
        let number = self.next;
        self.next += 1;
        let (order, ordered) = oneshot::channel();
        let holder = Holder {
            source,
            since: now,
            order,
        };
        self.places.insert(number, holder);
        *self.by_source.entry(source).or_default() += 1;
        (number, ordered)
    }

    fn remove(&mut self, number: u64) -> Option<Holder> {
        let holder = self.places.remove(&number)?;
        if let Some(count) = self.by_source.get_mut(&holder.source) {
            *count -= 1;
            if *count == 0 {
                self.by_source.remove(&holder.source);
            }
        }
        Some(holder)
    }

    fn take_away(&mut self, number: u64, why: Crowded) {
        if let Some(holder) = self.remove(number) {
            // One that is about to end by itself does not listen any more, and leaves all the same.
            let _listening = holder.order.send(why);
            self.leaving += 1;
        }
    }

    /// Somebody loses its place for having had it too long.
    fn press(&mut self, stall: Duration, now: Instant) {
        let is_stalled = |since| now.duration_since(since) >= stall;
        if self.unproved_since.is_none_or(is_stalled) {
            self.pressure = MOST_PRESSURE.min(self.pressure + 1);
            self.unproved_since = Some(now);
        }
    }

    /// Somebody has proved itself.
    fn ease(&mut self, now: Instant) {
        self.pressure = self.pressure.saturating_sub(1);
        self.unproved_since = Some(now);
    }

    fn count(&self, source: Source) -> usize {
        self.by_source.get(&source).copied().unwrap_or_default()
    }

    fn oldest(&self) -> Option<(u64, Instant)> {
        let (number, holder) = self.places.first_key_value()?;
        Some((*number, holder.since))
    }

    fn oldest_of(&self, source: Source) -> Option<(u64, Instant)> {
        let mut places = self.places.iter();
        let (number, holder) = places.find(|(_, holder)| holder.source == source)?;
        Some((*number, holder.since))
    }

    /// Who holds the most, if that is more than `fair`.
    fn greediest(&self, fair: usize) -> Option<(Source, usize)> {
        let most = self.by_source.iter().max_by_key(|(_, holds)| **holds);
        most.map(|(source, holds)| (*source, *holds))
            .filter(|(_, holds)| *holds > fair)
    }
}

impl Place {
    /// Gives the place back because its holder has proved itself.
    pub(crate) fn prove(self) {
        self.gate.held().ease(Instant::now());
    }

    /// Waits until the place is given to somebody else.
    pub(crate) async fn taken_away(&mut self) -> Crowded {
        match (&mut self.order).await {
            Ok(why) => why,
            // The gate lets go of a holder only with an order, or when the place is dropped.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.gate.held();
        if held.remove(self.number).is_none() {
            held.leaving = held.leaving.saturating_sub(1);
        }
        drop(held);
        self.gate.freed.notify_waiters();
    }
}

impl Source {
    fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
            address @ IpAddr::V4(_) => address,
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => write!(f, "{address}"),
            IpAddr::V6(network) => write!(f, "{network}/64"),
        }
    }
}

#[cfg(test)]
mod tests;
