use ringlock_model::Direction;
use ringlock_pki::{RevocationLists, StaleList};

use super::*;
use crate::Identities;

/// The address in the certificate that [`state`] shows when it dials.
const OUTBOUND: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 3));

/// A node that shows one certificate when it is dialled and another, of `of`, when it dials.
fn state(cluster: &Cluster, of: &Cluster) -> (TlsState, [Identity; 2]) {
    let shown = cluster.identity(SERVER, NODE_VALIDITY);
    let dialling = of.identity(OUTBOUND, NODE_VALIDITY);
    let identities = Identities {
        server: &shown,
        client: Some(&dialling),
    };
    let lists = (&RevocationLists::default(), StaleList::Refuse);
    let offer = offer(cluster.engine);
    let trust = cluster.trust();
    let state = TlsState::build_with_lists(identities, &trust, lists, STRICT, &offer).unwrap();
    (state, [shown, dialling])
}

#[test]
fn a_node_shows_one_certificate_when_it_is_dialled_and_another_when_it_dials() {
    for engine in ENGINES {
        let cluster = Cluster::with(engine);
        let (state, [shown, dialling]) = state(&cluster, &cluster);
        let peer = cluster.node(SERVER, STRICT);

        let pair = Pair::new(&cluster.node(CLIENT, STRICT), &state);
        assert_eq!(pair.client.peer_certificate(), shown.chain.first());
        let pair = Pair::new(&state, &peer);
        assert_eq!(pair.server.peer_certificate(), dialling.chain.first());

        assert_eq!(*state.leaf(), shown.leaf);
        assert_eq!(state.dialling_leaf(), Some(&dialling.leaf));
        assert_eq!(state.own(Direction::Inbound).chain, shown.chain);
        assert_eq!(state.own(Direction::Outbound).chain, dialling.chain);
        assert_eq!(state.self_check(), Ok(()));
    }
}

#[test]
fn a_certificate_for_dialling_that_its_own_truststore_would_refuse_is_known_beforehand() {
    for engine in ENGINES {
        let (state, _) = state(&Cluster::with(engine), &Cluster::with(engine));
        assert_eq!(state.self_check(), Err(&HandshakeFailure::UnknownIssuer));
    }
}
