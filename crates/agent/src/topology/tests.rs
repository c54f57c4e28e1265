use ringlock_topology::Subject;
use time::OffsetDateTime;

use super::*;

fn leaf(uri: Option<&str>, ips: &[&str]) -> LeafFacts {
    LeafFacts {
        subject: "CN=node".into(),
        uri: uri.map(|uri| uri.parse().unwrap()),
        uris: Vec::new(),
        ips: ips.iter().map(|ip| ip.parse().unwrap()).collect(),
        dns: Vec::new(),
        serial: "1".into(),
        not_before: OffsetDateTime::UNIX_EPOCH,
        not_after: OffsetDateTime::UNIX_EPOCH,
        sha256: String::new(),
    }
}

fn config(topology: &str) -> Config {
    let text = format!(
        "ringlock:\n  cluster: c\n  topology: {topology}\nserver_encryption_options:\n  \
         internode_encryption: dc\n  keystore: a\n  truststore: b\n"
    );
    ringlock_config::parse(&text, Path::new("/etc/ringlock.yaml")).unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn here() -> Topology {
    let topology = Topology::default();
    let own = leaf(Some("ringlock://c/dc1/r1/n1"), &["10.0.0.1"]);
    topology.configure(&config("{}"), Files::default(), &own);
    topology
}

#[test]
fn a_certificate_that_was_verified_tells_where_its_addresses_are() {
    let topology = here();
    let mut changes = topology.watch();
    assert_eq!(topology.crossing(ip("10.0.0.2")), Crossing::Unknown);
    let peer = leaf(Some("ringlock://c/dc1/r2/n2"), &["10.0.0.2", "fd00::2"]);
    let met = ip("10.0.0.2");
    topology.learn(&peer, met);
    topology.settle();
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
    for address in ["10.0.0.2", "fd00::2"] {
        assert_eq!(topology.crossing(ip(address)), Crossing::SameDatacenter);
    }
    topology.learn(&peer, met);
    topology.settle();
    assert!(!changes.has_changed().unwrap(), "nothing is new");
    topology.learn(&leaf(None, &["10.0.0.3"]), ip("10.0.0.3"));
    topology.settle();
    assert_eq!(topology.crossing(ip("10.0.0.3")), Crossing::Unknown);
}

#[test]
fn of_a_node_elsewhere_only_the_address_where_it_was_met_is_learnt() {
    let topology = here();
    // Both datacenters number their private networks alike.
    let near = leaf(Some("ringlock://c/dc1/r1/n2"), &["192.0.2.2", "10.0.0.2"]);
    let far = leaf(
        Some("ringlock://c/dc2/r1/n3"),
        &["192.0.2.3", "10.0.0.1", "10.0.0.2"],
    );
    let both = || {
        topology.learn(&near, ip("192.0.2.2"));
        topology.learn(&far, ip("192.0.2.3"));
        topology.settle();
    };
    both();
    let mut changes = topology.watch();
    changes.mark_unchanged();
    both();
    assert!(
        !changes.has_changed().unwrap(),
        "neither displaces the other"
    );
    for (address, crossing) in [
        ("192.0.2.2", Crossing::SameRack),
        ("10.0.0.2", Crossing::SameRack),
        ("192.0.2.3", Crossing::OtherDatacenter),
    ] {
        assert_eq!(topology.crossing(ip(address)), crossing, "{address}");
    }
    assert_eq!(topology.map().conflicts(), [], "10.0.0.1 is this node's");
}

#[test]
fn a_peer_is_known_by_every_address_that_the_local_node_tells() {
    let topology = here();
    let row = |addresses: &[&str]| cql::Row {
        place: "dc1:r1".split_once(':').map(|(datacenter, rack)| Place {
            datacenter: datacenter.into(),
            rack: rack.into(),
        }),
        addresses: addresses.iter().map(|address| ip(address)).collect(),
    };
    let peers = vec![row(&["192.0.2.2", "10.0.0.2"]), row(&["192.0.2.3"])];
    topology.answered(Vec::new(), peers, "up".into());
    for address in ["192.0.2.2", "10.0.0.2"] {
        assert_eq!(topology.crossing(ip(address)), Crossing::SameRack);
        let addresses = topology.addresses_of(ip(address));
        assert_eq!(addresses, [ip("10.0.0.2"), ip("192.0.2.2")].into());
    }
    let other = topology.addresses_of(ip("::ffff:192.0.2.9"));
    assert_eq!(other, [ip("192.0.2.9")].into());
}

#[test]
fn a_node_that_restarts_has_not_moved() {
    let topology = here();
    let row = |place: &str, address: &str| cql::Row {
        place: place.split_once(':').map(|(datacenter, rack)| Place {
            datacenter: datacenter.into(),
            rack: rack.into(),
        }),
        addresses: vec![ip(address)],
    };
    let local = vec![row("dc1:r1", "10.0.0.1")];
    let peers = vec![row("dc2:r1", "10.0.0.2"), row("", "10.0.0.3")];
    topology.answered(local.clone(), peers.clone(), "up".into());
    topology.note("refused".into());
    assert_eq!(topology.crossing(ip("10.0.0.2")), Crossing::OtherDatacenter);
    assert_eq!(topology.crossing(ip("10.0.0.3")), Crossing::Unknown);
    let status = topology.status();
    assert_eq!(status.known_by.as_deref(), Some("certificate"));
    assert_eq!(status.sources.last().unwrap().state, "refused");
    topology.forget_answers();
    assert_eq!(topology.crossing(ip("10.0.0.2")), Crossing::Unknown);
}

#[test]
fn a_node_that_contradicts_its_own_certificate_trusts_nobody_to_be_near() {
    let topology = here();
    let moved = cql::Row {
        place: Some(Place {
            datacenter: "dc2".into(),
            rack: "r1".into(),
        }),
        addresses: vec![ip("10.0.0.1")],
    };
    topology.answered(vec![moved], Vec::new(), "up".into());
    assert_eq!(topology.map().own(), Standing::Contradicted);
    assert_eq!(topology.map().conflicts()[0].subject, Subject::Own);
    assert_eq!(topology.status().place, None);
}

#[test]
fn a_scope_needs_something_that_tells_the_own_place() {
    let mode: Mode = "dc".parse().unwrap();
    let bare = leaf(None, &[]);
    let error = check(mode, "ringlock.yaml:5:3", &config("{}"), &bare).unwrap_err();
    assert!(
        error.to_string().starts_with(
            "ringlock.yaml:5:3: internode_encryption: dc needs this node's datacenter and rack"
        ),
        "{error}"
    );
    assert!(check(Mode::REQUIRE, "", &config("{}"), &bare).is_ok());
    for topology in ["{datacenter: dc1, rack: r1}", "{cql: {}}"] {
        assert!(check(mode, "", &config(topology), &bare).is_ok());
    }
    let certified = leaf(Some("ringlock://c/dc1/r1/n1"), &[]);
    assert!(check(mode, "", &config("{}"), &certified).is_ok());
}

#[test]
fn a_named_file_must_be_there_and_right_and_another_need_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cassandra-rackdc.properties");
    let file = |is_named| {
        Some(SnitchFile {
            path: path.clone(),
            is_named,
        })
    };
    let read = |is_named| read(file(is_named).as_ref(), RackdcFile::parse);
    assert!(matches!(
        read(true),
        Err(TopologyError::File(FileError::Missing { .. }))
    ));
    assert!(read(false).unwrap().is_none());
    ringlock_files::write_atomic(&path, 0o644, b"dc=dc1\n").unwrap();
    assert!(matches!(read(true), Err(TopologyError::Mistakes(_))));
    assert!(read(false).unwrap().is_none());
    ringlock_files::write_atomic(&path, 0o644, b"dc=dc1\nrack=r1\n").unwrap();
    let place = read(true).unwrap().unwrap().place.unwrap();
    assert_eq!(place.to_string(), "dc1:r1");
}
