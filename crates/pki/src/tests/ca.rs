use std::collections::HashSet;

use super::*;
use crate::{
    LeafFacts,
    ca::{CA_VALIDITY, IssueError, KeyKind, LoadError},
};

fn issue(edit: impl FnOnce(&mut NodeRequest)) -> Result<Issued, IssueError> {
    let mut request = request();
    edit(&mut request);
    test_ca().issue(&request, NOW)
}

fn reload(ca: &Ca) -> KeyStore {
    parse_pem((ca.certificate_pem() + &ca.key_pem().unwrap()).as_bytes()).unwrap()
}

/// A folder with `ca.crt`, `node.crt` and `node.key`, and what was issued.
fn issued_files() -> (tempfile::TempDir, Issued) {
    issued_files_with(KeyKind::default())
}

fn issued_files_with(kind: KeyKind) -> (tempfile::TempDir, Issued) {
    let ca = test_ca();
    let issued = ca.issue_with(&request(), kind, NOW).unwrap();
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "ca.crt", &ca.certificate_pem());
    put(folder.path(), "node.crt", &issued.chain_pem());
    put(folder.path(), "node.key", &issued.key_pem());
    (folder, issued)
}

#[test]
fn openssl_accepts_the_certificate_for_both_ends_of_a_connection() {
    for kind in KeyKind::ALL {
        assert_accepted(kind);
    }
}

#[test]
fn a_certificate_of_rsa_is_for_key_exchange_as_well() {
    for (kind, words) in [
        (KeyKind::P384, "Digital Signature\n"),
        (KeyKind::Rsa3072, "Digital Signature, Key Encipherment\n"),
    ] {
        let (folder, issued) = issued_files_with(kind);
        let printed = run(folder.path(), "openssl x509 -in node.crt -noout -text");
        assert!(printed.contains(words), "{printed}");
        assert_eq!(kind.as_str().parse(), Ok(kind));
        let store = issued_store(&issued);
        assert!(crate::Identity::select(store, NOW).is_ok());
    }
    assert!("rsa:1024".parse::<KeyKind>().is_err());
}

fn assert_accepted(kind: KeyKind) {
    let (folder, _) = issued_files_with(kind);
    let at = NOW.unix_timestamp();
    for purpose in ["sslserver", "sslclient"] {
        let printed = run(
            folder.path(),
            &format!(
                "openssl verify -x509_strict -attime {at} -purpose {purpose} \
                 -verify_ip 10.0.0.1 -CAfile ca.crt node.crt"
            ),
        );
        assert_eq!(printed, "node.crt: OK\n");
    }
    run(
        folder.path(),
        "openssl pkey -in node.key -pubout > key.pub; openssl x509 -in node.crt -noout -pubkey > crt.pub; \
         cmp key.pub crt.pub",
    );
}

#[test]
fn the_nodes_certificate_says_what_was_asked_for() {
    let (folder, issued) = issued_files();
    let printed = run(folder.path(), "openssl x509 -in node.crt -noout -text");
    for expected in [
        "Version: 3 (0x2)",
        "Issuer: O = Test Cluster, CN = Ringlock CA Test Cluster ",
        "Not Before: Nov 22 11:00:00 2026 GMT",
        "Not After : Feb 20 12:00:00 2027 GMT",
        "Subject: O = Test Cluster, OU = dc1, CN = n1",
        "ASN1 OID: prime256v1",
        "X509v3 Authority Key Identifier:",
        "X509v3 Subject Key Identifier:",
        "IP Address:10.0.0.1, IP Address:FD00:0:0:0:0:0:0:1, DNS:n1.example, \
         URI:ringlock://Test%20Cluster/dc1/rack1/n1",
        "X509v3 Key Usage: critical\n                Digital Signature\n",
        "TLS Web Server Authentication, TLS Web Client Authentication",
        "X509v3 Basic Constraints: critical\n                CA:FALSE",
        "Signature Algorithm: ecdsa-with-SHA256",
    ] {
        assert!(printed.contains(expected), "{expected}\n{printed}");
    }
    assert!(!issued.cut_short);
}

#[test]
fn the_cas_certificate_may_issue_leaves_and_revocation_lists_only() {
    let (folder, _) = issued_files();
    let printed = run(folder.path(), "openssl x509 -in ca.crt -noout -text");
    for expected in [
        "Subject: O = Test Cluster, CN = Ringlock CA Test Cluster ",
        "Not Before: Nov 22 11:00:00 2026 GMT",
        "Not After : Nov 19 12:00:00 2036 GMT",
        "X509v3 Basic Constraints: critical\n                CA:TRUE, pathlen:0",
        "X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign",
        "X509v3 Subject Key Identifier:",
    ] {
        assert!(printed.contains(expected), "{expected}\n{printed}");
    }
}

