//! Which connections go past the agent, although all look alike to their owners.

use std::net::{SocketAddr, TcpListener, TcpStream};

use ringlock_net::{
    Dialer,
    diag::{self, DiagError},
    intercept, listen,
};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

use crate::lab::{INBOUND, INTERCEPTED, Lab, MARK, Namespace, OUTBOUND, pair, rules, talk};

fn bypassing(namespace: &Namespace) -> Vec<(SocketAddr, SocketAddr)> {
    let sockets = namespace.enter(|| diag::bypassing(&rules())).unwrap();
    let mut ends: Vec<_> = sockets
        .iter()
        .map(|socket| (socket.local, socket.remote))
        .collect();
    ends.sort_unstable();
    ends
}

fn ends(stream: &TcpStream) -> (SocketAddr, SocketAddr) {
    (stream.local_addr().unwrap(), stream.peer_addr().unwrap())
}

fn agent(namespace: &Namespace, ip: &str, port: u16) -> TcpListener {
    let address = SocketAddr::new(ip.parse().unwrap(), port);
    let listener = namespace.enter(|| listen(address, 64)).unwrap();
    listener.set_nonblocking(false).unwrap();
    listener
}

#[test]
fn only_connections_from_before_the_rules_bypass_the_agent() {
    let Some(lab) = Lab::new() else { return };
    for (address, wildcard, loopback) in [
        (lab.b.v4(INTERCEPTED), "0.0.0.0", "127.0.0.1"),
        (lab.b.v6(INTERCEPTED), "::", "::1"),
    ] {
        let database = lab.b.listen(address);
        let inbound = agent(&lab.b, wildcard, INBOUND);
        let outbound = agent(&lab.a, loopback, OUTBOUND);
        let (old, accepted) = pair(&lab.a, &database, address);
        for side in [&lab.a, &lab.b] {
            side.enter(|| intercept::install(&rules())).unwrap();
        }
        assert_eq!(bypassing(&lab.a), [ends(&old)]);
        assert_eq!(bypassing(&lab.b), [ends(&accepted)]);

        let (mut database_end, mut agent_end) = pair(&lab.a, &outbound, address);
        talk(&mut database_end, &mut agent_end);
        let dialer = Dialer {
            mark: Some(MARK),
            ..Dialer::default()
        };
        let marked = lab.a.enter(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime
                .block_on(dialer.dial(address))
                .unwrap()
                .into_std()
                .unwrap()
        });
        let (agent_of_b, _) = inbound.accept().unwrap();
        let (within, to_database) = pair(&lab.b, &database, address);
        assert_eq!(
            bypassing(&lab.a),
            [ends(&old)],
            "redirected and marked ones do not"
        );
        assert_eq!(
            bypassing(&lab.b),
            [ends(&accepted)],
            "nor does what stays on the node"
        );

        let cut = lab
            .a
            .enter(|| diag::bypassing(&rules()).unwrap().pop().unwrap());
        lab.a.enter(|| diag::destroy(&cut)).unwrap();
        assert_eq!(bypassing(&lab.a), []);
        talk(&mut database_end, &mut agent_end);
        drop((marked, agent_of_b, within, to_database));
        for side in [&lab.a, &lab.b] {
            side.enter(intercept::remove).unwrap();
        }
    }
}

/// The kernel gives two connections to two peers one source port, and the agent, where both end
/// up, sees one of them from another.
#[test]
fn redirected_connections_are_recognised_although_they_share_a_source_port() {
    let Some(lab) = Lab::new() else { return };
    lab.b.add_address("10.77.0.22".parse().unwrap());
    lab.b.add_address("fd77::22".parse().unwrap());
    lab.a.enter(|| intercept::install(&rules())).unwrap();
    for (loopback, source, peers) in [
        (
            "127.0.0.1",
            lab.a.v4(40_000),
            ["10.77.0.2:7000", "10.77.0.22:7000"],
        ),
        (
            "::1",
            lab.a.v6(40_000),
            ["[fd77::2]:7000", "[fd77::22]:7000"],
        ),
    ] {
        let outbound = agent(&lab.a, loopback, OUTBOUND);
        let links = peers.map(|peer| {
            let peer: SocketAddr = peer.parse().unwrap();
            let dialled = lab.a.enter(|| {
                let socket = socket2::Socket::new(
                    socket2::Domain::for_address(peer),
                    socket2::Type::STREAM,
                    None,
                )
                .unwrap();
                socket.set_reuse_address(true).unwrap();
                socket.bind(&source.into()).unwrap();
                socket.connect(&peer.into()).unwrap();
                TcpStream::from(socket)
            });
            let accepted = outbound.accept().unwrap();
            assert_eq!(ringlock_net::original_dst(&accepted.0).unwrap(), peer);
            (dialled, accepted)
        });
        let seen = [links[0].1.1.port(), links[1].1.1.port()];
        assert_ne!(seen[0], seen[1], "one of them was given another port");
        assert_eq!(bypassing(&lab.a), []);
    }
}

#[test]
fn a_connection_leads_where_tracking_says() {
    let Some(lab) = Lab::new() else { return };
    let [address, _] = lab.addresses_of_b(INTERCEPTED);
    let database = lab.b.listen(address);
    let (_old, _accepted) = pair(&lab.a, &database, address);
    let destination = || {
        let sockets = diag::established(&[INTERCEPTED]).unwrap();
        diag::destination(sockets.last().unwrap()).unwrap()
    };
    assert_eq!(lab.a.enter(destination), None, "nothing is tracked");
    let outbound = agent(&lab.a, "127.0.0.1", OUTBOUND);
    lab.a.enter(|| intercept::install(&rules())).unwrap();
    let (redirected, _accepted) = pair(&lab.a, &outbound, address);
    let local = redirected.local_addr().unwrap();
    let end = lab.a.enter(|| {
        let sockets = diag::established(&[INTERCEPTED]).unwrap();
        diag::destination(sockets.iter().find(|socket| socket.local == local).unwrap()).unwrap()
    });
    assert_eq!(end, Some(outbound.local_addr().unwrap()));
}

#[test]
fn telling_them_apart_needs_the_capability() {
    let Some(lab) = Lab::new() else { return };
    let [address, _] = lab.addresses_of_b(INTERCEPTED);
    let database = lab.b.listen(address);
    let _link = pair(&lab.a, &database, address);
    let error = lab.a.enter(|| {
        let mut sets = capabilities(None).unwrap();
        sets.effective.remove(CapabilitySet::NET_ADMIN);
        set_capabilities(None, sets).unwrap();
        diag::bypassing(&rules()).unwrap_err()
    });
    assert!(matches!(error, DiagError::NoPrivilege(_)), "{error}");
}
