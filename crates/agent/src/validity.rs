//! How long certificates are valid: a peer's that is good for longer than is allowed, and those that
//! end soon.

use std::{
    collections::HashSet,
    iter,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use ringlock_config::ServerEncryption;
use ringlock_pki::LeafFacts;
use ringlock_tls::TlsState;
use time::OffsetDateTime;

use crate::{material::date, refusal::Refusal};

/// Peers' certificates that were warned of, by their fingerprints.
#[derive(Default)]
pub(crate) struct Warned(Mutex<HashSet<String>>);

impl Warned {
    /// More than a large cluster has; beyond it the memory is bounded and warnings repeat.
    const MOST: usize = 10_000;

    /// Whether this is the first time.
    fn is_first(&self, fingerprint: &str) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.contains(fingerprint) {
            return false;
        }
        if seen.len() >= Self::MOST {
            seen.clear();
        }
        seen.insert(fingerprint.to_owned())
    }
}

/// Refuses a peer's certificate whose life is longer than `max_certificate_validity_period`, and
/// warns once of one that ends within `certificate_validity_warn_threshold`.
pub(crate) fn judge(
    leaf: &LeafFacts,
    limits: &ServerEncryption,
    warned: &Warned,
    now: OffsetDateTime,
) -> Result<(), Refusal> {
    check(leaf, limits)?;
    if let Some(days) = days_left(leaf, limits.certificate_warning, now)
        && warned.is_first(&leaf.sha256)
    {
        tracing::warn!(
            certificate = %leaf.sha256,
            "the certificate of {} expires in {days} days, on {}",
            leaf.name(),
            date(leaf.not_after)
        );
    }
    Ok(())
}

/// Refuses a peer's certificate whose life is longer than `max_certificate_validity_period`.
pub(crate) fn check(leaf: &LeafFacts, limits: &ServerEncryption) -> Result<(), Refusal> {
    let life = leaf.not_after - leaf.not_before;
    match limits.max_certificate_validity {
        Some(most) if life > most => Err(Refusal::ValidForTooLong {
            days: days_begun(life),
            most,
        }),
        Some(_) | None => Ok(()),
    }
}

/// Warns of the node's own certificates: that one ends soon, or that peers with the same limits
/// refuse it.
pub(crate) fn warn_of_own(tls: &TlsState, limits: &ServerEncryption, now: OffsetDateTime) {
    for leaf in iter::once(tls.leaf()).chain(tls.dialling_leaf()) {
        warn_of(leaf, limits, now);
    }
}

fn warn_of(leaf: &LeafFacts, limits: &ServerEncryption, now: OffsetDateTime) {
    let life = leaf.not_after - leaf.not_before;
    if let Some(most) = limits.max_certificate_validity
        && life > most
    {
        tracing::warn!(
            "this node's certificate is valid for {} days; peers with the same \
             max_certificate_validity_period refuse it",
            days_begun(life)
        );
    }
    if let Some(days) = days_left(leaf, limits.certificate_warning, now) {
        tracing::warn!(
            "this node's certificate expires in {days} days, on {}",
            date(leaf.not_after)
        );
    }
}

/// A day that has begun counts, so that one second over a year is more than 365 days.
fn days_begun(life: time::Duration) -> i64 {
    const DAY: i64 = 24 * 60 * 60;
    life.whole_seconds().saturating_add(DAY - 1) / DAY
}

/// Whole days to the end, if that is nearer than the threshold.
fn days_left(leaf: &LeafFacts, threshold: Option<Duration>, now: OffsetDateTime) -> Option<i64> {
    let left = leaf.not_after - now;
    threshold
        .filter(|threshold| left < *threshold)
        .map(|_| left.whole_days())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_that_has_begun_counts() {
        assert_eq!(days_begun(time::Duration::days(365)), 365);
        assert_eq!(
            days_begun(time::Duration::days(365) + time::Duration::SECOND),
            366
        );
    }

    #[test]
    fn each_certificate_is_warned_of_once() {
        let warned = Warned::default();
        assert!(warned.is_first("a"));
        assert!(!warned.is_first("a"));
        assert!(warned.is_first("b"));
    }
}
