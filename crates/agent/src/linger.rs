//! A worker's last look before it sleeps.
//!
//! To put a thread to sleep and to wake it costs more than to carry a small message: without this,
//! half of the agents' CPU time of round trips on one connection went into that
//! (docs/adr/0002-relay.md). So a worker that has just carried something looks for more for a
//! moment, and lets whoever else is ready to run go first each time it looks.
//!
//! Looks in vain cost CPU. They are paid from a credit that looks with success earn, so that
//! traffic with long gaps, and a worker whose connections keep it busy anyway, do without.

use std::{
    cell::Cell,
    future::poll_fn,
    num::NonZeroUsize,
    task::{Poll, Waker},
    time::Duration,
};

use ringlock_config::Config;
use tokio::time::Instant;

/// How long to look: measured, 10 µs bring nothing and 60 µs halve a round trip.
const PATIENCE: Duration = Duration::from_micros(60);

/// A worker that carried more than this between two looks gains nothing by not sleeping.
const FEW: u64 = 2;

thread_local! {
    static TRAFFIC: Traffic = const { Traffic::none() };
}

/// What this worker has carried.
struct Traffic {
    /// Chunks of bytes, in both directions.
    chunks: Cell<u64>,
    /// Who waits for the next chunk.
    waiting: Cell<Option<Waker>>,
}

impl Traffic {
    const fn none() -> Self {
        Self {
            chunks: Cell::new(0),
            waiting: Cell::new(None),
        }
    }
}

/// Whether workers are to linger. Where a control group limits the CPU time, looking in vain would
/// use up what carrying needs.
pub(crate) fn pays(config: &Config) -> bool {
    config.busy_poll.unwrap_or_else(|| !is_limited())
}

/// The runtime's count of cores heeds the limit of a control group, the kernel's does not.
fn is_limited() -> bool {
    let granted = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    rustix::thread::sched_getaffinity(None)
        .is_ok_and(|cores| granted < usize::try_from(cores.count()).unwrap_or(usize::MAX))
}

/// Notes that this worker has carried a chunk of bytes.
pub(crate) fn carried() {
    TRAFFIC.with(|traffic| {
        traffic.chunks.set(traffic.chunks.get().wrapping_add(1));
        if let Some(waiting) = traffic.waiting.take() {
            waiting.wake();
        }
    });
}

/// Keeps this worker awake while it pays. Never ends.
pub(crate) async fn linger() {
    let mut credit = Credit::full();
    loop {
        next_chunk().await;
        if credit.allows() {
            credit.settle(&look().await);
        }
    }
}

/// What came of looking.
#[derive(Debug)]
struct Looked {
    /// Chunks that came in time.
    in_time: u32,
    /// Whether the worker stopped looking because nothing came, or because much did.
    in_vain: bool,
}

async fn look() -> Looked {
    let mut in_time = 0;
    let (mut seen, mut since) = (chunks(), Instant::now());
    loop {
        std::thread::yield_now();
        tokio::task::yield_now().await;
        let now = chunks();
        match now.wrapping_sub(seen) {
            0 if since.elapsed() < PATIENCE => continue,
            0 => {
                return Looked {
                    in_time,
                    in_vain: true,
                };
            }
            1..=FEW => in_time += 1,
            _ => {
                return Looked {
                    in_time,
                    in_vain: false,
                };
            }
        }
        (seen, since) = (now, Instant::now());
    }
}

fn chunks() -> u64 {
    TRAFFIC.with(|traffic| traffic.chunks.get())
}

/// Ready when a chunk has been carried since the last poll.
async fn next_chunk() {
    let seen = chunks();
    poll_fn(|context| {
        if chunks() != seen {
            return Poll::Ready(());
        }
        TRAFFIC.with(|traffic| traffic.waiting.set(Some(context.waker().clone())));
        Poll::Pending
    })
    .await;
}

/// Whether looking has paid lately.
#[derive(Debug)]
struct Credit {
    left: u32,
    /// Chunks until the next look, once the credit is used up.
    until_probe: u32,
    /// How many there were before the last one.
    pause: u32,
}

impl Credit {
    const MOST: u32 = 64;
    /// What a look in vain costs, in looks with success: under four successes in five it is not
    /// worth it.
    const PRICE: u32 = 4;
    /// Without credit, one chunk in so many is followed by a look all the same: doubled from the
    /// first to the last while that brings nothing.
    const PROBE: (u32, u32) = (64, 4096);

    fn full() -> Self {
        Self {
            left: Self::MOST,
            until_probe: Self::PROBE.0,
            pause: Self::PROBE.0,
        }
    }

    fn allows(&mut self) -> bool {
        if self.left > 0 {
            return true;
        }
        self.until_probe -= 1;
        self.until_probe == 0
    }

    fn settle(&mut self, looked: &Looked) {
        let price = match looked.in_vain {
            true => Self::PRICE,
            // Where there is so much to do, each look is one too many.
            false => Self::MOST,
        };
        let earned = self.left.saturating_add(looked.in_time);
        self.left = earned.saturating_sub(price).min(Self::MOST);
        self.pause = match self.left {
            0 => (2 * self.pause).min(Self::PROBE.1),
            _ => Self::PROBE.0,
        };
        self.until_probe = self.pause;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_vain_after(in_time: u32) -> Looked {
        Looked {
            in_time,
            in_vain: true,
        }
    }

    #[test]
    fn looking_stops_when_nothing_comes_of_it() {
        let mut credit = Credit::full();
        let mut looks = 0;
        while credit.allows() {
            credit.settle(&in_vain_after(0));
            looks += 1;
        }
        assert_eq!(looks, Credit::MOST / Credit::PRICE);
    }

    #[test]
    fn without_credit_it_is_tried_less_and_less() {
        let mut credit = Credit {
            left: 1,
            ..Credit::full()
        };
        let mut pauses = Vec::new();
        for _ in 0..8 {
            credit.settle(&in_vain_after(0));
            pauses.extend((1..).find(|_| credit.allows()));
        }
        assert_eq!(pauses, [128, 256, 512, 1024, 2048, 4096, 4096, 4096]);
        credit.settle(&in_vain_after(Credit::PRICE + 1));
        assert!(credit.allows(), "a probe that paid brings it back");
    }

    #[test]
    fn looking_goes_on_while_it_pays() {
        let mut credit = Credit::full();
        for _ in 0..1000 {
            assert!(credit.allows());
            credit.settle(&in_vain_after(Credit::PRICE));
        }
    }

    #[test]
    fn one_success_in_a_probe_does_not_bring_it_back() {
        let mut credit = Credit {
            left: 0,
            ..Credit::full()
        };
        credit.settle(&in_vain_after(1));
        assert!(!credit.allows());
        credit.settle(&in_vain_after(Credit::PRICE + 1));
        assert!(credit.allows());
    }

    #[test]
    fn a_busy_worker_sleeps_as_it_likes() {
        let mut credit = Credit::full();
        credit.settle(&Looked {
            in_time: 3,
            in_vain: false,
        });
        assert!(credit.left <= 3, "{credit:?}");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_look_ends_in_vain_without_traffic_and_counts_it_otherwise() {
        let looked = look().await;
        assert_eq!((looked.in_time, looked.in_vain), (0, true));
        tokio::spawn(async {
            for _ in 0..5 {
                carried();
                tokio::task::yield_now().await;
            }
        });
        let looked = look().await;
        assert!(looked.in_time >= 3 && looked.in_vain, "{looked:?}");
        tokio::spawn(async {
            for _ in 0..=FEW {
                carried();
            }
        });
        assert!(!look().await.in_vain);
    }
}
