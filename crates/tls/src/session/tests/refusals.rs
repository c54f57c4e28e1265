use rustls::version::{TLS12, TLS13};

use super::*;

/// Who refuses whom, and with what.
struct Refused {
    by: HandshakeFailure,
    told: HandshakeFailure,
}

/// The handshake in which the client refuses the server.
fn refused_by_client(client: &TlsState, server: &TlsState) -> Refused {
    let (mut client, mut server) = (client.dial(SERVER).unwrap(), server.accept().unwrap());
    let met = meet(&mut client, &mut server);
    Refused {
        by: met.client.unwrap_err().failure,
        told: met.server.unwrap_err().failure,
    }
}

/// The handshake in which the server refuses the client. In TLS 1.3 the client is done by then
/// and learns of it from an alert.
fn refused_by_server(client: &TlsState, server: &TlsState) -> Refused {
    let (mut client, mut server) = (client.dial(SERVER).unwrap(), server.accept().unwrap());
    let met = meet(&mut client, &mut server);
    let by = met.server.unwrap_err().failure;
    let told = match met.client {
        Err(failed) => failed.failure,
        Ok(end) => {
            assert_eq!(end, Handshake::Done);
            match receive(&mut client, &met.to_client) {
                Err(SessionError::Peer(told)) => told,
                Err(other) => panic!("{other}"),
                Ok(_) => panic!("the client was not told"),
            }
        }
    };
    Refused { by, told }
}

fn alert(name: &str) -> HandshakeFailure {
    HandshakeFailure::Alert(name.to_owned())
}

#[test]
fn a_server_without_the_dialled_address_is_refused_by_name() {
    for engine in ENGINES {
        let cluster = Cluster::with(engine);
        let elsewhere = IpAddr::from([10, 0, 0, 9]);
        let refused = refused_by_client(
            &cluster.node(CLIENT, STRICT),
            &cluster.node(elsewhere, STRICT),
        );
        assert!(
            matches!(refused.by, HandshakeFailure::AddressNotCertified { .. }),
            "{:?}",
            refused.by
        );
        let told = refused.by.to_string();
        let expected = format!(
            "the address that was dialled, {SERVER}, is not in the peer's certificate, which holds \
             {elsewhere}, "
        );
        assert!(told.starts_with(&expected), "{told}");
        assert!(matches!(refused.told, HandshakeFailure::Alert(_)));
    }
}

#[test]
fn without_endpoint_verification_the_address_is_not_asked_for() {
    for engine in ENGINES {
        let cluster = Cluster::with(engine);
        let options = Options {
            endpoint_verification: false,
            ..STRICT
        };
        let elsewhere = IpAddr::from([10, 0, 0, 9]);
        Pair::new(
            &cluster.node(CLIENT, options),
            &cluster.node(elsewhere, options),
        )
        .talk();
    }
}

#[test]
fn without_endpoint_verification_the_ca_is_still_asked_for() {
    for engine in ENGINES {
        let server = Cluster::with(engine).node(SERVER, LENIENT);
        let refused = refused_by_client(&Cluster::with(engine).node(CLIENT, LENIENT), &server);
        assert_eq!(refused.by, HandshakeFailure::UnknownIssuer);
    }
}

#[test]
fn a_server_of_another_ca_is_refused_and_told() {
    for engine in ENGINES {
        let server = Cluster::with(engine).node(SERVER, STRICT);
        let refused = refused_by_client(&Cluster::with(engine).node(CLIENT, STRICT), &server);
        assert_eq!(refused.by, HandshakeFailure::UnknownIssuer);
        assert_eq!(refused.told, alert("unknown_ca"));
    }
}

#[test]
fn a_client_of_another_ca_is_refused_and_told() {
    for engine in ENGINES {
        let (ours, theirs) = (Cluster::with(engine), Cluster::with(engine));
        // It trusts us, so that it is the server that refuses.
        let identity = theirs.identity(CLIENT, NODE_VALIDITY);
        let client = TlsState::build(&identity, &ours.trust(), STRICT, &offer(engine)).unwrap();
        let refused = refused_by_server(&client, &ours.node(SERVER, STRICT));
        assert_eq!(refused.by, HandshakeFailure::UnknownIssuer);
        assert_eq!(refused.told, alert("unknown_ca"));
    }
}

#[test]
fn an_expired_certificate_is_refused_in_either_role() {
    for engine in ENGINES {
        let cluster = Cluster {
            engine,
            ..Cluster::made_at(OffsetDateTime::now_utc() - Duration::days(10))
        };
        let expired = |address| {
            let identity = cluster.identity(address, Duration::days(3));
            TlsState::build(&identity, &cluster.trust(), STRICT, &offer(engine)).unwrap()
        };
        for refused in [
            refused_by_client(&cluster.node(CLIENT, STRICT), &expired(SERVER)),
            refused_by_server(&expired(CLIENT), &cluster.node(SERVER, STRICT)),
        ] {
            assert!(
                matches!(&refused.by, HandshakeFailure::Expired(date) if date.starts_with("20")),
                "{:?}",
                refused.by
            );
            assert_eq!(refused.told, alert("certificate_expired"));
        }
    }
}