#[test]
fn keytool_reads_the_certificate() {
    let (folder, issued) = issued_files();
    let printed = run(
        folder.path(),
        "keytool -J-Duser.language=en -printcert -file node.crt",
    );
    for expected in [
        "Owner: CN=n1, OU=dc1, O=Test Cluster",
        "Signature algorithm name: SHA256withECDSA",
        "Subject Public Key Algorithm: 256-bit EC (secp256r1) key",
        "IPAddress: 10.0.0.1",
        "DNSName: n1.example",
        "URIName: ringlock://Test%20Cluster/dc1/rack1/n1",
        "serverAuth",
        "clientAuth",
    ] {
        assert!(printed.contains(expected), "{expected}\n{printed}");
    }
    assert!(printed.contains(&format!("Serial number: {}", issued.leaf.serial)));
}

#[test]
fn a_ca_that_is_loaded_again_issues_what_its_first_certificate_verifies() {
    let ca = test_ca();
    let loaded = Ca::load(&reload(&ca)).unwrap();
    assert_eq!(loaded.cluster(), "Test Cluster");
    assert_eq!(loaded.certificate(), ca.certificate());
    assert_eq!(loaded.not_after(), ca.not_after());
    let issued = loaded.issue(&request(), NOW).unwrap();
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "ca.crt", &ca.certificate_pem());
    put(folder.path(), "node.crt", &issued.chain_pem());
    let at = NOW.unix_timestamp();
    run(
        folder.path(),
        &format!("openssl verify -x509_strict -attime {at} -CAfile ca.crt node.crt"),
    );
}

#[test]
fn every_generation_of_a_ca_has_a_name_of_its_own() {
    let subject = |ca: &Ca| LeafFacts::read(ca.certificate()).unwrap();
    let (one, other) = (subject(&test_ca()), subject(&test_ca()));
    assert_ne!(one.subject, other.subject);
    let expected = format!(
        "O=Test Cluster, CN=Ringlock CA Test Cluster {}",
        &one.serial[..8]
    );
    assert_eq!(one.subject, expected);
}

#[test]
fn a_long_cluster_name_is_whole_in_the_organization_and_cut_in_the_common_name() {
    let cluster = "ä".repeat(64);
    let ca = Ca::init(&cluster, CA_VALIDITY, NOW).unwrap();
    let subject = LeafFacts::read(ca.certificate()).unwrap().subject;
    let (organization, common_name) = subject.split_once(", CN=").unwrap();
    assert_eq!(organization, format!("O={cluster}"));
    assert_eq!(common_name.chars().count(), 64);
    assert_eq!(Ca::load(&reload(&ca)).unwrap().cluster(), cluster);
}

#[test]
fn serial_numbers_are_random_positive_and_of_128_bits() {
    let ca = test_ca();
    let serials: HashSet<String> = (0..64)
        .map(|_| ca.issue(&request(), NOW).unwrap().leaf.serial)
        .collect();
    assert_eq!(serials.len(), 64);
    for serial in &serials {
        assert_eq!(serial.len(), 32, "{serial}");
        assert!((b'4'..b'8').contains(&serial.as_bytes()[0]), "{serial}");
    }
}

#[test]
fn a_certificate_never_outlives_its_ca() {
    let ca = Ca::init("Test Cluster", Duration::days(30), NOW).unwrap();
    let issued = ca.issue(&request(), NOW).unwrap();
    assert_eq!(issued.leaf.not_after, ca.not_after());
    assert!(issued.cut_short);
}

#[test]
fn a_ca_whose_time_is_over_or_has_not_come_issues_nothing() {
    let ca = Ca::init("Test Cluster", Duration::DAY, NOW).unwrap();
    let at = |now| ca.issue(&request(), now).unwrap_err().to_string();
    assert_eq!(
        at(NOW + Duration::days(2)),
        "the CA expired at 2026-11-23T12:00:00Z; it is now 2026-11-24T12:00:00Z"
    );
    assert_eq!(
        at(NOW - Duration::days(2)),
        "the CA is not valid before 2026-11-22T11:00:00Z; it is now 2026-11-20T12:00:00Z; is this \
         machine's clock right?"
    );
}

