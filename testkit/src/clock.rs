use std::{
    fmt,
    ops::Sub,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::time::Instant;

/// A point in wall-clock time, in microseconds since 1970: what packet captures are stamped with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(u64);

impl Moment {
    /// The beginning of time, before every packet and every request.
    pub const BEGINNING: Self = Self(0);

    /// The time it is.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where tests, which run in real time, take the time from"
    )]
    pub fn now() -> Self {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self(u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX))
    }

    /// The moment of a packet's time stamp.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    pub const fn as_micros(self) -> u64 {
        self.0
    }
}

impl Sub for Moment {
    type Output = Duration;

    /// How much later this moment is; zero if it is earlier.
    fn sub(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Moment {
    /// The time of day, UTC, to the millisecond.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0 / 1000;
        let (seconds, minutes, hours) = (millis / 1000, millis / 60_000, millis / 3_600_000);
        write!(
            f,
            "{:02}:{:02}:{:02}.{:03}",
            hours % 24,
            minutes % 60,
            seconds % 60,
            millis % 1000
        )
    }
}

/// Asks again and again, an interval apart, until there is an answer, an error, or no time left.
pub fn poll<T, E>(
    patience: Duration,
    interval: Duration,
    mut ask: impl FnMut() -> Result<Option<T>, E>,
) -> Result<Option<T>, E> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(answer) = ask()? {
            return Ok(Some(answer));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        thread::sleep(interval);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_prints_as_the_time_of_day() {
        let moment = Moment::from_micros(((26 * 60 + 3) * 60 + 4) * 1_000_000 + 5_600);
        assert_eq!(moment.to_string(), "02:03:04.005");
    }

    #[test]
    fn an_earlier_moment_is_no_time_later() {
        let (early, late) = (Moment::from_micros(1), Moment::from_micros(3));
        assert_eq!(late - early, Duration::from_micros(2));
        assert_eq!(early - late, Duration::ZERO);
    }
}
