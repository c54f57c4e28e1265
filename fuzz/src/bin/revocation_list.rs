//! Any bytes as revocation lists, PEM or DER, judged beside a CA that signed some of the seeds.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ringlock_pki::{RevocationLists, StaleList, crl::read_revocation_lists};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use time::OffsetDateTime;

/// The certificate of that CA; its key is gone.
const CA: &[u8] = include_bytes!("../../corpus/revocation_list/ca.der");
/// 2026-06-01 12:00 UTC, at which the seeds are in time.
const NOW: i64 = 1_780_315_200;

fuzz_target!(|bytes: &[u8]| {
    match read_revocation_lists(bytes) {
        Ok(lists) => read(bytes, lists),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});

fn read(bytes: &[u8], lists: Vec<CertificateRevocationListDer<'static>>) {
    let length: usize = lists.iter().map(|list| list.len()).sum();
    assert!(!lists.is_empty() && length <= bytes.len());
    let ca = CertificateDer::from_slice(CA);
    let now = OffsetDateTime::from_unix_timestamp(NOW).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let count = lists.len();
    match RevocationLists::select(lists, std::slice::from_ref(&ca), now, StaleList::Accept) {
        Ok(selected) => judged(&selected, &ca, count),
        Err(error) => assert!(!error.to_string().contains('\n')),
    }
}

fn judged(selected: &RevocationLists, ca: &CertificateDer<'_>, count: usize) {
    assert!(selected.lists.len() == count && selected.facts.len() == count);
    let first = selected.facts.iter().map(|list| list.next_update).min();
    assert_eq!(selected.valid_until, first);
    assert!(selected.is_revoked(ca).is_ok());
}
