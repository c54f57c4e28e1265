//! Keys that change, or may not protect any more.

use rustls::{
    SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite,
    crypto::{CipherSuiteCommon, aws_lc_rs::cipher_suite},
};

use super::{super::MAX_RECORD, *};
use crate::record::RecordError;

/// A session and a raw peer in the roles given, with the handshake behind them.
fn session_and_peer(session_dials: bool) -> (Session, Raw) {
    let cluster = Cluster::new();
    let (mut session, mut peer) = if session_dials {
        let session = cluster.node(CLIENT, STRICT).dial(SERVER).unwrap();
        (session, Raw::server(cluster.raw_server(true)))
    } else {
        let session = cluster.node(SERVER, STRICT).accept().unwrap();
        let identity = cluster.identity(CLIENT, NODE_VALIDITY);
        let config = cluster.raw_client(Some(&identity), rustls::ALL_VERSIONS);
        (session, Raw::client(config))
    };
    peer.meet(&mut session).unwrap();
    (session, peer)
}

#[test]
fn a_peer_may_change_its_keys_at_any_time_and_gets_new_ones_in_return() {
    for session_dials in [true, false] {
        let (mut session, mut peer) = session_and_peer(session_dials);
        for _ in 0..3 {
            peer.0.refresh_traffic_keys().unwrap();
            let records = peer.seal(b"under new keys");
            let received = receive(&mut session, &records).unwrap();
            assert_eq!(received.plaintext, b"under new keys");
            assert_eq!(peer.give(&received.outgoing), b"");
            assert_eq!(peer.give(&seal(&mut session, b"answer")), b"answer");
            assert_eq!(peer.give(&seal(&mut session, b"and on")), b"and on");
        }
    }
}

#[test]
fn a_key_update_that_is_torn_like_any_other_record_changes_the_keys() {
    let (mut session, mut peer) = session_and_peer(false);
    let mut stream = peer.seal(b"before ");
    peer.0.refresh_traffic_keys().unwrap();
    stream.extend(peer.seal(b"after"));
    let mut opened = Vec::new();
    for byte in stream {
        let received = receive(&mut session, &[byte]).unwrap();
        opened.extend(received.plaintext);
        assert_eq!(peer.give(&received.outgoing), b"");
    }
    assert_eq!(opened, b"before after");
    assert_eq!(peer.give(&seal(&mut session, b"answer")), b"answer");
}

#[test]
fn a_session_may_end_right_after_a_key_update() {
    let (mut session, mut peer) = session_and_peer(true);
    peer.0.refresh_traffic_keys().unwrap();
    let update = peer.taken();
    let received = receive(&mut session, &update).unwrap();
    assert_eq!(received.plaintext, b"");
    assert_eq!(peer.give(&received.outgoing), b"");
    assert_eq!(peer.give(&close(&mut session)), b"");
    let ended = std::io::Read::read(&mut peer.0.reader(), &mut [0; 1]);
    assert_eq!(ended.unwrap(), 0);
}

#[test]
fn more_key_updates_than_anybody_needs_break_the_session_unless_data_comes_between() {
    const MOST: usize = 32;
    let (mut session, mut peer) = session_and_peer(false);
    let update = |peer: &mut Raw| {
        peer.0.refresh_traffic_keys().unwrap();
        peer.taken()
    };
    for _ in 0..3 {
        for _ in 0..MOST {
            receive(&mut session, &update(&mut peer)).unwrap();
        }
        let received = receive(&mut session, &peer.seal(b"data")).unwrap();
        assert_eq!(received.plaintext, b"data");
    }
    for _ in 0..MOST {
        receive(&mut session, &update(&mut peer)).unwrap();
    }
    let broken = receive(&mut session, &update(&mut peer));
    assert!(matches!(
        broken,
        Err(SessionError::Record(RecordError::Unexpected))
    ));
}

/// As many records as the suites below protect with one key.
const LIMIT: u64 = 16;

