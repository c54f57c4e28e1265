use std::io::{self, Read as _, Write as _};

use ringlock_itest::{
    Database, Ending, HELLO, OrFail as _, Peer, Site, await_ending, connect, free_address,
    testkit::agent::{AgentConfig, Interception, Listener},
};
use ringlock_model::{Direction, Mode};

use crate::{path::OnPath, scene::Scene};

#[test]
fn versions_of_before_tls_1_2_have_nothing_in_common_with_an_agent() {
    let scene = Scene::new();
    for version in ["-tls1", "-tls1_1"] {
        let old = [version, "-cipher", "ALL:@SECLEVEL=0"];
        Peer::openssl(scene.address, Some(&scene.peer), &old).await_end();
    }
    let sentence = "the peer and this node have no TLS version, suite or group in common";
    scene.assert_refused(&[("nothing-in-common", 2, sentence)]);
}

#[test]
fn a_peer_that_falls_back_learns_that_it_need_not_have() {
    let falling = ["-tls1_2", "-fallback_scsv"];
    let scene = Scene::new();
    // The agent's random number says that it has TLS 1.3 (RFC 8446 §4.1.3).
    Peer::openssl(scene.address, Some(&scene.peer), &falling).await_end();
    let sentence = "the peer refused this node with the TLS alert illegal_parameter";
    scene.assert_refused(&[("refused-by-peer", 1, sentence)]);

    let scene = Scene::with(|_, config| only_tls13(config));
    Peer::openssl(scene.address, Some(&scene.peer), &falling).await_end();
    let sentence = "the peer and this node have no TLS version, suite or group in common";
    scene.assert_refused(&[("nothing-in-common", 1, sentence)]);
}

fn only_tls13(config: &mut AgentConfig) {
    let line = "accepted_protocols: [TLSv1.3]".to_owned();
    config.encryption_lines.push(line);
}

#[test]
fn two_agents_notice_that_their_versions_were_taken_out_of_the_first_message() {
    let scene = Scene::new();
    // `supported_versions` becomes an extension that nobody knows; what is left is TLS 1.2.
    let path = OnPath::before(scene.address, |hello| {
        replace(
            hello,
            &[0, 43, 0, 5, 4, 3, 4, 3, 3],
            &[0xfa, 0xfa, 0, 5, 4, 3, 4, 3, 3],
        )
    });
    assert_eq!(
        dial_through(&scene.site, &path, "handshake-failed"),
        Ending::Reset
    );
    let sentence = "the peer refused this node with the TLS alert illegal_parameter";
    scene.assert_refused(&[("refused-by-peer", 1, sentence)]);
}

#[test]
fn two_agents_notice_that_their_first_message_was_altered() {
    let scene = Scene::new();
    // The list of versions is reversed in its order of preference, which changes no outcome.
    let path = OnPath::before(scene.address, |hello| {
        replace(
            hello,
            &[0, 43, 0, 5, 4, 3, 4, 3, 3],
            &[0, 43, 0, 5, 4, 3, 3, 3, 4],
        )
    });
    assert_eq!(
        dial_through(&scene.site, &path, "handshake-failed"),
        Ending::Reset
    );
    let sentence = "the handshake failed: cannot decrypt peer's message";
    scene.assert_refused(&[("handshake-failed", 1, sentence)]);
}

/// How the database sees it end that dials through an agent and that path, and for what the agent
/// refuses the peer.
fn dial_through(site: &Site, path: &OnPath, code: &str) -> Ending {
    let identity = site.issue("n9", &["127.0.0.1"]);
    let (mut config, address) = site.config("n9", Direction::Outbound, path.address, &identity);
    config.interception = Interception::Listen(vec![Listener {
        address,
        target: path.address,
        direction: Direction::Outbound,
    }]);
    let mut agent = site.start("n9", &config);
    let mut database = connect(address);
    database
        .write_all(&HELLO)
        .or_fail("speaking as the database");
    let ending = await_ending(&mut database);
    agent.await_refusals(code, 1, "the handshake failed: ");
    ending
}

fn replace(mut bytes: Vec<u8>, old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut places = bytes.windows(old.len());
    let place = places.position(|window| window == old);
    let place = place.or_fail("finding what is to be altered");
    bytes[place..place + new.len()].copy_from_slice(new);
    bytes
}

#[test]
fn a_peer_that_spoils_the_handshake_is_not_dialled_in_plaintext() {
    let server_hello = [&[2, 0, 0, 38, 3, 2][..], &[7; 32], &[0, 0xc0, 0x13, 0]].concat();
    for (kind, answer, code) in [
        // A message that says that it is 16 MB long.
        (22, vec![2, 0xff, 0xff, 0xff], "handshake-failed"),
        // TLS 1.1, which was not offered.
        (22, server_hello, "nothing-in-common"),
        // `handshake_failure`.
        (21, vec![2, 40], "refused-by-peer"),
    ] {
        let length = u8::try_from(answer.len()).or_fail("writing a length");
        let record = [&[kind, 3, 3, 0, length][..], &answer].concat();
        let server = Database::serve(free_address(), move |mut stream| {
            stream.read_exact(&mut [0; 5])?;
            stream.write_all(&record)?;
            io::copy(&mut stream, &mut io::sink()).map(drop)
        });
        let site = Site::new();
        let identity = site.issue("n1", &["127.0.0.1"]);
        let (mut config, address) =
            site.config("n1", Direction::Outbound, server.address(), &identity);
        config.mode = Mode::TRANSITIONAL;
        let mut agent = site.start("n1", &config);
        let mut database = connect(address);
        database
            .write_all(&HELLO)
            .or_fail("speaking as the database");
        assert_eq!(await_ending(&mut database), Ending::Reset);
        agent.await_refusals(code, 1, "refused: ");
        assert_eq!(server.accepted(), 1);
    }
}
