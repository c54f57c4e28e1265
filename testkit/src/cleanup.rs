//! What must go when the program goes, however it goes.
//!
//! Values clean up after themselves when they are dropped. A signal drops nothing, so each of
//! them leaves word here of what would be left over; on SIGINT and SIGTERM all of it is removed,
//! newest first, before the program ends.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Condvar, Mutex, MutexGuard, Once, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};

type Job = Box<dyn FnOnce() + Send>;

static JOBS: Mutex<BTreeMap<u64, Job>> = Mutex::new(BTreeMap::new());
static LISTENING: Once = Once::new();
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static HOLD: Mutex<Hold> = Mutex::new(Hold::No);
static HOLD_ENDED: Condvar = Condvar::new();

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hold {
    No,
    Waiting,
    Ended,
}

/// A job that a signal would run; withdrawn when this is dropped.
#[derive(Debug)]
pub(crate) struct Registration(u64);

impl Drop for Registration {
    fn drop(&mut self) {
        lock(&JOBS).remove(&self.0);
    }
}

/// Leaves word of what a signal has to remove.
pub(crate) fn register(job: impl FnOnce() + Send + 'static) -> Registration {
    LISTENING.call_once(|| {
        // Without a handler the program still works; it only leaves more for the next sweep.
        listen().ok();
    });
    let mut jobs = lock(&JOBS);
    let key = jobs.last_key_value().map_or(0, |(last, _)| last + 1);
    jobs.insert(key, Box::new(job));
    Registration(key)
}

/// Whether a signal has come and everything is being removed. Errors seen from now on are
/// consequences of that, not findings.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Waits for SIGINT or SIGTERM without letting it end the program.
pub fn wait_for_signal() {
    let mut hold = lock(&HOLD);
    *hold = Hold::Waiting;
    while *hold == Hold::Waiting {
        hold = HOLD_ENDED
            .wait(hold)
            .unwrap_or_else(PoisonError::into_inner);
    }
    *hold = Hold::No;
}

/// Stops this thread for good if a signal has come, so that the thread that cleans up decides
/// how the program ends.
pub fn yield_to_signal() {
    while interrupted() {
        thread::park();
    }
}

#[expect(
    clippy::exit,
    reason = "a signal ends the program from its own thread; the first process of a pid \
              namespace cannot end itself by the signal's default effect"
)]
fn listen() -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    thread::Builder::new()
        .name("cleanup".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                if !end_hold() {
                    INTERRUPTED.store(true, Ordering::SeqCst);
                    run_all();
                    // What a shell says of a program that the signal itself ended.
                    std::process::exit(128 + signal);
                }
            }
        })
        .map(drop)
}

fn end_hold() -> bool {
    let mut hold = lock(&HOLD);
    let held = *hold == Hold::Waiting;
    if held {
        *hold = Hold::Ended;
        HOLD_ENDED.notify_all();
    }
    held
}

fn run_all() {
    let jobs = std::mem::take(&mut *lock(&JOBS));
    for (_, job) in jobs.into_iter().rev() {
        job();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