/// A session that dials and may protect only [`LIMIT`] records with one key, and its peer.
fn short_lived(suite: SupportedCipherSuite) -> (Session, Raw) {
    let cluster = Cluster::new();
    let identity = cluster.identity(CLIENT, NODE_VALIDITY);
    let mut provider = suites::provider(&Offer::default());
    provider.cipher_suites = vec![suite];
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[suite.version()])
        .unwrap()
        .with_root_certificates(cluster.roots())
        .with_client_auth_cert(identity.chain.clone(), private(&identity))
        .unwrap();
    config.enable_secret_extraction = true;
    let mut session = Session::client(Arc::new(config), ServerName::from(SERVER)).unwrap();
    let mut peer = Raw::server(cluster.raw_server(true));
    peer.meet(&mut session).unwrap();
    (session, peer)
}

fn limited(common: &CipherSuiteCommon) -> CipherSuiteCommon {
    CipherSuiteCommon {
        suite: common.suite,
        hash_provider: common.hash_provider,
        confidentiality_limit: LIMIT,
    }
}

/// A suite of TLS 1.3 whose keys are used up after [`LIMIT`] records.
fn limited_tls13() -> SupportedCipherSuite {
    let SupportedCipherSuite::Tls13(suite) = cipher_suite::TLS13_AES_128_GCM_SHA256 else {
        panic!("not a suite of TLS 1.3");
    };
    SupportedCipherSuite::Tls13(Box::leak(Box::new(Tls13CipherSuite {
        common: limited(&suite.common),
        ..*suite
    })))
}

#[test]
fn a_session_changes_its_keys_by_itself_before_they_have_protected_too_much() {
    let (mut session, mut peer) = short_lived(limited_tls13());
    let mut grew = 0;
    for _ in 0..4 * LIMIT {
        let records = seal(&mut session, b"message");
        grew += usize::from(records.len() > 5 + 7 + 1 + 16);
        assert_eq!(peer.give(&records), b"message");
        let answer = peer.seal(b"answer");
        assert_eq!(receive(&mut session, &answer).unwrap().plaintext, b"answer");
    }
    assert!(grew >= 2, "{grew} key updates were sent");
}

#[test]
fn a_key_that_is_refreshed_in_time_never_protects_too_much() {
    let (mut session, mut peer) = short_lived(limited_tls13());
    let mut announced = 0;
    for _ in 0..4 * LIMIT {
        let mut records = Vec::new();
        session.refresh_key(7, &mut records).unwrap();
        announced += usize::from(!records.is_empty());
        let mut buffer = vec![0; sealed_size(MAX_RECORD)];
        let slot = session.slots(&mut buffer).unwrap().next().unwrap();
        slot[..7].copy_from_slice(b"message");
        let sealed = session.seal_slots(&mut buffer, 7).unwrap();
        records.extend(&buffer[..sealed]);
        assert_eq!(peer.give(&records), b"message");
    }
    assert!(announced >= 2, "{announced} key updates were sent");
}

#[test]
fn a_tls_1_2_session_whose_keys_are_used_up_refuses_to_go_on() {
    let SupportedCipherSuite::Tls12(suite) = cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    else {
        panic!("not a suite of TLS 1.2");
    };
    let suite = Box::leak(Box::new(Tls12CipherSuite {
        common: limited(&suite.common),
        ..*suite
    }));
    let (mut session, mut peer) = short_lived(SupportedCipherSuite::Tls12(suite));
    let mut out = [0; sealed_size(7)];
    let mut sent = 0;
    let refused = loop {
        match session.seal(b"message", &mut out) {
            Ok(length) => assert_eq!(peer.give(&out[..length]), b"message"),
            Err(refused) => break refused,
        }
        sent += 1;
        assert!(sent <= LIMIT, "more was protected than the suite allows");
    };
    assert!(matches!(refused, SessionError::Exhausted), "{refused}");
}
