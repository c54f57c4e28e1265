use rustls::version::{TLS12, TLS13};

use super::*;

const TLS13_SUITES: [&str; 3] = [
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
];

#[test]
fn two_nodes_agree_on_tls_1_3_with_a_post_quantum_group() {
    let pair = Pair::of_one_cluster();
    for session in [&pair.client, &pair.server] {
        let facts = session.facts().unwrap();
        assert_eq!(facts.version, "TLSv1.3");
        assert_eq!(facts.key_exchange.to_string(), "X25519MLKEM768");
        assert!(TLS13_SUITES.contains(&&*facts.suite), "{}", facts.suite);
        assert!(!facts.resumed);
        assert_eq!(facts.identity, None);
    }
    assert_eq!(pair.client.facts(), pair.server.facts());
}

#[test]
fn each_side_knows_the_others_certificate() {
    for engine in ENGINES {
        let cluster = Cluster::with(engine);
        let (client, server) = cluster.nodes(STRICT);
        let pair = Pair::new(&client, &server);
        let seen = |session: &Session| {
            let der = session.peer_certificate().unwrap();
            ringlock_pki::LeafFacts::read(der).unwrap()
        };
        assert_eq!(seen(&pair.client), *server.leaf());
        assert_eq!(seen(&pair.server), *client.leaf());
    }
}

#[test]
fn a_peer_that_was_not_asked_for_a_certificate_has_none() {
    for engine in ENGINES {
        let cluster = Cluster::with(engine);
        let (client, server) = cluster.nodes(LENIENT);
        let pair = Pair::new(&client, &server);
        assert!(pair.server.peer_certificate().is_none());
        assert!(pair.client.peer_certificate().is_some());
    }
}

