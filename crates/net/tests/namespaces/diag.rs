//! What the kernel says of connections, and the end of one.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use ringlock_net::{
    MissingNetAdmin,
    diag::{self, Destroyed, DiagError, FarewellError, Socket, State},
};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
use socket2::SockRef;

use crate::lab::{INTERCEPTED, Lab, Namespace, PATIENCE, eventually, pair, talk};

fn established(namespace: &Namespace) -> Vec<Socket> {
    namespace
        .enter(|| diag::established(&[INTERCEPTED]))
        .unwrap()
}

fn destroy(namespace: &Namespace, socket: &Socket) -> Destroyed {
    namespace.enter(|| diag::destroy(socket)).unwrap()
}

/// The kernel's entry for this very stream.
fn entry(namespace: &Namespace, stream: &TcpStream) -> Socket {
    let cookie = SockRef::from(stream).cookie().unwrap();
    let all = established(namespace);
    all.iter()
        .find(|socket| socket.cookie == cookie)
        .unwrap_or_else(|| panic!("{all:?}"))
        .clone()
}

fn dual_stack(namespace: &Namespace) -> TcpListener {
    namespace.listen(SocketAddr::new("::".parse().unwrap(), INTERCEPTED))
}

fn read_error(stream: &mut TcpStream) -> ErrorKind {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.read(&mut [0; 16]).unwrap_err().kind()
}

#[test]
fn connections_of_both_families_are_listed_at_both_ends() {
    let Some(lab) = Lab::new() else { return };
    for address in lab.addresses_of_b(INTERCEPTED) {
        let listener = lab.b.listen(address);
        let (mut dialler, mut acceptor) = pair(&lab.a, &listener, address);
        talk(&mut dialler, &mut acceptor);
        let at_a = entry(&lab.a, &dialler);
        assert_eq!(
            (at_a.local, at_a.remote),
            (dialler.local_addr().unwrap(), address)
        );
        assert_eq!(at_a.state, State::Established);
        assert_eq!((at_a.uid, at_a.mark), (0, Some(0)));
        assert_ne!(at_a.inode, 0);
        assert!(at_a.info.unwrap().rtt > Duration::ZERO);
        let at_b = entry(&lab.b, &acceptor);
        assert_eq!((at_b.local, at_b.remote), (address, at_a.local));
    }
}

