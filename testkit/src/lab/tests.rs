use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
};

use super::*;

/// Says so and passes where the machine does not let us make namespaces; CI runs as root.
fn lab(nodes: usize) -> Option<Lab> {
    match Lab::new(nodes) {
        Ok(lab) => Some(lab),
        Err(error) => {
            assert!(!rustix::process::geteuid().is_root(), "{error}");
            println!("skipped, as this user may make no namespaces: {error}");
            None
        }
    }
}

#[test]
fn two_hosts_reach_each_other_over_both_families_from_their_own_addresses() {
    let Some(lab) = lab(2) else { return };
    let [one, two] = lab.nodes() else {
        panic!("two nodes were asked for")
    };
    for family in [Family::V4, Family::V6] {
        let listener = two
            .namespace
            .within(|| TcpListener::bind((two.address(family), 7000)))
            .unwrap()
            .unwrap();
        let mut dialled = one
            .namespace
            .within(|| TcpStream::connect((two.address(family), 7000)))
            .unwrap()
            .unwrap();
        let (mut accepted, from) = listener.accept().unwrap();
        assert_eq!(from.ip(), one.address(family));
        dialled.write_all(b"hello").unwrap();
        drop(dialled);
        let mut heard = String::new();
        accepted.read_to_string(&mut heard).unwrap();
        assert_eq!(heard, "hello");
    }
}

#[test]
fn nothing_remains_of_a_dropped_lab() {
    let Some(lab) = lab(1) else { return };
    let (id, dir) = (lab.id().to_owned(), lab.dir().to_owned());
    let mut sleeper = lab.nodes()[0]
        .namespace
        .spawn(Command::new("sleep").arg("600"))
        .unwrap();
    assert_eq!(Namespace::of_lab(&id).count(), 3);
    drop(lab);
    assert!(!sleeper.wait().unwrap().success());
    assert_eq!(Namespace::of_lab(&id).count(), 0);
    assert!(!dir.exists());
}

#[test]
fn the_sweep_removes_dead_labs_and_leaves_living_ones() {
    let Some(living) = lab(1) else { return };
    // No process has the number 0 as its own in /proc.
    let dead = Namespace::named("0a", "n1");
    dead.create().unwrap();
    sweep::remove_leftovers();
    assert_eq!(Namespace::of_lab("0a").count(), 0);
    assert_eq!(Namespace::of_lab(living.id()).count(), 3);
    assert!(living.dir().exists());
}

#[test]
fn a_lab_without_nodes_is_refused() {
    let error = Lab::new(0).unwrap_err().to_string();
    assert_eq!(error, "a lab has 1 to 199 nodes, not 0");
}

#[test]
fn two_more_networks_number_their_hosts_alike_and_never_meet() {
    let Some(lab) = lab(4) else { return };
    let [one, two, three, four] = lab.nodes() else {
        panic!("four nodes were asked for")
    };
    let [first, second]: [IpAddr; 2] = ["10.78.0.1", "10.78.0.2"].map(|ip| ip.parse().unwrap());
    for (bridge, members) in [("west", [one, two]), ("east", [three, four])] {
        let [one, two] = members;
        lab.add_network(bridge, &[(one, first), (two, second)])
            .unwrap();
    }
    let listeners = [two, four].map(|host| {
        let listener = host.namespace.within(|| TcpListener::bind((second, 7000)));
        listener.unwrap().unwrap()
    });
    let dialled = [one, three].map(|host| {
        let dialled = host.namespace.within(|| TcpStream::connect((second, 7000)));
        dialled.unwrap().unwrap()
    });
    for (listener, dialled) in listeners.iter().zip(&dialled) {
        let (accepted, from) = listener.accept().unwrap();
        assert_eq!(from.ip(), first);
        assert_eq!(from, dialled.local_addr().unwrap());
        drop(accepted);
    }
}
