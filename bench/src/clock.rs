//! The one place that reads the clock.

use std::time::Instant;

/// The monotonic time now.
#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark measures real time, and does so outside any tokio runtime"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