#[test]
fn a_validity_of_nothing_or_of_ages_is_refused() {
    for validity in [
        Duration::ZERO,
        Duration::days(-1),
        Duration::days(4_000_000),
    ] {
        let expected = format!(
            "a validity of {validity} is impossible; it must be longer and end before the year 10000"
        );
        let error = Ca::init("a", validity, NOW).unwrap_err();
        assert_eq!(error.to_string(), expected);
        let error = issue(|request| request.validity = validity).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_node_of_another_cluster_gets_no_certificate() {
    let error = issue(|request| request.uri.cluster = "Other".into()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the CA is that of cluster \"Test Cluster\", not of \"Other\""
    );
}

#[test]
fn addresses_that_no_node_has_are_refused_and_the_others_stand_once_each() {
    let error = issue(|request| request.ips.clear()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no IP address; expected those at which peers see the node, at least one"
    );
    for (address, reason) in [
        (
            "0.0.0.0",
            "stands for every address; expected the one at which peers see the node",
        ),
        (
            "::",
            "stands for every address; expected the one at which peers see the node",
        ),
        (
            "::ffff:0.0.0.0",
            "stands for every address; expected the one at which peers see the node",
        ),
        (
            "255.255.255.255",
            "stands for many nodes; expected that of one",
        ),
        ("ff02::1", "stands for many nodes; expected that of one"),
    ] {
        let address: std::net::IpAddr = address.parse().unwrap();
        let error = issue(|request| request.ips.push(address)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the address {} {reason}", address.to_canonical())
        );
    }
    let issued = issue(|request| request.ips.push("::ffff:10.0.0.1".parse().unwrap())).unwrap();
    assert_eq!(issued.leaf.ips, request().ips);
}

#[test]
fn texts_that_are_no_dns_names_are_refused() {
    let letters = "is not letters, digits, hyphens and underscores between dots, at most 63 in a \
                   row and 253 in all";
    for (name, reason) in [
        ("", letters),
        ("a..b", letters),
        ("a.", letters),
        ("-a", letters),
        ("a b", letters),
        ("näme", letters),
        ("10.0.0.1", "is an IP address; give it as one"),
        (
            "*.example",
            "holds a wildcard, but a certificate is for one node",
        ),
    ] {
        let error = issue(|request| request.dns.push(name.into())).unwrap_err();
        assert_eq!(error.to_string(), format!("the DNS name {name:?} {reason}"));
    }
    let issued = issue(|request| request.dns = vec!["node_1".into(), "a-b.c".into()]).unwrap();
    assert_eq!(issued.leaf.dns, ["node_1", "a-b.c"]);
}

#[test]
fn names_that_do_not_fit_a_certificate_are_refused() {
    let long = "x".repeat(65);
    for (name, reason) in [
        ("", "is empty"),
        (
            long.as_str(),
            "has more than 64 characters, the most that a certificate's subject takes",
        ),
        ("a\nb", "holds a control character"),
        (" a", "begins or ends with a blank"),
    ] {
        let error = Ca::init(name, CA_VALIDITY, NOW).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the cluster name {name:?} {reason}")
        );
        let error = issue(|request| request.uri.datacenter = name.into()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the datacenter name {name:?} {reason}")
        );
        let error = issue(|request| request.uri.rack = name.into()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the rack name {name:?} {reason}")
        );
        let error = issue(|request| request.uri.node = name.into()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the node name {name:?} {reason}")
        );
    }
}

#[test]
fn a_store_that_holds_no_ca_of_ours_says_why() {
    let ca = test_ca();
    let error = |store: KeyStore| Ca::load(&store).unwrap_err().to_string();
    assert_eq!(
        error(KeyStore {
            keys: Vec::new(),
            ..reload(&ca)
        }),
        "there are 0 private keys and 1 certificates; expected one of each"
    );
    let foreign = Made::root("corporate root", |_| {});
    assert_eq!(
        error(foreign.store([&foreign])),
        "the certificate CN=corporate root was not made by `ringlock ca init`; nodes' certificates \
         of another CA are to be issued with that CA's own tools"
    );
    let subject = LeafFacts::read(ca.certificate()).unwrap().subject;
    assert_eq!(
        error(KeyStore {
            keys: reload(&test_ca()).keys,
            ..reload(&ca)
        }),
        format!("the private key does not belong to the certificate {subject}")
    );
    let named_alike = |params: &mut CertificateParams| {
        params
            .distinguished_name
            .push(DnType::OrganizationName, "a");
    };
    let leaf = foreign.sign("Ringlock CA a", named_alike);
    assert!(matches!(
        Ca::load(&leaf.store([&leaf])),
        Err(LoadError::Foreign { .. })
    ));
    let p384 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let other_kind = foreign.sign_key("Ringlock CA a", p384, |params| {
        named_alike(params);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    });
    assert_eq!(
        error(other_kind.store([&other_kind])),
        "the CA's private key is not ECDSA on P-256"
    );
}

#[test]
fn neither_a_ca_nor_what_it_issues_shows_a_key() {
    let ca = test_ca();
    let shown = format!("{ca:?} {:?}", ca.issue(&request(), NOW).unwrap());
    assert!(
        shown.contains("[elided]") && shown.contains("PrivateKey(PRIVATE KEY, ****)"),
        "{shown}"
    );
}
