//! A bounded number of things that one user at a time may have.

use std::{
    mem,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Things that are lent, made when there are too few, and never more than a limit.
#[derive(Debug)]
pub(crate) struct Pool<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    patience: Duration,
}

#[derive(Debug)]
struct State<T> {
    idle: Vec<T>,
    /// Lent or idle.
    made: usize,
    limit: usize,
}

/// Why nothing was lent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotLent<E> {
    /// All were lent all the time.
    Busy,
    /// A new one could not be made.
    NotMade(E),
}

/// A failure to make one more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotMade<E> {
    /// There are as many as there can be: those that there are have to do.
    Full(E),
    /// Any other.
    Failed(E),
}

/// What is lent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lent<T> {
    pub(crate) thing: T,
    /// Whether it was made for this borrower.
    pub(crate) is_new: bool,
}

impl<T> Pool<T> {
    pub(crate) fn new(first: T, limit: usize, patience: Duration) -> Self {
        Self {
            state: Mutex::new(State {
                idle: vec![first],
                made: 1,
                limit: limit.max(1),
            }),
            changed: Condvar::new(),
            patience,
        }
    }

    /// Lends an idle one, or makes one, or waits for one. The borrower gives it back, or nothing
    /// if it is of no use any more, with what came of it.
    pub(crate) fn lend<E, R>(
        &self,
        make: impl Fn() -> Result<T, NotMade<E>>,
        borrower: impl FnOnce(Lent<T>) -> (Option<T>, R),
    ) -> Result<R, NotLent<E>> {
        let (lent, place) = self.take(make)?;
        let (back, result) = borrower(lent);
        if let Some(thing) = back {
            mem::forget(place);
            self.state().idle.push(thing);
            self.changed.notify_one();
        }
        Ok(result)
    }

    /// How long a borrower waits.
    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    /// Drops all that are idle.
    pub(crate) fn discard_idle(&self) {
        let mut state = self.state();
        state.made -= state.idle.len();
        let idle = mem::take(&mut state.idle);
        drop(state);
        self.changed.notify_all();
        // Ending them may take its time, in which others go on.
        drop(idle);
    }

    fn take<E>(
        &self,
        make: impl Fn() -> Result<T, NotMade<E>>,
    ) -> Result<(Lent<T>, Place<'_, T>), NotLent<E>> {
        loop {
            let (mut state, _) = self
                .changed
                .wait_timeout_while(self.state(), self.patience, |state| {
                    state.idle.is_empty() && state.made >= state.limit
                })
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(thing) = state.idle.pop() {
                let is_new = false;
                return Ok((Lent { thing, is_new }, Place(self)));
            }
            if state.made >= state.limit {
                return Err(NotLent::Busy);
            }
            state.made += 1;
            drop(state);
            let place = Place(self);
            match make() {
                Ok(thing) => {
                    let is_new = true;
                    return Ok((Lent { thing, is_new }, place));
                }
                Err(NotMade::Failed(error)) => return Err(NotLent::NotMade(error)),
                Err(NotMade::Full(error)) => {
                    drop(place);
                    let mut state = self.state();
                    if state.made == 0 {
                        return Err(NotLent::NotMade(error));
                    }
                    state.limit = state.limit.min(state.made);
                }
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one that is being made or is lent; free again when this is dropped, also by a
/// panic.
struct Place<'p, T>(&'p Pool<T>);

impl<T> Drop for Place<'_, T> {
    fn drop(&mut self) {
        self.0.state().made -= 1;
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Barrier,
            atomic::{AtomicUsize, Ordering},
        },
        thread,
    };

    use super::*;

    const PATIENT: Duration = Duration::from_secs(60);

    fn made() -> Result<u8, NotMade<()>> {
        Ok(2)
    }

    fn give_back(lent: Lent<u8>) -> (Option<u8>, u8) {
        (Some(lent.thing), lent.thing)
    }

    #[test]
    fn an_idle_one_is_lent_before_another_is_made() {
        let pool = Pool::new(1, 2, PATIENT);
        assert_eq!(pool.lend(made, give_back), Ok(1));
        let second = pool.lend(made, |lent| (Some(lent.thing), pool.lend(made, give_back)));
        assert_eq!(second, Ok(Ok(2)));
    }

    #[test]
    fn one_that_is_of_no_use_any_more_makes_room_for_another() {
        let pool = Pool::new(1, 1, PATIENT);
        assert_eq!(pool.lend(made, |lent| (None, lent.thing)), Ok(1));
        assert_eq!(
            pool.lend(made, |lent| (Some(lent.thing), lent.is_new)),
            Ok(true)
        );
        pool.discard_idle();
        assert_eq!(
            pool.lend(made, |lent| (Some(lent.thing), lent.is_new)),
            Ok(true)
        );
    }

    #[test]
    fn who_finds_none_waits_and_then_is_told() {
        let pool = Pool::new(1, 1, Duration::from_millis(1));
        let second = pool.lend(made, |lent| (Some(lent.thing), pool.lend(made, give_back)));
        assert_eq!(second, Ok(Err(NotLent::Busy)));
        assert_eq!(pool.lend(made, give_back), Ok(1));
    }

    #[test]
    fn when_no_more_can_be_made_those_that_there_are_have_to_do() {
        let full = || Err::<u8, _>(NotMade::Full("full"));
        let pool = Pool::new(1, 9, Duration::from_millis(1));
        let second = pool.lend(full, |lent| (Some(lent.thing), pool.lend(full, give_back)));
        assert_eq!(second, Ok(Err(NotLent::Busy)));
        pool.discard_idle();
        assert_eq!(pool.lend(full, give_back), Err(NotLent::NotMade("full")));
    }

    #[test]
    fn what_cannot_be_made_leaves_its_place_to_the_next() {
        let failed = || Err::<u8, _>(NotMade::Failed("gone"));
        let pool = Pool::new(1, 1, PATIENT);
        pool.discard_idle();
        assert_eq!(pool.lend(failed, give_back), Err(NotLent::NotMade("gone")));
        assert_eq!(pool.lend(made, give_back), Ok(2));
    }

    #[test]
    fn many_share_few_and_none_is_lent_twice_at_once() {
        let (pool, lent, most) = (
            Pool::new(0, 3, PATIENT),
            AtomicUsize::new(0),
            AtomicUsize::new(0),
        );
        let start = Barrier::new(12);
        thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| {
                    start.wait();
                    for _ in 0..50 {
                        let count = |thing: Lent<u8>| {
                            most.fetch_max(
                                lent.fetch_add(1, Ordering::SeqCst) + 1,
                                Ordering::SeqCst,
                            );
                            thread::yield_now();
                            lent.fetch_sub(1, Ordering::SeqCst);
                            (Some(thing.thing), ())
                        };
                        assert_eq!(pool.lend(made, count), Ok(()));
                    }
                });
            }
        });
        assert!(most.into_inner() <= 3);
        let state = pool.state();
        assert_eq!(state.made, state.idle.len());
    }
}
