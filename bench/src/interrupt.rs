//! Ctrl-C and SIGTERM as a flag that every loop looks at.
//!
//! Nothing is torn down from the signal itself: the measurement under way returns
//! [`Interrupted`], and the proxies and temporary folders go with the values that own them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::clock;

/// How long a sleeper may take to notice the signal.
const SLICE: Duration = Duration::from_millis(20);

/// Says whether the user asked to stop; clones share the answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

/// The user pressed Ctrl-C, or something sent SIGTERM.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

impl Interrupt {
    /// Takes over SIGINT and SIGTERM for the rest of the process.
    pub(crate) fn install() -> io::Result<Self> {
        let interrupt = Self::default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let flag = Arc::clone(&interrupt.0);
        let (mut int, mut term) = {
            let _context = runtime.enter();
            (
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
            )
        };
        std::thread::Builder::new()
            .name("signals".into())
            .spawn(move || {
                runtime.block_on(async move {
                    tokio::select! {
                        _ = int.recv() => {}
                        _ = term.recv() => {}
                    }
                    flag.store(true, Ordering::Relaxed);
                });
            })?;
        Ok(interrupt)
    }

    /// Fails once the user asked to stop.
    pub(crate) fn check(&self) -> Result<(), Interrupted> {
        if self.0.load(Ordering::Relaxed) {
            Err(Interrupted)
        } else {
            Ok(())
        }
    }

    /// Sleeps for `duration`, or fails soon after the user asked to stop.
    pub(crate) fn sleep(&self, duration: Duration) -> Result<(), Interrupted> {
        let end = clock::now() + duration;
        loop {
            self.check()?;
            let left = end.saturating_duration_since(clock::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(SLICE));
        }
    }
}