#[test]
fn listeners_and_other_ports_are_not_listed() {
    let Some(lab) = Lab::new() else { return };
    let _listeners = lab
        .addresses_of_b(INTERCEPTED)
        .map(|address| lab.b.listen(address));
    let other = lab.b.listen(lab.b.v4(9042));
    let _pair = pair(&lab.a, &other, lab.b.v4(9042));
    assert_eq!(established(&lab.a), []);
    assert_eq!(established(&lab.b), []);
    assert_eq!(
        lab.b
            .enter(|| diag::established(&[9042, INTERCEPTED]))
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_listener_is_told_from_its_successor_at_the_same_address() {
    let Some(lab) = Lab::new() else { return };
    let listening = || {
        let found = lab.b.enter(|| diag::listening(&[INTERCEPTED]));
        found.unwrap()
    };
    assert_eq!(listening(), []);
    let addresses = lab.addresses_of_b(INTERCEPTED);
    let _other = lab.b.listen(lab.b.v4(9042));
    let listeners = addresses.map(|address| lab.b.listen(address));
    let first = listening();
    let mut expected = addresses;
    expected.sort_unstable();
    let found: Vec<_> = first.iter().map(|socket| socket.address).collect();
    assert_eq!(found, expected);
    assert_eq!(listening(), first);
    drop(listeners);
    assert_eq!(listening(), []);
    let _successors = addresses.map(|address| lab.b.listen(address));
    for (before, after) in first.iter().zip(listening()) {
        assert_eq!(before.address, after.address);
        assert_ne!(before.cookie, after.cookie);
    }
}

#[test]
fn a_listing_of_many_parts_is_complete() {
    let Some(lab) = Lab::new() else { return };
    let [v4, v6] = lab.addresses_of_b(INTERCEPTED);
    let listeners = [lab.b.listen(v4), lab.b.listen(v6)];
    let links: Vec<_> = (0..350)
        .map(|n| pair(&lab.a, &listeners[n % 2], [v4, v6][n % 2]))
        .collect();
    for side in [&lab.a, &lab.b] {
        let mut cookies: Vec<_> = established(side)
            .iter()
            .map(|socket| socket.cookie)
            .collect();
        cookies.sort_unstable();
        cookies.dedup();
        assert_eq!(cookies.len(), links.len());
    }
}

#[test]
fn what_is_in_flight_shows_at_both_ends() {
    let Some(lab) = Lab::new() else { return };
    for address in lab.addresses_of_b(INTERCEPTED) {
        let listener = lab.b.listen(address);
        let (mut dialler, mut acceptor) = pair(&lab.a, &listener, address);
        talk(&mut dialler, &mut acceptor);
        eventually("both ends quiet", || {
            entry(&lab.a, &dialler).is_quiet() && entry(&lab.b, &acceptor).is_quiet()
        });
        dialler.write_all(&[7; 1000]).unwrap();
        eventually("all acknowledged", || entry(&lab.a, &dialler).wqueue == 0);
        let unread = entry(&lab.b, &acceptor);
        assert_eq!(unread.rqueue, 1000);
        assert!(!unread.is_quiet());

        dialler.set_nonblocking(true).unwrap();
        while dialler.write(&[7; 1 << 16]).is_ok() {}
        eventually("the window full", || {
            let stuck = entry(&lab.a, &dialler);
            stuck.wqueue > 0 && stuck.info.unwrap().notsent_bytes > 0 && !stuck.is_quiet()
        });
    }
}

#[test]
fn a_half_closed_connection_is_still_listed() {
    let Some(lab) = Lab::new() else { return };
    let [address, _] = lab.addresses_of_b(INTERCEPTED);
    let listener = lab.b.listen(address);
    let (dialler, acceptor) = pair(&lab.a, &listener, address);
    dialler.shutdown(std::net::Shutdown::Write).unwrap();
    eventually("the FIN", || {
        entry(&lab.b, &acceptor).state == State::CloseWait
    });
    let socket = entry(&lab.b, &acceptor);
    assert_eq!(destroy(&lab.b, &socket), Destroyed::Now);
}

#[test]
fn exactly_the_one_connection_is_destroyed_and_its_peer_sees_a_reset() {
    let Some(lab) = Lab::new() else { return };
    for address in lab.addresses_of_b(INTERCEPTED) {
        let listener = lab.b.listen(address);
        let mut links: Vec<_> = (0..5).map(|_| pair(&lab.a, &listener, address)).collect();
        let (mut dialler, mut acceptor) = links.swap_remove(2);
        talk(&mut dialler, &mut acceptor);
        let socket = entry(&lab.a, &dialler);
        assert_eq!(destroy(&lab.a, &socket), Destroyed::Now);
        assert_eq!(read_error(&mut acceptor), ErrorKind::ConnectionReset);
        assert_eq!(read_error(&mut dialler), ErrorKind::ConnectionAborted);
        for (dialler, acceptor) in &mut links {
            talk(dialler, acceptor);
        }
        assert_eq!(established(&lab.a).len(), links.len());
    }
}

#[test]
fn the_accepted_end_can_be_destroyed_as_well() {
    let Some(lab) = Lab::new() else { return };
    for address in lab.addresses_of_b(INTERCEPTED) {
        let listener = lab.b.listen(address);
        let (mut dialler, acceptor) = pair(&lab.a, &listener, address);
        assert_eq!(destroy(&lab.b, &entry(&lab.b, &acceptor)), Destroyed::Now);
        assert_eq!(read_error(&mut dialler), ErrorKind::ConnectionReset);
        let (mut dialler, mut acceptor) = pair(&lab.a, &listener, address);
        talk(&mut dialler, &mut acceptor);
    }
}

/// Java listens on a socket of both families, and so has IPv4 connections under IPv6.
#[test]
fn an_ipv4_connection_accepted_by_a_socket_of_both_families_is_shown_and_destroyed() {
    let Some(lab) = Lab::new() else { return };
    let listener = dual_stack(&lab.b);
    for address in lab.addresses_of_b(INTERCEPTED) {
        let (mut kept_dialler, mut kept_acceptor) = pair(&lab.a, &listener, address);
        let (mut dialler, acceptor) = pair(&lab.a, &listener, address);
        let socket = entry(&lab.b, &acceptor);
        assert_eq!(socket.local, address, "never ::ffff:10.77.0.2");
        assert_eq!(socket.remote, dialler.local_addr().unwrap());
        assert_eq!(
            lab.b
                .enter(|| diag::refresh(&socket))
                .unwrap()
                .unwrap()
                .cookie,
            socket.cookie
        );
        assert_eq!(destroy(&lab.b, &socket), Destroyed::Now);
        assert_eq!(read_error(&mut dialler), ErrorKind::ConnectionReset);
        talk(&mut kept_dialler, &mut kept_acceptor);
        assert_eq!(lab.b.enter(|| diag::refresh(&socket)).unwrap(), None);
    }
}

#[test]
fn what_was_acknowledged_is_read_in_full_before_the_reset() {
    let Some(lab) = Lab::new() else { return };
    let listener = dual_stack(&lab.b);
    for address in lab.addresses_of_b(INTERCEPTED) {
        for length in [1, 1000, 40_000] {
            let (mut dialler, mut acceptor) = pair(&lab.a, &listener, address);
            let sent: Vec<u8> = (0..length).map(|n: u32| (n % 251) as u8).collect();
            dialler.write_all(&sent).unwrap();
            eventually("all acknowledged", || entry(&lab.a, &dialler).wqueue == 0);
            let socket = entry(&lab.a, &dialler);
            assert_eq!(destroy(&lab.a, &socket), Destroyed::Now);
            let cookie = SockRef::from(&acceptor).cookie().unwrap();
            eventually("the reset at the receiver", || {
                established(&lab.b)
                    .iter()
                    .all(|socket| socket.cookie != cookie)
            });
            acceptor.set_read_timeout(Some(PATIENCE)).unwrap();
            let mut heard = vec![0; sent.len()];
            acceptor.read_exact(&mut heard).unwrap();
            assert!(heard == sent);
            assert_eq!(read_error(&mut acceptor), ErrorKind::ConnectionReset);
        }
    }
}

#[test]
fn an_owner_that_is_shown_the_end_of_its_stream_still_sends_what_it_has() {
    let Some(lab) = Lab::new() else { return };
    for address in lab.addresses_of_b(INTERCEPTED) {
        let listener = lab.b.listen(address);
        let (mut dialler, mut acceptor) = pair(&lab.a, &listener, address);
        let (mut other, mut others_peer) = pair(&lab.a, &listener, address);
        dialler.write_all(&[7; 1000]).unwrap();
        let socket = entry(&lab.a, &dialler);
        lab.a.enter(|| diag::end_stream(&socket)).unwrap();
        dialler.set_read_timeout(Some(PATIENCE)).unwrap();
        assert_eq!(dialler.read(&mut [0; 16]).unwrap(), 0);
        dialler.write_all(&[7; 1000]).unwrap();
        drop(dialler);
        let mut received = Vec::new();
        acceptor.set_read_timeout(Some(PATIENCE)).unwrap();
        acceptor.read_to_end(&mut received).unwrap();
        assert_eq!(received, [7; 2000]);
        talk(&mut other, &mut others_peer);
    }
}

#[test]
fn the_end_of_a_stream_is_shown_to_no_other_socket_than_the_one_that_was_meant() {
    let Some(lab) = Lab::new() else { return };
    let address = lab.b.v4(INTERCEPTED);
    let listener = lab.b.listen(address);
    let (mut dialler, mut acceptor) = pair(&lab.a, &listener, address);
    let mut meant = entry(&lab.a, &dialler);
    meant.cookie += 1;
    let refused = lab.a.enter(|| diag::end_stream(&meant));
    assert!(
        matches!(refused, Err(FarewellError::NoOwner)),
        "{refused:?}"
    );
    talk(&mut dialler, &mut acceptor);
}

#[test]
fn a_socket_that_has_gone_is_told_and_its_successor_is_safe() {
    let Some(lab) = Lab::new() else { return };
    for address in lab.addresses_of_b(INTERCEPTED) {
        let listener = lab.b.listen(address);
        let (dialler, _acceptor) = pair(&lab.a, &listener, address);
        let old = entry(&lab.a, &dialler);
        assert_eq!(destroy(&lab.a, &old), Destroyed::Now);
        assert_eq!(destroy(&lab.a, &old), Destroyed::Before);
        assert_eq!(lab.a.enter(|| diag::refresh(&old)).unwrap(), None);
        drop(dialler);

        let mut successor = lab.a.enter(|| {
            let socket = socket2::Socket::new(
                socket2::Domain::for_address(address),
                socket2::Type::STREAM,
                None,
            )
            .unwrap();
            socket.set_reuse_address(true).unwrap();
            socket.bind(&old.local.into()).unwrap();
            socket.connect(&address.into()).unwrap();
            TcpStream::from(socket)
        });
        let (mut acceptor, _) = listener.accept().unwrap();
        let new = entry(&lab.a, &successor);
        assert_eq!((new.local, new.remote), (old.local, old.remote));
        assert_ne!(new.cookie, old.cookie);
        assert_eq!(
            destroy(&lab.a, &old),
            Destroyed::Before,
            "the cookie is another"
        );
        talk(&mut successor, &mut acceptor);
    }
}

#[test]
fn an_accepted_socket_that_has_gone_is_not_taken_for_its_listener() {
    let Some(lab) = Lab::new() else { return };
    for address in lab.addresses_of_b(INTERCEPTED) {
        let listener = lab.b.listen(address);
        let (_dialler, acceptor) = pair(&lab.a, &listener, address);
        let old = entry(&lab.b, &acceptor);
        assert_eq!(destroy(&lab.b, &old), Destroyed::Now);
        assert_eq!(destroy(&lab.b, &old), Destroyed::Before);
        let (mut dialler, mut acceptor) = pair(&lab.a, &listener, address);
        talk(&mut dialler, &mut acceptor);
    }
}

#[test]
fn without_the_capability_sockets_are_listed_and_their_end_is_refused_with_its_name() {
    let Some(lab) = Lab::new() else { return };
    let [address, _] = lab.addresses_of_b(INTERCEPTED);
    let listener = lab.b.listen(address);
    let (mut dialler, mut acceptor) = pair(&lab.a, &listener, address);
    let error = lab.a.enter(|| {
        let mut sets = capabilities(None).unwrap();
        sets.effective.remove(CapabilitySet::NET_ADMIN);
        set_capabilities(None, sets).unwrap();
        let sockets = diag::established(&[INTERCEPTED]).unwrap();
        assert_eq!((sockets.len(), sockets[0].mark), (1, None));
        diag::destroy(&sockets[0]).unwrap_err()
    });
    assert!(
        matches!(error, DiagError::NoPrivilege(MissingNetAdmin::NotHeld)),
        "{error}"
    );
    assert!(error.to_string().contains("CAP_NET_ADMIN"));
    talk(&mut dialler, &mut acceptor);
}
