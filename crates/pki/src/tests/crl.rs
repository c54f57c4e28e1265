use super::*;
use crate::{
    CrlError, RevocationLists, StaleList,
    crl::read_revocation_lists,
    verify::{Peer, Question, Refusal, Role},
};
use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams};
use rustls_pki_types::CertificateRevocationListDer;

fn list(ca: &Made, revoked: &[u64], next: i64) -> CertificateRevocationListDer<'static> {
    let params = CertificateRevocationListParams {
        this_update: NOW - Duration::days(2),
        next_update: NOW + Duration::days(next),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: revoked
            .iter()
            .map(|serial| RevokedCertParams {
                serial_number: SerialNumber::from(*serial),
                revocation_time: NOW - Duration::days(3),
                reason_code: None,
                invalidity_date: None,
            })
            .collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let issuer = Issuer::from_params(&ca.params, &ca.key);
    params.signed_by(&issuer).unwrap().into()
}

fn select(
    lists: &[CertificateRevocationListDer<'static>],
    issuers: &[&Made],
    stale: StaleList,
) -> Result<RevocationLists, CrlError> {
    let issuers: Vec<_> = issuers.iter().map(|it| it.der.clone()).collect();
    RevocationLists::select(lists.to_vec(), &issuers, NOW, stale)
}

fn refused(lists: &[CertificateRevocationListDer<'static>], issuers: &[&Made]) -> String {
    select(lists, issuers, StaleList::Refuse)
        .unwrap_err()
        .to_string()
}

fn node(ca: &Made, serial: u64) -> Made {
    ca.sign("node", |params| params.serial_number = Some(serial.into()))
}

#[test]
fn a_certificate_is_revoked_by_its_own_issuer_alone() {
    let (ca, namesake) = (Made::root("ca", |_| {}), Made::root("ca", |_| {}));
    let lists = [list(&ca, &[7, 200], 1)];
    let lists = select(&lists, &[&namesake, &ca], StaleList::Refuse).unwrap();
    let revoked = |made: Made| lists.is_revoked(&made.der).unwrap();
    assert!(revoked(node(&ca, 7)) && revoked(node(&ca, 200)));
    assert!(!revoked(node(&ca, 8)) && !revoked(node(&namesake, 7)));
    assert_eq!(lists.facts[0].revoked, 2);
    assert_eq!(
        lists.valid_until,
        Some((NOW + Duration::days(1)).truncate_to_second())
    );
}

#[test]
fn every_verifier_with_lists_refuses_what_is_revoked() {
    let ca = Made::root("ca", |_| {});
    let (good, bad) = (node(&ca, 1), node(&ca, 7));
    let lists = select(&[list(&ca, &[7], 1)], &[&ca], StaleList::Refuse).unwrap();
    let trust = KeyStore {
        certificates: vec![ca.der.clone().into()],
        ..KeyStore::default()
    };
    for (made, revoked) in [(good, false), (bad, true)] {
        let question = Question {
            chain: &[made.der],
            trust: &trust,
            lists: &lists,
            addresses: &[],
            now: NOW,
        };
        for peer in [Peer::Scylla, Peer::Ringlock] {
            let found = question.verdict(peer, Role::Client).refusals;
            let subject = "CN=node".to_owned();
            let expected = revoked.then_some(Refusal::Revoked { subject });
            assert_eq!(found, Vec::from_iter(expected), "{peer:?}");
        }
        let java = question.verdict(Peer::Java, Role::Client);
        assert_eq!(
            (java.refusals, java.unseen),
            (vec![], vec!["revocation lists"])
        );
    }
}

#[test]
fn a_stale_list_is_refused_unless_it_is_to_be_accepted() {
    let ca = Made::root("ca", |_| {});
    let stale = [list(&ca, &[], 1), list(&ca, &[7], -1)];
    let text = refused(&stale, &[&ca]);
    assert_eq!(
        text,
        "list 2, of CN=ca: the next one was due at 2026-11-21T12:00:00Z; it is now \
         2026-11-22T12:00:00Z; fetch a new list"
    );
    let lists = select(&stale, &[&ca], StaleList::Accept).unwrap();
    assert!(lists.facts[1].stale && !lists.facts[0].stale);
    assert!(lists.is_revoked(&node(&ca, 7).der).unwrap());
}

#[test]
fn a_list_needs_a_trusted_issuer_that_may_sign_it() {
    let (ca, other) = (Made::root("ca", |_| {}), Made::root("other", |_| {}));
    let namesake = Made::root("ca", |_| {});
    let lists = [list(&ca, &[], 1)];
    let text = refused(&lists, &[&other]);
    assert_eq!(text, "list 1, of CN=ca: no CA of that name is trusted");
    assert!(refused(&lists, &[&namesake]).contains("signature is not that CA's"));
    let mut barred = Made::root("ca", |_| {});
    let lists = [list(&barred, &[], 1)];
    barred.params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    barred.der = barred.params.self_signed(&barred.key).unwrap().into();
    assert!(refused(&lists, &[&barred]).contains("lacks cRLSign"));
    let early = RevocationLists::select(
        lists.to_vec(),
        &[ca.der],
        NOW - Duration::days(9),
        StaleList::Accept,
    );
    assert!(early.is_err());
}

#[test]
fn lists_are_read_from_pem_and_der_and_damage_is_told() {
    let ca = Made::root("ca", |_| {});
    let (a, b) = (list(&ca, &[1], 1), list(&ca, &[2], 1));
    let two = [a.as_ref(), b.as_ref()].concat();
    assert_eq!(read_revocation_lists(&two).unwrap(), [a.clone(), b.clone()]);
    let folder = tempfile::tempdir().unwrap();
    put_bytes(folder.path(), "a.der", &a);
    put_bytes(folder.path(), "b.der", &b);
    let to_pem = "for f in a b; do openssl crl -inform DER -in $f.der; done";
    let pem = run(folder.path(), to_pem);
    assert_eq!(
        read_revocation_lists(pem.as_bytes()).unwrap(),
        [a.clone(), b]
    );
    assert_eq!(read_revocation_lists(b""), Err(CrlError::Empty));
    assert_eq!(read_revocation_lists(b"hello"), Err(CrlError::Empty));
    for end in 1..a.len() {
        assert!(read_revocation_lists(&a[..end]).is_err(), "cut at {end}");
    }
    for at in 0..a.len() {
        let mut flipped = a.to_vec();
        flipped[at] ^= 0x10;
        if let Ok(lists) = read_revocation_lists(&flipped) {
            assert!(
                select(&lists, &[&ca], StaleList::Accept).is_err(),
                "flip at {at}"
            );
        }
    }
}

#[test]
fn delta_and_indirect_lists_and_those_of_version_1_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let config = "
        [ca]\ndefault_ca = own\n
        [own]\ndatabase = index\ncrlnumber = number\ndefault_md = sha256\ndefault_crl_days = 9
        certificate = c.pem\nprivate_key = k.pem\n
        [delta]\n2.5.29.27 = critical,ASN1:INTEGER:1\n
        [indirect]\nissuingDistributionPoint = critical,@point\n
        [point]\nindirectCRL = TRUE\n";
    put(folder.path(), "ca.conf", config);
    run(
        folder.path(),
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem \
         -subj /CN=ca -days 9 -out c.pem 2>/dev/null; : > index; echo 01 > number; \
         sed s/crlnumber/unread/ ca.conf > v1.conf",
    );
    let certificate = parse_pem(run(folder.path(), "cat c.pem").as_bytes()).unwrap();
    let issuers = [certificate.certificates[0].certificate.clone()];
    let now = OffsetDateTime::now_utc() + Duration::MINUTE;
    for (config, extensions, words) in [
        ("ca", "-crlexts delta", "it is a delta list"),
        ("ca", "-crlexts indirect", "it is an indirect list"),
        ("v1", "", "it is of version 1"),
    ] {
        let made = format!("openssl ca -config {config}.conf -gencrl {extensions} 2>err");
        let lists = read_revocation_lists(run(folder.path(), &made).as_bytes()).unwrap();
        let found = RevocationLists::select(lists, &issuers, now, StaleList::Refuse);
        let text = found.unwrap_err().to_string();
        assert!(text.contains(words), "{text}");
    }
}
