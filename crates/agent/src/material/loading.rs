//! Loading away from the control thread, and not for ever.
//!
//! A token or a KMIP server that hangs would otherwise take the admin socket, cuts and the drain
//! along. Threads of our own and not the runtime's: that one waits for its blocking tasks when it
//! ends, and so an agent with a hanging token could not be stopped.

use std::{
    io,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use ringlock_config::Config;
use ringlock_tls::TlsState;
use time::OffsetDateTime;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::timeout,
};

use super::{LoadError, load};

/// How long everything together may take: several KMIP servers and attempts, a slow HSM.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Why a load has no result.
#[derive(Debug, thiserror::Error)]
pub enum LoadingError {
    /// It went on for too long, and was left behind.
    #[error(
        "loading took more than {} seconds; a token's module, a KMIP server, a name server or a \
         file system does not answer",
        after.as_secs_f32()
    )]
    TimedOut {
        /// How long was waited.
        after: Duration,
    },
    /// One that was left behind still goes on, and a second would only wait beside it.
    #[error(
        "an earlier load still waits for a token's module, a KMIP server, a name server or a file \
         system that does not answer"
    )]
    StillWaiting,
    /// The thread could not be started.
    #[error("the thread that loads cannot be started: {0}")]
    Thread(#[from] io::Error),
    /// The thread ended without a result.
    #[error("the thread that loads has panicked")]
    Panicked,
}

/// Loads at the start, before anything is served.
///
/// # Errors
/// As [`load`], or [`LoadingError`] after [`PATIENCE`].
pub(crate) fn load_first(
    config: Config,
    now: OffsetDateTime,
) -> Result<(Config, TlsState), LoadError> {
    let (config, loaded) = wait_for(PATIENCE, move || {
        let loaded = load(&config, now);
        (config, loaded)
    })?;
    Ok((config, loaded?))
}

fn wait_for<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, LoadingError> {
    let (give, given) = mpsc::sync_channel(1);
    // Nobody takes it who has stopped waiting.
    spawn(work, move |result| drop(give.send(result)))?;
    given.recv_timeout(patience).map_err(|error| match error {
        mpsc::RecvTimeoutError::Timeout => LoadingError::TimedOut { after: patience },
        mpsc::RecvTimeoutError::Disconnected => LoadingError::Panicked,
    })
}

/// Does one piece of blocking work after the other for the control thread.
#[derive(Debug)]
pub(crate) struct Loader {
    place: Arc<Semaphore>,
}

impl Loader {
    pub(crate) fn new() -> Self {
        Self {
            place: Arc::new(Semaphore::new(1)),
        }
    }

    /// Does `work` on a thread of its own, and leaves that behind after `patience`. Until it ends
    /// no other is begun, so that there is never more than one. Callers take turns.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, LoadingError> {
        let place = Arc::clone(&self.place).try_acquire_owned();
        let place: OwnedSemaphorePermit = place.map_err(|_| LoadingError::StillWaiting)?;
        let (give, given) = oneshot::channel();
        let work = move || {
            // Free before the result is there: whoever has it may go on at once.
            let _place = place;
            work()
        };
        spawn(work, move |result| drop(give.send(result)))?;
        match timeout(patience, given).await {
            Ok(result) => result.map_err(|_| LoadingError::Panicked),
            Err(_) => Err(LoadingError::TimedOut { after: patience }),
        }
    }
}

/// Drops what may take its time to end, such as sessions with a token.
pub(crate) fn drop_elsewhere<T: Send + 'static>(thing: T) {
    if let Err(error) = spawn(move || drop(thing), drop) {
        tracing::debug!(%error, "dropped on the control thread");
    }
}

fn spawn<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
    done: impl FnOnce(T) + Send + 'static,
) -> io::Result<()> {
    let thread = thread::Builder::new().name("loading".to_owned());
    thread.spawn(move || done(work())).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRIEF: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn work_that_hangs_is_left_behind_and_no_second_is_begun_beside_it() {
        let loader = Loader::new();
        assert!(matches!(loader.run(LONG, || 7).await, Ok(7)));
        let (release, held) = mpsc::channel::<()>();
        let (ended, end) = mpsc::channel::<()>();
        let hang = move || {
            let _released = held.recv_timeout(LONG);
            ended
        };
        let left = loader.run(BRIEF, hang).await.unwrap_err();
        assert!(matches!(left, LoadingError::TimedOut { .. }), "{left}");
        let second = loader.run(LONG, || 8).await.unwrap_err();
        assert!(matches!(second, LoadingError::StillWaiting), "{second}");
        release.send(()).unwrap();
        // Its result is dropped unread, and the place is free by then.
        assert!(end.recv_timeout(LONG).is_err());
        assert!(matches!(loader.run(LONG, || 9).await, Ok(9)));
    }

    #[tokio::test]
    async fn a_panic_is_told_and_leaves_its_place() {
        let loader = Loader::new();
        let panicked = loader.run(LONG, || panic!("meant to be")).await;
        assert!(matches!(panicked, Err::<(), _>(LoadingError::Panicked)));
        assert!(matches!(loader.run(LONG, || 9).await, Ok(9)));
    }

    #[test]
    fn a_start_that_hangs_ends_with_a_sentence() {
        let (_release, held) = mpsc::channel::<()>();
        let left = wait_for(BRIEF, move || held.recv_timeout(LONG)).unwrap_err();
        assert_eq!(
            left.to_string(),
            "loading took more than 0.02 seconds; a token's module, a KMIP server, a name server \
             or a file system does not answer"
        );
    }
}
