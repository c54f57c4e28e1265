use super::*;
use crate::Live;

/// Whether each side of a new connection resumed an earlier session.
fn resumed(client: &Live, server: &Live) -> (bool, bool) {
    let mut pair = Pair::new(&client.current(), &server.current());
    pair.talk();
    (
        pair.client.facts().unwrap().resumed,
        pair.server.facts().unwrap().resumed,
    )
}

#[test]
fn the_second_connection_resumes_the_first() {
    let (client, server) = Cluster::new().nodes(STRICT);
    let (client, server) = (Live::new(client), Live::new(server));
    assert_eq!(resumed(&client, &server), (false, false));
    for _ in 0..3 {
        assert_eq!(resumed(&client, &server), (true, true));
    }
}

#[test]
fn no_session_resumes_where_tickets_are_switched_off_on_either_side() {
    let cluster = Cluster::new();
    let without = Options {
        session_tickets: false,
        ..STRICT
    };
    for [client, server] in [[STRICT, without], [without, STRICT], [without, without]] {
        let client = Live::new(cluster.node(CLIENT, client));
        let server = Live::new(cluster.node(SERVER, server));
        for _ in 0..2 {
            assert_eq!(resumed(&client, &server), (false, false));
        }
    }
}

#[test]
fn a_resumed_session_still_tells_whose_certificate_it_was() {
    let (client, server) = Cluster::new().nodes(STRICT);
    Pair::new(&client, &server);
    let pair = Pair::new(&client, &server);
    assert!(pair.server.facts().unwrap().resumed);
    let seen = |session: &Session| {
        let der = session.peer_certificate().unwrap();
        ringlock_pki::LeafFacts::read(der).unwrap()
    };
    assert_eq!(seen(&pair.server), *client.leaf());
    assert_eq!(seen(&pair.client), *server.leaf());
}

#[test]
fn no_session_resumes_past_a_new_state_on_either_side() {
    for client_changes in [true, false] {
        let cluster = Cluster::new();
        let (client, server) = cluster.nodes(STRICT);
        let (client, server) = (Live::new(client), Live::new(server));
        assert_eq!(resumed(&client, &server), (false, false));
        assert_eq!(resumed(&client, &server), (true, true));
        match client_changes {
            true => client.publish(cluster.node(CLIENT, STRICT)),
            false => server.publish(cluster.node(SERVER, STRICT)),
        }
        assert_eq!(resumed(&client, &server), (false, false));
        assert_eq!(resumed(&client, &server), (true, true));
    }
}

#[test]
fn a_peer_whose_ca_is_no_longer_trusted_does_not_come_back_by_resumption() {
    let (old, new) = (Cluster::new(), Cluster::new());
    let (client, server) = old.nodes(STRICT);
    let server = Live::new(server);
    Pair::new(&client, &server.current());
    let identity = old.identity(SERVER, NODE_VALIDITY);
    server.publish(TlsState::build(&identity, &new.trust(), STRICT, &Offer::default()).unwrap());
    let mut dialled = client.dial(SERVER).unwrap();
    let mut accepted = server.current().accept().unwrap();
    let met = meet(&mut dialled, &mut accepted);
    assert_eq!(
        met.server.unwrap_err().failure,
        HandshakeFailure::UnknownIssuer
    );
}

#[test]
fn an_established_session_outlives_the_state_that_it_came_from() {
    let cluster = Cluster::new();
    let (client, server) = cluster.nodes(STRICT);
    let (client, server) = (Live::new(client), Live::new(server));
    let mut pair = Pair::new(&client.current(), &server.current());
    client.publish(cluster.node(CLIENT, STRICT));
    server.publish(cluster.node(SERVER, STRICT));
    pair.talk();
}
