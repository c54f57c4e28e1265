use proptest::prelude::*;
use rcgen::CustomExtension;

use super::*;
use crate::{LeafError, LeafFacts};

fn uri(text: &str) -> SanType {
    SanType::URI(text.try_into().unwrap())
}

fn read(edit: impl FnOnce(&mut CertificateParams)) -> Result<LeafFacts, LeafError> {
    LeafFacts::read(&Made::root("other", edit).der)
}

/// A subject alternative name extension with any content.
fn names(content: &[u8]) -> CustomExtension {
    let mut der = vec![0x30, u8::try_from(content.len()).unwrap()];
    der.extend(content);
    CustomExtension::from_oid_content(&[2, 5, 29, 17], der)
}

#[test]
fn every_fact_of_a_node_certificate_is_read() {
    let issued = test_ca().issue(&request(), NOW).unwrap();
    let facts = LeafFacts::read(&issued.certificate).unwrap();
    assert_eq!(facts, issued.leaf);
    assert_eq!(facts.subject, "O=Test Cluster, OU=dc1, CN=n1");
    assert_eq!(facts.uri, Some(node_uri("n1")));
    assert_eq!(facts.uris, [node_uri("n1").to_string()]);
    assert_eq!(facts.ips, request().ips);
    assert_eq!(facts.dns, ["n1.example"]);
    assert_eq!(facts.not_before, datetime!(2026-11-22 11:00:00 UTC));
    assert_eq!(facts.not_after, datetime!(2027-02-20 12:00:00 UTC));
    assert_eq!(
        facts.name().to_string(),
        "ringlock://Test%20Cluster/dc1/rack1/n1"
    );
}

#[test]
fn serial_and_fingerprint_are_those_that_openssl_prints() {
    let folder = tempfile::tempdir().unwrap();
    let issued = test_ca().issue(&request(), NOW).unwrap();
    put(folder.path(), "crt", &issued.chain_pem());
    let printed = run(
        folder.path(),
        "openssl x509 -in crt -noout -serial -fingerprint -sha256",
    );
    let printed = printed.to_lowercase().replace(':', "");
    assert_eq!(
        printed.trim_end(),
        format!(
            "serial={}\nsha256 fingerprint={}",
            issued.leaf.serial, issued.leaf.sha256
        )
    );
}

#[test]
fn a_certificate_of_another_ca_is_named_by_its_subject() {
    let facts = read(|params| {
        params.subject_alt_names = vec![uri("spiffe://trust/node"), uri("ring://a")];
        params.serial_number = Some(SerialNumber::from(0));
    })
    .unwrap();
    assert_eq!(facts.uris, ["spiffe://trust/node", "ring://a"]);
    assert_eq!((facts.uri.clone(), facts.serial.as_str()), (None, "0"));
    assert_eq!(facts.name().to_string(), "CN=other");
    assert!(facts.ips.is_empty() && facts.dns.is_empty());
}

#[test]
fn a_mapped_ipv4_address_counts_as_ipv4_on_either_side() {
    let facts = read(|params| {
        params.subject_alt_names = vec![SanType::IpAddress("::ffff:10.0.0.9".parse().unwrap())];
    })
    .unwrap();
    assert_eq!(facts.ips, ["10.0.0.9".parse::<std::net::IpAddr>().unwrap()]);
    assert!(facts.covers("10.0.0.9".parse().unwrap()));
    assert!(facts.covers("::ffff:10.0.0.9".parse().unwrap()));
    assert!(!facts.covers("10.0.0.8".parse().unwrap()));
}

#[test]
fn a_broken_node_uri_is_an_error_whatever_its_case() {
    for (text, expected) in [
        (
            "ringlock://a/b/c",
            "\"ringlock://a/b/c\" is not ringlock://CLUSTER/DATACENTER/RACK/NODE",
        ),
        (
            "RingLock://a/b/c/d",
            "\"RingLock://a/b/c/d\" does not begin with \"ringlock://\"",
        ),
        (
            "ringlock:a\n",
            "\"ringlock:a\\n\" does not begin with \"ringlock://\"",
        ),
    ] {
        let error = read(|params| params.subject_alt_names.push(uri(text))).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the certificate CN=other has a broken node URI: {expected}")
        );
    }
}

#[test]
fn a_certificate_of_two_nodes_is_an_error() {
    let error = read(|params| {
        params.subject_alt_names = vec![uri("ringlock://a/b/c/d"), uri("ringlock://a/b/c/e")];
    })
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the certificate CN=other names two nodes: ringlock://a/b/c/d and ringlock://a/b/c/e"
    );
}

#[test]
fn an_address_of_a_strange_length_is_an_error() {
    let error = read(|params| {
        params.subject_alt_names.clear();
        params.custom_extensions = vec![names(&[0x87, 5, 1, 2, 3, 4, 5])];
    })
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the certificate CN=other has an IP address of 5 bytes; expected 4 or 16"
    );
}

#[test]
fn names_that_are_no_text_and_extensions_given_twice_are_errors() {
    let error = read(|params| {
        params.subject_alt_names.clear();
        params.custom_extensions = vec![names(&[0x82, 2, 0xFF, 0xFF])];
    })
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the certificate CN=other has a subject alternative name that cannot be read"
    );
    let error =
        read(|params| params.custom_extensions = vec![names(&[0x82, 1, b'a'])]).unwrap_err();
    assert!(
        matches!(
            error,
            LeafError::Extension { .. } | LeafError::Unreadable { .. }
        ),
        "{error}"
    );
}

#[test]
fn a_name_cannot_write_lines_colours_or_floods_into_a_log() {
    let facts = LeafFacts::read(&Made::root("a\nb\u{1b}[31m\u{202e}\"c\"", |_| {}).der).unwrap();
    assert_eq!(facts.subject, "CN=a\\nb\\u{1b}[31m\\u{202e}\"c\"");
    let facts = LeafFacts::read(&Made::root(&"x".repeat(5000), |_| {}).der).unwrap();
    assert_eq!(facts.subject.chars().count(), 201);
    let facts = read(|params| {
        params.subject_alt_names = vec![SanType::DnsName("a\r\nb".try_into().unwrap())];
    })
    .unwrap();
    assert_eq!(facts.dns, ["a\\r\\nb"]);
}

#[test]
fn bytes_that_are_no_certificate_or_are_followed_by_others_are_errors() {
    assert!(matches!(
        LeafFacts::read(b""),
        Err(LeafError::Unreadable { .. })
    ));
    let mut der = Made::root("a", |_| {}).der.to_vec();
    der.push(0);
    assert_eq!(
        LeafFacts::read(&der).unwrap_err().to_string(),
        "the certificate cannot be read: bytes follow it"
    );
}

#[test]
fn no_truncation_of_a_certificate_is_read() {
    let der = test_ca().issue(&request(), NOW).unwrap().certificate;
    for length in 0..der.len() {
        assert!(LeafFacts::read(&der[..length]).is_err(), "{length}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn no_changed_bytes_make_the_reader_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        static DER: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
            test_ca().issue(&request(), NOW).unwrap().certificate.to_vec()
        });
        let mut der = DER.clone();
        for (at, value) in changes {
            let at = at.index(der.len());
            der[at] = value;
        }
        let _ = LeafFacts::read(&der);
        let certificates = vec![rustls_pki_types::CertificateDer::from(der).into()];
        let store = KeyStore { certificates, ..KeyStore::default() };
        let _ = crate::Trust::select(&store, NOW);
    }
}
