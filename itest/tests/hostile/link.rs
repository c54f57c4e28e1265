//! Peers that are let in, and only then show what they are up to; and those who stand on a good
//! peer's path.

use std::io::Write as _;

use ringlock_itest::{HELLO, OrFail as _, Peer, retry_until};

use crate::{path::OnPath, scene::Scene};

#[test]
fn nobody_negotiates_a_second_time_in_tls_1_2() {
    let mut scene = Scene::new();
    let mut peer = talkative(&scene, "-tls1_2");
    peer.say("R");
    peer.await_end();
    scene.count_served();
    scene.assert_refused(&[(
        "session-broken",
        1,
        "a record is of a type that has no place here",
    )]);
}

#[test]
fn a_flood_of_key_updates_ends_the_link() {
    let mut scene = Scene::new();
    let mut peer = talkative(&scene, "-tls1_3");
    // OpenSSL looks at the first letter of what it reads at once.
    retry_until("the end of the flood", || (!peer.says("K")).then_some(()));
    peer.await_end();
    scene.count_served();
    scene.assert_refused(&[(
        "session-broken",
        1,
        "a record is of a type that has no place here",
    )]);
}

/// A peer with a link that takes OpenSSL's own orders.
fn talkative(scene: &Scene, version: &str) -> Peer {
    let mut peer = Peer::openssl_with_orders(scene.address, &scene.peer, &[version]);
    peer.say("are you there");
    while peer.hear() != "are you there" {}
    peer
}

#[test]
fn bytes_that_are_put_into_a_good_link_end_it_and_reach_nobody() {
    let garbage = b"\x47\x45\x54 / HTTP/1.1\r\n\r\n".to_vec();
    let oversized = [&[23, 3, 3, 0x41, 0x01][..], &vec![9; 0x4101]].concat();
    let forged = [&[23, 3, 3, 0, 40][..], &[9; 40]].concat();
    let in_clear = [&[22, 3, 3, 0, 4][..], &[0, 0, 0, 0]].concat();
    let change_cipher = vec![20, 3, 3, 0, 1, 1];
    let alert = vec![21, 3, 3, 0, 2, 1, 0];
    for version in ["-tls1_2", "-tls1_3"] {
        for (bytes, sentence) in [
            (&garbage, "a record cannot be decoded"),
            (&oversized, "a record is longer than the protocol allows"),
            (&forged, "a record was not sealed with the session's keys"),
            (&in_clear, ""),
            (&change_cipher, ""),
            // A goodbye that the peer never said.
            (&alert, ""),
            // Words of the databases' own.
            (&HELLO.to_vec(), ""),
        ] {
            let mut scene = Scene::new();
            let path = OnPath::before(scene.address, |hello| hello);
            let mut peer = Peer::openssl(path.address, Some(&scene.peer), &[version]);
            peer.expect_echo("before");
            let mut towards_agent = path.towards_agent();
            towards_agent.write_all(bytes).or_fail("putting words in");
            assert!(!peer.echoes("after"), "{version} {bytes:?}");
            scene.count_served();
            let sentence = format!("refused: the TLS session broke: {sentence}");
            scene.assert_refused(&[("session-broken", 1, &sentence)]);
        }
    }
}
