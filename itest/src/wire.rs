use ringlock_testkit::{Moment, capture::Captured};

use crate::OrFail;

/// Asserts that the capture saw everything, TLS among it, and nothing in clear from that moment
/// on.
#[track_caller]
pub fn assert_no_plaintext(captured: &Captured, from: Moment) {
    let traffic = &captured.traffic;
    assert_eq!(captured.dropped_by_kernel, 0);
    assert_eq!(traffic.unverified_bytes(), 0);
    let flows = traffic.plaintext_flows_since(from);
    assert!(flows.is_empty(), "{flows:?}");
    let mut flows = traffic.flows();
    let encrypted = flows.find(|flow| flow.last_seen >= from && flow.payload > flow.plaintext);
    encrypted.or_fail("looking for TLS in the capture");
}
