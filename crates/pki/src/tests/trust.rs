use super::*;
use crate::{Trust, TrustError};

fn select(made: &[&Made]) -> Result<Trust, TrustError> {
    Trust::select(&certificates(made), NOW)
}

fn certificates(made: &[&Made]) -> KeyStore {
    KeyStore {
        certificates: made.iter().map(|it| it.der.clone().into()).collect(),
        ..KeyStore::default()
    }
}

fn root(name: &str, from: i64, to: i64) -> Made {
    Made::root(name, |params| {
        params.not_before = NOW + Duration::days(from);
        params.not_after = NOW + Duration::days(to);
    })
}

#[test]
fn the_certificate_of_the_ca_is_a_trust_anchor() {
    let ca = test_ca();
    let store = parse_pem(ca.certificate_pem().as_bytes()).unwrap();
    let trust = Trust::select(&store, NOW).unwrap();
    assert_eq!(trust.anchors, [ca.certificate().clone()]);
    assert_eq!(trust.valid_until, Some(ca.not_after()));
    assert_eq!(trust.expired, []);
}

#[test]
fn an_anchor_given_twice_counts_once_and_one_of_the_future_counts() {
    let (now, next) = (root("now", -9, 9), root("next", 1, 99));
    let trust = select(&[&next, &now, &next]).unwrap();
    assert_eq!(trust.anchors, [next.der.clone(), now.der.clone()]);
    assert_eq!(
        trust.valid_until,
        Some((NOW + Duration::days(9)).truncate_to_second())
    );
}

#[test]
fn an_expired_anchor_is_left_out_and_named() {
    let (old, new) = (root("old", -9, -1), root("new", -1, 9));
    let trust = select(&[&old, &new]).unwrap();
    assert_eq!(trust.anchors, std::slice::from_ref(&new.der));
    assert_eq!(trust.expired[0].subject, "CN=old");
}

#[test]
fn anchors_that_have_all_expired_are_an_error() {
    let error = select(&[&root("old", -9, -1), &root("older", -99, -9)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "every trusted certificate has expired, the last one, CN=old, at 2026-11-21T12:00:00Z; it \
         is now 2026-11-22T12:00:00Z"
    );
}

#[test]
fn a_store_without_a_certificate_or_with_a_key_is_refused() {
    assert_eq!(
        select(&[]).unwrap_err().to_string(),
        "there is no certificate; expected that of at least one CA"
    );
    let root = root("root", -1, 1);
    assert_eq!(
        Trust::select(&root.store([&root]), NOW)
            .unwrap_err()
            .to_string(),
        "there is a private key among the trusted certificates; a trust store goes to every node, \
         so the key must be taken out, and replaced if the file was ever handed on"
    );
}

#[test]
fn a_certificate_that_is_no_cas_is_refused() {
    let root = root("root", -1, 1);
    let leaf = root.sign("leaf", |_| {});
    assert_eq!(
        select(&[&root, &leaf]).unwrap_err().to_string(),
        "the certificate CN=leaf is not that of a CA: its basicConstraints do not say CA:TRUE; a \
         node's own certificate is trusted only where it is self-signed"
    );
    let limited = Made::root("limited", |params| {
        params.key_usages = vec![KeyUsagePurpose::CrlSign];
    });
    assert_eq!(
        select(&[&limited]).unwrap_err().to_string(),
        "the certificate CN=limited is not that of a CA: its keyUsage lacks keyCertSign; a node's \
         own certificate is trusted only where it is self-signed"
    );
}

#[test]
fn a_self_signed_certificate_of_a_node_is_pinned_and_no_anchor() {
    let own = |name: &str, to: i64| {
        Made::root(name, |params| {
            params.is_ca = IsCa::NoCa;
            params.not_before = NOW - Duration::days(99);
            params.not_after = NOW + Duration::days(to);
        })
    };
    let (one, two, old) = (own("one", 9), own("two", 99), own("old", -1));
    let trust = select(&[&one, &old, &two, &one]).unwrap();
    assert!(trust.anchors.is_empty());
    assert_eq!(
        trust.pinned,
        [one.der.clone(), old.der.clone(), two.der.clone()]
    );
    assert_eq!(trust.valid_until, None);
    assert_eq!(trust.expired[0].subject, "CN=old");
    assert!(trust.is_pinned(&two.der) && !trust.is_pinned(&own("two", 99).der));

    let ca = root("ca", -1, 5);
    let trust = select(&[&one, &ca]).unwrap();
    assert_eq!(trust.anchors, std::slice::from_ref(&ca.der));
    assert_eq!(trust.pinned, std::slice::from_ref(&one.der));
    assert!(matches!(
        select(&[&old]).unwrap_err(),
        TrustError::AllExpired { subject, .. } if subject == "CN=old"
    ));
}

#[test]
fn a_revocation_list_where_none_is_used_is_refused() {
    let root = root("root", -1, 1);
    let lists = || vec![vec![0x30, 0].into()];
    let trust = KeyStore {
        revocation_lists: lists(),
        ..certificates(&[&root])
    };
    assert_eq!(
        Trust::select(&trust, NOW).unwrap_err().to_string(),
        "there is a certificate revocation list among the trusted certificates, where none is \
         used; take it out"
    );
    let own = || KeyStore {
        revocation_lists: lists(),
        ..root.store([&root])
    };
    assert_eq!(
        crate::Identity::select(own(), NOW).unwrap_err().to_string(),
        "there is a certificate revocation list beside the certificate, where none is used; take \
         it out"
    );
    assert_eq!(
        crate::ca::Ca::load(&own()).unwrap_err().to_string(),
        "there is a certificate revocation list, where none is used; take it out"
    );
}