#[test]
fn a_certificate_that_is_not_valid_yet_is_refused() {
    for engine in ENGINES {
        let cluster = Cluster {
            engine,
            ..Cluster::made_at(OffsetDateTime::now_utc() + Duration::days(2))
        };
        let refused =
            refused_by_client(&cluster.node(CLIENT, STRICT), &cluster.node(SERVER, STRICT));
        assert!(
            matches!(refused.by, HandshakeFailure::NotYetValid(_)),
            "{:?}",
            refused.by
        );
    }
}

#[test]
fn a_client_without_a_certificate_is_refused_in_both_versions() {
    let cluster = Cluster::new();
    for version in [&TLS13, &TLS12] {
        let mut peer = Raw::client(cluster.raw_client(None, &[version]));
        let mut session = cluster.node(SERVER, STRICT).accept().unwrap();
        let failed = peer.meet(&mut session).unwrap_err();
        assert_eq!(failed.failure, HandshakeFailure::NoCertificate);
        assert!(!failed.alert.is_empty());
    }
}

#[test]
fn a_client_without_a_certificate_is_served_where_none_is_required() {
    let cluster = Cluster::new();
    let mut peer = Raw::client(cluster.raw_client(None, &[&TLS13]));
    let mut session = cluster.node(SERVER, LENIENT).accept().unwrap();
    peer.meet(&mut session).unwrap();
    assert!(session.peer_certificate().is_none());
}

#[test]
fn where_certificates_are_optional_only_a_bad_one_is_refused() {
    let optional = Options {
        client_auth: ClientAuth::Optional,
        ..STRICT
    };
    let (ours, theirs) = (Cluster::new(), Cluster::new());
    for version in [&TLS13, &TLS12] {
        let accept = || ours.node(SERVER, optional).accept().unwrap();
        let mut session = accept();
        let mut anonymous = Raw::client(ours.raw_client(None, &[version]));
        anonymous.meet(&mut session).unwrap();
        assert!(session.peer_certificate().is_none());

        let mut session = accept();
        let good = ours.identity(CLIENT, NODE_VALIDITY);
        let mut known = Raw::client(ours.raw_client(Some(&good), &[version]));
        known.meet(&mut session).unwrap();
        assert_eq!(session.peer_certificate(), good.chain.first());

        let mut session = accept();
        let bad = theirs.identity(CLIENT, NODE_VALIDITY);
        let mut stranger = Raw::client(ours.raw_client(Some(&bad), &[version]));
        let failed = stranger.meet(&mut session).unwrap_err();
        assert_eq!(failed.failure, HandshakeFailure::UnknownIssuer);
    }
}

#[test]
fn a_peer_that_answers_something_else_is_said_to_speak_no_tls() {
    for engine in ENGINES {
        let mut session = Cluster::with(engine)
            .node(CLIENT, STRICT)
            .dial(SERVER)
            .unwrap();
        session.handshake(&mut Vec::new(), &mut Vec::new()).unwrap();
        let mut answer = vec![0xCA, 0x55, 0x2D, 0xFA, 0, 0, 0, 1];
        let failed = session.handshake(&mut answer, &mut Vec::new()).unwrap_err();
        assert!(
            matches!(failed.failure, HandshakeFailure::NotTls(_)),
            "{:?}",
            failed.failure
        );
    }
}

#[test]
fn a_node_that_its_own_truststore_would_refuse_knows_it_beforehand() {
    for engine in ENGINES {
        let (ours, theirs) = (Cluster::with(engine), Cluster::with(engine));
        let own = ours.node(CLIENT, STRICT);
        assert_eq!(own.self_check(), Ok(()));
        let identity = theirs.identity(CLIENT, NODE_VALIDITY);
        let foreign = TlsState::build(&identity, &ours.trust(), STRICT, &offer(engine)).unwrap();
        assert_eq!(foreign.self_check(), Err(&HandshakeFailure::UnknownIssuer));
    }
}

#[test]
fn a_key_that_belongs_to_another_certificate_makes_no_state() {
    let cluster = Cluster::new();
    let mut identity = cluster.identity(CLIENT, NODE_VALIDITY);
    identity.key = cluster.identity(SERVER, NODE_VALIDITY).key;
    let refused = TlsState::build(&identity, &cluster.trust(), STRICT, &Offer::default());
    assert!(matches!(refused, Err(crate::BuildError::Key(_))));
}
