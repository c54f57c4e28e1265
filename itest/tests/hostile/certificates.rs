use std::{net::SocketAddr, path::Path};

use fs_err as fs;
use ringlock_itest::{
    Ending, HELLO, OrFail as _, Peer, Server, Site, await_ending, connect, testkit::pki::Issued,
};
use ringlock_model::Direction;

use crate::scene::Scene;

/// How many addresses a certificate may have without being longer than a handshake may be.
const MANY: usize = 3000;

#[test]
fn every_bad_certificate_is_refused_under_its_own_name_and_the_good_ones_are_not() {
    let scene = Scene::with(|site, config| {
        let other = site.issue_elsewhere("billing", "Billing");
        let both = [&config.identity.ca, &other.ca].map(|ca| read(ca));
        fs::write(site.path("both.crt"), both.concat()).or_fail("trusting both CAs");
        config.identity.ca = site.path("both.crt");
        let revoked = site.issue("revoked", &["127.0.0.1"]);
        let own = site.path("own.crl");
        site.revoke(&[&revoked.certificate], &own);
        let others = site.path("others.crl");
        site.revoke_elsewhere("billing", &[], &others);
        fs::write(site.path("lists.pem"), [read(&own), read(&others)].concat())
            .or_fail("writing the lists");
        config.encryption_lines.push(format!(
            "certficate_revocation_list: {}",
            site.path("lists.pem").display()
        ));
    });
    let site = &scene.site;
    let strangers = [
        site.issue_elsewhere("stranger", "Test Cluster"),
        Issued::in_dir(&site.path("billing")),
        Issued::in_dir(&site.path("revoked")),
        site.issue_expired("expired"),
        site.issue_not_yet_valid("early"),
        site.issue("n3", &["127.0.0.3", "10.0.0.3"]),
        site.issue_for_usages("server", Some("serverAuth")),
        site.issue_for_usages("coder", Some("codeSigning")),
    ];
    for version in ["-tls1_2", "-tls1_3"] {
        for stranger in &strangers {
            dial(scene.address, stranger, scene.peer.ca.as_path(), version).await_end();
        }
        Peer::openssl(scene.address, None, &[version]).await_end();
    }
    scene.assert_refused(&[
        ("no-certificate", 2, "the peer presented no certificate"),
        ("unknown-issuer", 2, "issued by a CA that the truststore does not hold"),
        ("wrong-cluster", 2, "is for cluster \"Billing\", this is cluster \"Test Cluster\""),
        ("revoked", 2, "was revoked by its CA"),
        ("expired", 2, "the peer's certificate expired on 2025-01-01T00:00:00Z"),
        ("not-yet-valid", 2, "is not valid before 2048-01-01T00:00:00Z; compare the clocks"),
        (
            "address-not-certified",
            2,
            "the peer's address 127.0.0.1 is not in its certificate, which holds 127.0.0.3, 10.0.0.3",
        ),
        ("wrong-purpose", 4, "must hold serverAuth and clientAuth"),
    ]);
}

#[test]
fn a_certificate_is_good_at_its_own_address_and_nowhere_else() {
    let scene = Scene::new();
    let elsewhere = scene.site.issue("n3", &["127.0.0.3"]);
    for from in ["127.0.0.1", "127.0.0.2", "127.7.0.3"] {
        dial(scene.address, &elsewhere, &elsewhere.ca, from).await_end();
    }
    // It may dial from there, but not say that it is 127.0.0.1.
    let mut thief = dial(scene.address, &elsewhere, &elsewhere.ca, "127.0.0.3");
    thief.await_end();
    scene.assert_refused(&[
        ("address-not-certified", 3, "which holds 127.0.0.3"),
        (
            "claims-another-address",
            1,
            "the peer claims to be 127.0.0.1, and its certificate, that of \
             ringlock://Test%20Cluster/dc1/r1/n3, holds 127.0.0.3",
        ),
    ]);
}

#[test]
fn a_peer_that_dials_needs_the_usage_of_a_client_or_none_at_all() {
    let mut scene = Scene::new();
    for (name, usages) in [("client", Some("clientAuth")), ("any", None)] {
        let identity = scene.site.issue_for_usages(name, usages);
        Peer::openssl(scene.address, Some(&identity), &[]).expect_echo("served");
        scene.count_served();
    }
    let server = scene.site.issue_for_usages("server", Some("serverAuth"));
    Peer::openssl(scene.address, Some(&server), &[]).await_end();
    scene.assert_refused(&[("wrong-purpose", 1, "must hold serverAuth and clientAuth")]);
}

