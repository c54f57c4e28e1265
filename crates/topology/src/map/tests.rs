use proptest::prelude::*;

use super::*;
use crate::{Claims, TopologyFile};

fn place(text: &str) -> Place {
    let (datacenter, rack) = text.split_once(':').unwrap();
    Place {
        datacenter: datacenter.into(),
        rack: rack.into(),
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A node in dc1:r1 that knows of it from its own certificate.
fn here() -> Claims {
    Claims {
        own: vec![(Source::Certificate, place("dc1:r1"))],
        ..Claims::default()
    }
}

fn configured(nodes: &[(&str, &str)]) -> Vec<(Network, Place)> {
    let node = |(network, there): &(&str, &str)| (network.parse().unwrap(), place(there));
    nodes.iter().map(node).collect()
}

#[test]
fn a_peer_that_nobody_speaks_of_is_unknown() {
    let map = here().settle();
    assert_eq!(map.crossing(ip("10.0.0.2")), Crossing::Unknown);
    assert_eq!(map.place(ip("10.0.0.2")), Standing::Unknown);
}

#[test]
fn every_peer_is_unknown_to_a_node_that_does_not_know_its_own_place() {
    let claims = Claims {
        configured: configured(&[("10.0.0.0/8", "dc1:r1")]),
        rows: vec![(ip("10.0.0.2"), place("dc1:r1"))],
        ..Claims::default()
    };
    let map = claims.settle();
    assert_eq!(map.own(), Standing::Unknown);
    for peer in ["10.0.0.2", "10.0.0.3"] {
        assert_eq!(map.crossing(ip(peer)), Crossing::Unknown);
    }
}

#[test]
fn sources_that_agree_are_believed_and_the_strongest_is_named() {
    let claims = Claims {
        certificates: [(ip("10.0.0.2"), place("dc1:r2"))].into(),
        rows: vec![(ip("10.0.0.2"), place("dc1:r2"))],
        ..here()
    };
    let map = claims.settle();
    assert_eq!(map.crossing(ip("10.0.0.2")), Crossing::SameDatacenter);
    let expected = Standing::Known(&place("dc1:r2"), Source::Certificate);
    assert_eq!(map.place(ip("::ffff:10.0.0.2")), expected);
    assert_eq!(map.conflicts(), []);
}

#[test]
fn a_peer_that_sources_contradict_each_other_of_is_unknown_and_reported() {
    let claims = Claims {
        certificates: [(ip("10.0.0.2"), place("dc2:r1"))].into(),
        configured: configured(&[("10.0.0.0/24", "dc1:r1")]),
        rows: vec![
            (ip("10.0.0.2"), place("dc1:r1")),
            (ip("10.0.0.3"), place("dc1:r1")),
        ],
        ..here()
    };
    let map = claims.settle();
    assert_eq!(map.crossing(ip("10.0.0.2")), Crossing::Unknown);
    assert_eq!(map.place(ip("10.0.0.2")), Standing::Contradicted);
    assert_eq!(map.crossing(ip("10.0.0.3")), Crossing::SameRack);
    let told: Vec<_> = map.conflicts().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "10.0.0.2 is in dc2:r1 by certificate, in dc1:r1 by ringlock.topology, in dc1:r1 by \
             system tables"
        ]
    );
}

#[test]
fn two_rows_with_one_address_contradict_each_other() {
    let claims = Claims {
        rows: vec![
            (ip("10.0.0.2"), place("dc1:r1")),
            (ip("10.0.0.2"), place("dc2:r1")),
        ],
        ..here()
    };
    assert_eq!(claims.settle().crossing(ip("10.0.0.2")), Crossing::Unknown);
}

#[test]
fn whoever_contradicts_this_nodes_own_place_makes_every_peer_unknown() {
    let claims = Claims {
        own_addresses: [ip("10.0.0.1")].into(),
        configured: configured(&[("10.0.0.1", "dc2:r1"), ("10.0.0.2", "dc1:r1")]),
        ..here()
    };
    let map = claims.settle();
    assert_eq!(map.own(), Standing::Contradicted);
    assert_eq!(map.crossing(ip("10.0.0.2")), Crossing::Unknown);
    assert_eq!(map.conflicts()[0].subject, Subject::Own);
}

#[test]
fn of_two_networks_the_narrower_one_speaks_for_an_address() {
    let claims = Claims {
        configured: configured(&[
            ("10.0.0.0/8", "dc2:r1"),
            ("10.0.0.0/24", "dc1:r2"),
            ("10.0.0.9", "dc1:r1"),
        ]),
        ..here()
    };
    let map = claims.settle();
    for (peer, crossing) in [
        ("10.1.0.1", Crossing::OtherDatacenter),
        ("10.0.0.1", Crossing::SameDatacenter),
        ("10.0.0.9", Crossing::SameRack),
        ("192.0.2.1", Crossing::Unknown),
    ] {
        assert_eq!(map.crossing(ip(peer)), crossing, "{peer}");
    }
    assert_eq!(map.conflicts(), []);
}

#[test]
fn the_default_of_the_file_is_for_those_whom_nobody_speaks_of() {
    let claims = Claims {
        file: Some(TopologyFile {
            nodes: [(ip("10.0.0.2"), place("dc2:r1"))].into(),
            default: Some(place("dc1:r1")),
        }),
        rows: vec![(ip("10.0.0.3"), place("dc3:r1"))],
        ..here()
    };
    let map = claims.settle();
    assert_eq!(map.crossing(ip("10.0.0.2")), Crossing::OtherDatacenter);
    assert_eq!(map.crossing(ip("10.0.0.3")), Crossing::OtherDatacenter);
    assert_eq!(map.crossing(ip("10.0.0.4")), Crossing::SameRack);
    assert_eq!(map.conflicts(), []);
}

fn any_place() -> impl Strategy<Value = Place> {
    ("dc[12]", "r[12]").prop_map(|(datacenter, rack)| Place { datacenter, rack })
}

fn any_peer() -> impl Strategy<Value = IpAddr> {
    (0..4_u8).prop_map(|last| IpAddr::from([10, 0, 0, last]))
}

proptest! {
    #[test]
    fn nobody_is_near_unless_everybody_who_speaks_of_him_says_so(
        own in any_place(),
        certificates in prop::collection::btree_map(any_peer(), any_place(), 0..4),
        nodes in prop::collection::btree_map(any_peer(), any_place(), 0..4),
        rows in prop::collection::vec((any_peer(), any_place()), 0..6),
        peer in any_peer(),
    ) {
        let claims = Claims {
            own: vec![(Source::RackdcFile, own.clone())],
            certificates: certificates.clone(),
            file: Some(TopologyFile { nodes: nodes.clone(), default: None }),
            rows: rows.clone(),
            ..Claims::default()
        };
        let said: Vec<&Place> = certificates
            .get(&peer)
            .into_iter()
            .chain(nodes.get(&peer))
            .chain(rows.iter().filter(|row| row.0 == peer).map(|row| &row.1))
            .collect();
        let expected = match said.first() {
            Some(first) if said.iter().all(|place| place == first) => own.crossing(first),
            _ => Crossing::Unknown,
        };
        prop_assert_eq!(claims.settle().crossing(peer), expected);
    }
}