#[test]
fn only_what_is_on_offer_is_agreed_on() {
    const ECDSA_AES_256: u16 = 0xC02C;
    let cluster = Cluster::new();
    let identity = cluster.identity(CLIENT, NODE_VALIDITY);
    let offer = Offer {
        versions: vec![Version::Tls12],
        suites: vec![ECDSA_AES_256],
        ..Offer::default()
    };
    let client = TlsState::build(&identity, &cluster.trust(), STRICT, &offer).unwrap();
    assert_eq!(client.protocols(), ["TLSv1.2"]);
    let pair = Pair::new(&client, &cluster.node(SERVER, STRICT));
    let facts = pair.server.facts().unwrap();
    assert_eq!(facts.version, "TLSv1.2");
    assert_eq!(facts.suite, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
}

#[test]
fn what_fips_allows_is_agreed_on_and_the_build_says_whose_module_does_it() {
    let cluster = Cluster::new();
    let node = |address, versions: &[Version]| {
        let offer = Offer {
            versions: versions.to_vec(),
            fips: true,
            ..Offer::default()
        };
        let identity = cluster.identity(address, NODE_VALIDITY);
        TlsState::build(&identity, &cluster.trust(), STRICT, &offer).unwrap()
    };
    let client = node(CLIENT, &[]);
    assert_eq!(client.is_fips(), cfg!(feature = "fips"));
    let anybody = cluster.node(SERVER, STRICT);
    for client in [client, node(CLIENT, &[Version::Tls12])] {
        let mut pair = Pair::new(&client, &anybody);
        let facts = pair.client.facts().unwrap();
        assert!(facts.suite.contains("AES"), "{facts:?}");
        assert_ne!(facts.key_exchange.to_string(), "X25519");
        pair.talk();
    }
}

#[test]
fn an_offer_of_nothing_that_can_be_carried_out_makes_no_state() {
    const RC4: u16 = 0x0005;
    const STATIC_RSA: u16 = 0x0035;
    let cluster = Cluster::new();
    let identity = cluster.identity(CLIENT, NODE_VALIDITY);
    for (versions, suite) in [(vec![], RC4), (vec![Version::Tls13], STATIC_RSA)] {
        let offer = Offer {
            versions,
            suites: vec![suite],
            ..Offer::default()
        };
        let refused = TlsState::build(&identity, &cluster.trust(), STRICT, &offer);
        assert!(matches!(refused, Err(crate::BuildError::NothingOnOffer)));
    }
}

#[test]
fn a_peer_with_tls_1_2_alone_is_served_with_it() {
    let cluster = Cluster::new();
    let identity = cluster.identity(CLIENT, NODE_VALIDITY);
    let mut peer = Raw::client(cluster.raw_client(Some(&identity), &[&TLS12]));
    let mut session = cluster.node(SERVER, STRICT).accept().unwrap();
    peer.meet(&mut session).unwrap();
    let facts = session.facts().unwrap();
    assert_eq!(facts.version, "TLSv1.2");
    assert!(
        facts.suite.starts_with("TLS_ECDHE_ECDSA_WITH_"),
        "{}",
        facts.suite
    );
    assert_eq!(peer.give(&seal(&mut session, b"ping")), b"ping");
    let records = peer.seal(b"pong");
    assert_eq!(receive(&mut session, &records).unwrap().plaintext, b"pong");
}

#[test]
fn a_handshake_that_arrives_byte_by_byte_comes_to_the_same_end() {
    for engine in ENGINES {
        let (client, server) = Cluster::with(engine).nodes(STRICT);
        let mut sessions = [client.dial(SERVER).unwrap(), server.accept().unwrap()];
        let mut ends = [Handshake::NeedsBytes; 2];
        let mut flight = Vec::new();
        sessions[0].handshake(&mut Vec::new(), &mut flight).unwrap();
        let mut turns = [1, 0].into_iter().cycle();
        while let Some(turn) = turns.next()
            && ends[turn] == Handshake::NeedsBytes
        {
            (ends[turn], flight) = drip(&mut sessions[turn], &flight);
        }
        assert_eq!(ends, [Handshake::Done; 2]);
        let [mut client, server] = sessions;
        receive(&mut client, &flight).unwrap();
        Pair { client, server }.talk();
    }
}

/// Feeds a flight to a session one byte at a time.
fn drip(session: &mut Session, flight: &[u8]) -> (Handshake, Vec<u8>) {
    let (mut incoming, mut outgoing) = (Vec::new(), Vec::new());
    let mut end = Handshake::NeedsBytes;
    for byte in flight {
        assert_eq!(end, Handshake::NeedsBytes, "bytes are left over");
        incoming.push(*byte);
        end = session.handshake(&mut incoming, &mut outgoing).unwrap();
    }
    (end, outgoing)
}

/// A session that is done, its peer that is not, and what the peer has yet to read: of a client's
/// in TLS 1.3, and of a server's in TLS 1.2.
fn one_done(engine: Engine) -> (Session, Session, Vec<u8>) {
    let (client, server) = Cluster::with(engine).nodes(STRICT);
    let (mut one, mut other) = (client.dial(SERVER).unwrap(), server.accept().unwrap());
    let mut flight = Vec::new();
    loop {
        let mut answer = Vec::new();
        let end = one.handshake(&mut flight, &mut answer).unwrap();
        if end == Handshake::Done {
            return (one, other, answer);
        }
        std::mem::swap(&mut one, &mut other);
        flight = answer;
    }
}

#[test]
fn bytes_that_come_with_the_end_of_the_handshake_are_not_lost() {
    for engine in ENGINES {
        for length in [1, 100, 16_384, 50_000] {
            let (mut client, mut server, mut flight) = one_done(engine);
            let sent: Vec<u8> = (0..length).map(|at: u32| at.to_le_bytes()[0]).collect();
            flight.extend(seal(&mut client, &sent));
            let mut outgoing = Vec::new();
            let end = server.handshake(&mut flight, &mut outgoing).unwrap();
            assert_eq!(end, Handshake::Done);
            assert!(flight.is_empty());
            let early = server.open_early(&mut outgoing).unwrap().plaintext;
            assert!(early == sent, "{length} bytes became {}", early.len());
            assert_eq!(receive(&mut client, &outgoing).unwrap().plaintext, b"");
            Pair { client, server }.talk();
        }
    }
}

#[test]
fn a_stream_that_comes_whole_with_the_end_of_the_handshake_has_ended() {
    for engine in ENGINES {
        for length in [0, 1, 16_384, 50_000] {
            let (mut client, mut server, mut flight) = one_done(engine);
            let sent = vec![7; length];
            flight.extend(seal(&mut client, &sent));
            flight.extend(close(&mut client));
            let mut outgoing = Vec::new();
            let end = server.handshake(&mut flight, &mut outgoing).unwrap();
            assert_eq!(end, Handshake::Done);
            let early = server.open_early(&mut outgoing).unwrap();
            assert!(early.plaintext == sent && early.ended, "{length} bytes");
            // The other direction is still open.
            outgoing.extend(seal(&mut server, b"answer"));
            assert_eq!(
                receive(&mut client, &outgoing).unwrap().plaintext,
                b"answer"
            );
        }
    }
}

#[test]
fn bytes_that_are_cut_anywhere_behind_the_handshake_go_on_where_they_were_cut() {
    for engine in ENGINES {
        let sent = b"the first message of the internode protocol";
        let records = {
            let (mut client, ..) = one_done(engine);
            seal(&mut client, sent).len()
        };
        for cut in 0..records {
            let (mut client, mut server, mut flight) = one_done(engine);
            let mut rest = seal(&mut client, sent);
            flight.extend(rest.drain(..cut));
            let mut outgoing = Vec::new();
            let end = server.handshake(&mut flight, &mut outgoing).unwrap();
            assert_eq!(end, Handshake::Done);
            assert_eq!(server.open_early(&mut outgoing).unwrap(), Early::default());
            assert_eq!(server.carried().len(), cut);
            // The database may speak before the rest has come.
            outgoing.extend(seal(&mut server, b"hello"));
            assert_eq!(receive(&mut client, &outgoing).unwrap().plaintext, b"hello");
            assert_eq!(receive(&mut server, &rest).unwrap().plaintext, sent);
        }
    }
}

#[test]
fn without_early_bytes_there_is_nothing_to_open() {
    for engine in ENGINES {
        let (_, mut server, mut flight) = one_done(engine);
        let mut outgoing = Vec::new();
        server.handshake(&mut flight, &mut outgoing).unwrap();
        let tickets = outgoing.clone();
        assert_eq!(server.open_early(&mut outgoing).unwrap(), Early::default());
        assert_eq!(outgoing, tickets);
    }
}

#[test]
fn a_server_that_speaks_before_it_has_heard_the_end_is_understood() {
    let cluster = Cluster::new();
    // No certificate is asked of the client, since a server that asks waits for it (RFC 8446 §4.4.2).
    let mut config = cluster.raw_server(false);
    config.send_half_rtt_data = true;
    let mut peer = Raw::server(config);
    let mut session = cluster.node(CLIENT, STRICT).dial(SERVER).unwrap();
    let (mut incoming, mut outgoing) = (Vec::new(), Vec::new());
    session.handshake(&mut incoming, &mut outgoing).unwrap();
    peer.give(&outgoing);
    outgoing.clear();
    incoming.extend(peer.seal(b"half"));
    incoming.extend(peer.seal(b" a round trip"));
    let end = session.handshake(&mut incoming, &mut outgoing).unwrap();
    assert_eq!(end, Handshake::Done);
    let early = session.open_early(&mut outgoing).unwrap().plaintext;
    assert_eq!(early, b"half a round trip");
    peer.give(&outgoing);
    assert_eq!(peer.give(&seal(&mut session, b"ping")), b"ping");
}

#[test]
fn a_raw_peer_of_either_version_is_a_peer_like_ours() {
    let cluster = Cluster::new();
    let identity = cluster.identity(CLIENT, NODE_VALIDITY);
    for version in [&TLS13, &TLS12] {
        let mut peer = Raw::client(cluster.raw_client(Some(&identity), &[version]));
        let mut session = cluster.node(SERVER, STRICT).accept().unwrap();
        peer.meet(&mut session).unwrap();
        let shown = session.peer_certificate().unwrap();
        assert_eq!(shown, &identity.chain[0]);
    }
}