#[test]
fn a_peer_that_is_dialled_needs_the_usage_of_a_server_or_none_at_all() {
    for (usages, is_good) in [
        (Some("serverAuth"), true),
        (None, true),
        (Some("clientAuth"), false),
        (Some("codeSigning"), false),
    ] {
        let site = Site::new();
        let identity = site.issue_for_usages("n2", usages);
        let log = site.path("s_server.log");
        let server = Server::start(&identity, &identity.ca, &[], &log);
        let (mut agent, address) = site.agent("n1", Direction::Outbound, server.address());
        let mut database = connect(address);
        std::io::Write::write_all(&mut database, &[&HELLO[..], b"\n"].concat())
            .or_fail("speaking as the database");
        if is_good {
            let mut back = [0; HELLO.len() + 1];
            std::io::Read::read_exact(&mut database, &mut back).or_fail("hearing the server");
            assert_eq!(back[HELLO.len() - 1], HELLO[0], "reversed");
        } else {
            assert_eq!(await_ending(&mut database), Ending::Reset);
            agent.await_refusals("wrong-purpose", 1, "must hold serverAuth and clientAuth");
        }
    }
}

#[test]
fn a_certificate_with_thousands_of_addresses_costs_little_and_fills_no_log() {
    let mut scene = Scene::new();
    let mut addresses: Vec<_> = (0..MANY)
        .map(|number| format!("10.1.{}.{}", number / 250, number % 250))
        .collect();
    let names: Vec<_> = addresses.iter().map(String::as_str).collect();
    let elsewhere = scene.site.issue("many-elsewhere", &names);
    Peer::openssl(scene.address, Some(&elsewhere), &[]).await_end();
    addresses.push("127.0.0.1".to_owned());
    let names: Vec<_> = addresses.iter().map(String::as_str).collect();
    let here = scene.site.issue("many-here", &names);
    Peer::openssl(scene.address, Some(&here), &[]).expect_echo("served");
    scene.count_served();
    let sentence = "is not in its certificate, which holds 10.1.0.0, 10.1.0.1, ";
    let line = scene
        .agent
        .await_line(&["refused", sentence, " and 2984 more"]);
    assert!(line.len() < 1000, "{line}");
    scene.assert_refused(&[("address-not-certified", 1, sentence)]);
}

#[test]
fn a_chain_that_never_ends_is_refused() {
    for version in ["-tls1_2", "-tls1_3"] {
        let scene = Scene::new();
        let chain = scene.site.path("chain.pem");
        fs::write(&chain, read(&scene.peer.ca).repeat(400)).or_fail("writing a chain");
        let chain = chain.display().to_string();
        Peer::openssl(
            scene.address,
            Some(&scene.peer),
            &[version, "-cert_chain", &chain],
        )
        .await_end();
        scene.assert_refused(&[(
            "handshake-failed",
            1,
            "the handshake failed: a malformed message: HandshakePayloadTooLarge",
        )]);
    }
}

#[test]
fn two_nodes_offer_no_compressed_certificates() {
    // An extension that is not offered cannot be used: a bomb in a compressed chain has no way in.
    const COMPRESS_CERTIFICATE: u16 = 27;
    let hello = crate::path::first_record(|address| {
        let site = Site::new();
        let (agent, dialled) = site.agent("n1", Direction::Outbound, address);
        let mut database = connect(dialled);
        std::io::Write::write_all(&mut database, &HELLO).or_fail("speaking as the database");
        (site, agent, database)
    });
    let offered = extensions(&hello);
    assert!(offered.contains(&43), "supported_versions in {offered:?}");
    assert!(!offered.contains(&COMPRESS_CERTIFICATE), "{offered:?}");
}

/// The numbers of the extensions of a `ClientHello` in its record (RFC 8446 §4.1.2).
fn extensions(record: &[u8]) -> Vec<u16> {
    let number = |at: usize| u16::from_be_bytes([record[at], record[at + 1]]);
    // Record header, message header, version, random.
    let mut at = 5 + 4 + 2 + 32;
    at += 1 + usize::from(record[at]);
    at += 2 + usize::from(number(at));
    at += 1 + usize::from(record[at]);
    at += 2;
    let mut found = Vec::new();
    while at + 4 <= record.len() {
        found.push(number(at));
        at += 4 + usize::from(number(at + 2));
    }
    found
}

/// A peer with this certificate that trusts that CA, whatever it has itself; the last is a
/// version's option or the address to dial from.
fn dial(address: SocketAddr, identity: &Issued, ca: &Path, how: &str) -> Peer {
    let identity = Issued {
        ca: ca.to_owned(),
        ..identity.clone()
    };
    if how.starts_with('-') {
        Peer::openssl(address, Some(&identity), &[how])
    } else {
        Peer::openssl(address, Some(&identity), &["-bind", &format!("{how}:0")])
    }
}

fn read(file: &Path) -> Vec<u8> {
    fs::read(file).or_fail("reading a file")
}
