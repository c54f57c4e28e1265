//! When links are turned over so that none outlives its certificates.
//!
//! A link is ended at the first of three moments that comes after its birth, so that a peer that
//! comes back with the certificate that is about to end is not turned over again and again:
//!
//! ```text
//!   ──────────┬───────────── half a minute ─────┬──── two seconds ────┬──▶
//!      end − 60 s … − 30 s              end − 4 s … − 2 s            end
//!   gently: a new certificate may be there    gently              at once
//! ```

use std::time::Duration;

use time::OffsetDateTime;

/// How long before the end links begin to be turned over. Each has a moment of its own in the
/// first half of it.
const LEAD: Duration = Duration::from_secs(60);

/// The same for links that were made within [`LEAD`].
const LAST: Duration = Duration::from_secs(4);

/// When a link is to be turned over that was made at `born` and may not live past `end`; `spread`
/// is its own number from 0 to 1.
pub(super) fn turn_at(born: OffsetDateTime, end: OffsetDateTime, spread: f32) -> OffsetDateTime {
    for lead in [LEAD, LAST] {
        if born < end - lead {
            return end - lead.mul_f32(1.0 - spread / 2.0);
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).unwrap()
    }

    /// How many seconds before its end at 1000 a link is turned over.
    fn lead(born: i64, spread: f32) -> i64 {
        (at(1000) - turn_at(at(born), at(1000), spread)).whole_seconds()
    }

    #[test]
    fn links_are_spread_over_the_half_minute_before_the_last() {
        assert_eq!(lead(0, 0.0), 60);
        assert_eq!(lead(0, 0.5), 45);
        assert_eq!(lead(0, 1.0), 30);
    }

    #[test]
    fn a_link_that_got_the_same_certificate_again_has_until_the_last_seconds() {
        for born in [940, 950, 970, 995] {
            assert_eq!(lead(born, 0.0), 4, "{born}");
            assert_eq!(lead(born, 1.0), 2, "{born}");
        }
    }

    #[test]
    fn a_link_of_the_last_seconds_lives_to_the_end_and_no_longer() {
        for born in [996, 998, 1000, 1001] {
            assert_eq!(lead(born, 0.3), 0, "{born}");
        }
    }

    #[test]
    fn however_often_it_comes_back_a_peer_is_turned_over_at_most_three_times() {
        for spread in [0.0, 0.4, 0.999] {
            let mut born = at(0);
            let mut turns = 0;
            while born <= at(1000) {
                // It is back at once.
                born = turn_at(born, at(1000), spread) + time::Duration::milliseconds(1);
                turns += 1;
            }
            assert_eq!(turns, 3, "{spread}");
        }
    }
}
