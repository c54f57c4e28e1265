use super::*;
use crate::view::{CertificateView, EntryKind, assemble, entries, private_key_kind};
use ringlock_store::{CertificateEntry, KeyEntry};

fn entry(made: &Made, chain: &[&Made]) -> KeyEntry {
    KeyEntry {
        alias: Some("n1".to_owned()),
        created: Some(1_700_000_000_000),
        key: made.private_key(),
        chain: chain.iter().map(|it| it.der.clone()).collect(),
    }
}

fn one(entry: KeyEntry) -> crate::view::EntryView {
    let store = KeyStore {
        keys: vec![entry],
        ..KeyStore::default()
    };
    entries(&store).remove(0)
}

fn ca(params: &mut CertificateParams) {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
}

#[test]
fn an_issued_certificate_is_shown_with_all_that_it_says() {
    let issued = test_ca().issue(&request(), NOW).unwrap();
    let store = assemble(issued_store(&issued));
    let shown = entries(&store).remove(0);
    assert_eq!(shown.kind, EntryKind::PrivateKey);
    assert_eq!(shown.key.as_deref(), Some("ECDSA P-256"));
    assert_eq!(shown.key_matches, Some(true));
    assert_eq!(shown.chain_complete, Some(false));
    let problem = shown.chain_problem.unwrap();
    assert!(problem.ends_with("which is not in the file"), "{problem}");
    let certificate = shown.certificate.unwrap();
    assert_eq!(
        certificate.sans,
        [
            "IP:10.0.0.1",
            "IP:fd00::1",
            "DNS:n1.example",
            "URI:ringlock://Test%20Cluster/dc1/rack1/n1"
        ]
    );
    let eku = ["serverAuth", "clientAuth"].map(str::to_owned);
    assert_eq!(certificate.eku, Some(eku.to_vec()));
    assert_eq!(certificate.days_left(NOW), 90);
    assert!(!certificate.ca);
}

#[test]
fn days_are_counted_whole_and_fall_below_zero_after_the_end() {
    let made = Made::root("root", |_| {});
    let view = CertificateView::read(&made.der).unwrap();
    let at = |seconds| view.days_left(view.not_after + Duration::seconds(seconds));
    assert_eq!([at(-86_400), at(-86_399), at(0), at(1)], [1, 0, 0, -1]);
}

#[test]
fn a_chain_is_complete_at_a_root_and_each_flaw_is_named() {
    let root = Made::root("root", |_| {});
    let middle = root.sign("middle", ca);
    let leaf = middle.sign("leaf", |_| {});
    let stranger = Made::root("stranger", |_| {});
    let says = |chain: &[&Made]| {
        let view = one(entry(&leaf, chain));
        (view.chain_complete, view.chain_problem.unwrap_or_default())
    };
    assert_eq!(says(&[&leaf, &middle, &root]), (Some(true), String::new()));
    let (complete, problem) = says(&[&leaf, &root, &middle]);
    assert_eq!(complete, Some(true));
    assert!(problem.contains("out of order"), "{problem}");
    let (complete, problem) = says(&[&leaf, &middle, &root, &stranger]);
    assert_eq!(complete, Some(true));
    assert!(problem.contains("no part"), "{problem}");
    let (complete, problem) = says(&[&leaf, &middle]);
    assert_eq!(complete, Some(false));
    assert_eq!(problem, "it ends at CN=root, which is not in the file");
    let (complete, problem) = says(&[&leaf, &root]);
    assert_eq!(complete, Some(false));
    assert!(
        problem.starts_with("the issuer CN=middle is missing"),
        "{problem}"
    );
    let view = one(entry(&leaf, &[]));
    assert_eq!((view.key_matches, view.chain_complete), (None, None));
}

#[test]
fn two_cas_with_one_name_are_told_apart_by_their_signatures() {
    let (old, new) = (Made::root("ca", |_| {}), Made::root("ca", |_| {}));
    let leaf = new.sign("leaf", |_| {});
    let view = one(entry(&leaf, &[&leaf, &new]));
    assert_eq!(view.chain_complete, Some(true));
    let view = one(entry(&leaf, &[&leaf, &old]));
    assert_eq!(view.chain_complete, Some(false));
    assert_eq!(
        view.chain_problem.unwrap(),
        "a certificate of CN=ca is there, but its key did not sign CN=leaf"
    );
    let assembled = assemble(leaf.store([&old, &new, &leaf]));
    assert_eq!(assembled.keys[0].chain, [leaf.der.clone(), new.der.clone()]);
    assert_eq!(assembled.certificates, [CertificateEntry::from(old.der)]);
}

#[test]
fn an_anchor_in_the_same_store_completes_a_chain() {
    let root = Made::root("root", |_| {});
    let leaf = root.sign("leaf", |_| {});
    let mut store = KeyStore {
        keys: vec![entry(&leaf, &[&leaf])],
        certificates: vec![root.der.clone().into()],
        ..KeyStore::default()
    };
    assert_eq!(entries(&store)[0].chain_complete, Some(true));
    store.certificates[0].trusted = false;
    assert_eq!(entries(&store)[0].chain_complete, Some(false));
    assert_eq!(entries(&store)[1].kind, EntryKind::Certificate);
}

#[test]
fn a_key_of_another_certificate_is_seen() {
    let (a, b) = (Made::root("a", |_| {}), Made::root("b", |_| {}));
    assert_eq!(one(entry(&a, &[&b])).key_matches, Some(false));
    let store = assemble(a.store([&b]));
    let shown = entries(&store);
    assert_eq!(shown[0].key_matches, Some(false));
    assert_eq!(shown[1].kind, EntryKind::TrustedCertificate);
}

#[test]
fn keys_are_named_by_their_kind() {
    let folder = tempfile::tempdir().unwrap();
    for (made_by, name) in [
        ("-algorithm RSA -pkeyopt rsa_keygen_bits:3072", "RSA 3072"),
        (
            "-algorithm EC -pkeyopt ec_paramgen_curve:P-384",
            "ECDSA P-384",
        ),
        (
            "-algorithm EC -pkeyopt ec_paramgen_curve:P-521",
            "ECDSA P-521",
        ),
        ("-algorithm ED25519", "Ed25519"),
    ] {
        let script = format!(
            "openssl genpkey {made_by} -out k.pem 2>/dev/null
             openssl req -x509 -new -key k.pem -subj /CN=x -days 9 -out c.pem
             cat k.pem c.pem"
        );
        let pem = run(folder.path(), &script);
        let store = assemble(parse_pem(pem.as_bytes()).unwrap());
        let shown = entries(&store).remove(0);
        assert_eq!(private_key_kind(&store.keys[0].key).as_deref(), Some(name));
        assert_eq!(shown.certificate.unwrap().key, name);
        assert_eq!(shown.key_matches, Some(true));
        assert_eq!(shown.chain_complete, Some(true), "{name}");
    }
}
