//! The rules, and what they do to connections.

use std::{
    io::ErrorKind,
    net::{IpAddr, SocketAddr, TcpListener, TcpStream},
};

use ringlock_net::{
    Dialer, NotRedirected,
    intercept::{self, Rules, State},
    listen, original_dst,
};

use crate::lab::{
    INBOUND, INTERCEPTED, Lab, MARK, Namespace, OUTBOUND, PATIENCE, eventually, install, pair,
    rules, show, talk,
};

/// The listeners of an agent, IPv4 and IPv6 each.
struct Agent {
    inbound: [TcpListener; 2],
    outbound: [TcpListener; 2],
}

impl Agent {
    fn start(namespace: &Namespace) -> Self {
        let open = |address: &str, port| {
            let address = SocketAddr::new(address.parse().unwrap(), port);
            let listener = namespace.enter(|| listen(address, 64)).unwrap();
            listener.set_nonblocking(false).unwrap();
            listener
        };
        Self {
            inbound: [open("0.0.0.0", INBOUND), open("::", INBOUND)],
            outbound: [open("127.0.0.1", OUTBOUND), open("::1", OUTBOUND)],
        }
    }
}

fn refused(from: &Namespace, address: SocketAddr) -> bool {
    let tried = from.enter(|| TcpStream::connect_timeout(&address, PATIENCE));
    tried.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

/// Dials as the agent does.
fn dial(namespace: &Namespace, dialer: Dialer, address: SocketAddr) -> TcpStream {
    namespace.enter(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime
            .block_on(dialer.dial(address))
            .unwrap()
            .into_std()
            .unwrap()
    })
}

#[test]
fn a_connection_from_a_peer_reaches_the_agent_with_the_address_it_was_dialled_to() {
    let Some(lab) = Lab::new() else { return };
    let agent = Agent::start(&lab.b);
    let database = lab
        .addresses_of_b(INTERCEPTED)
        .map(|address| lab.b.listen(address));
    install(&lab.b);
    for port in [INTERCEPTED, 7001] {
        for (address, listener) in lab.addresses_of_b(port).into_iter().zip(&agent.inbound) {
            let (mut peer, mut accepted) = pair(&lab.a, listener, address);
            assert_eq!(original_dst(&accepted).unwrap(), address);
            assert_eq!(
                accepted.local_addr().unwrap().ip(),
                address.ip(),
                "the address stays"
            );
            assert_eq!(accepted.peer_addr().unwrap(), peer.local_addr().unwrap());
            talk(&mut peer, &mut accepted);
        }
    }
    for listener in database {
        listener.set_nonblocking(true).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    }
}

#[test]
fn every_address_of_a_node_is_intercepted_not_only_the_first_of_an_interface() {
    let Some(lab) = Lab::new() else { return };
    let agent = Agent::start(&lab.b);
    install(&lab.b);
    for (second, listener) in ["10.77.0.22", "fd77::22"].into_iter().zip(&agent.inbound) {
        let second: IpAddr = second.parse().unwrap();
        lab.b.add_address(second);
        let address = SocketAddr::new(second, INTERCEPTED);
        let (mut peer, mut accepted) = pair(&lab.a, listener, address);
        assert_eq!(original_dst(&accepted).unwrap(), address);
        talk(&mut peer, &mut accepted);
    }
}

#[test]
fn a_connection_of_the_database_reaches_the_agent_with_the_address_it_dialled() {
    let Some(lab) = Lab::new() else { return };
    let agent = Agent::start(&lab.a);
    let peer = lab
        .addresses_of_b(INTERCEPTED)
        .map(|address| lab.b.listen(address));
    install(&lab.a);
    for (address, listener) in lab
        .addresses_of_b(INTERCEPTED)
        .into_iter()
        .zip(&agent.outbound)
    {
        let (mut database, mut accepted) = pair(&lab.a, listener, address);
        assert_eq!(
            database.peer_addr().unwrap(),
            address,
            "the database sees what it dialled"
        );
        assert_eq!(original_dst(&accepted).unwrap(), address);
        assert_eq!(
            accepted.peer_addr().unwrap(),
            database.local_addr().unwrap()
        );
        talk(&mut database, &mut accepted);
    }
    for listener in peer {
        listener.set_nonblocking(true).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    }
}

#[test]
fn connections_with_the_agents_mark_go_past_it() {
    let Some(lab) = Lab::new() else { return };
    install(&lab.a);
    for address in lab.addresses_of_b(INTERCEPTED) {
        let listener = lab.b.listen(address);
        let dialer = Dialer {
            mark: Some(MARK),
            ..Dialer::default()
        };
        let mut marked = dial(&lab.a, dialer, address);
        marked.set_nonblocking(false).unwrap();
        let (mut accepted, _) = listener.accept().unwrap();
        talk(&mut marked, &mut accepted);
        assert!(
            refused(&lab.a, address),
            "unmarked, and no agent is there: nothing gets through"
        );
    }
}

#[test]
fn loopback_and_the_nodes_own_addresses_are_left_alone() {
    let Some(lab) = Lab::new() else { return };
    let agent = Agent::start(&lab.b);
    install(&lab.b);
    let [v4, v6] = lab.addresses_of_b(INTERCEPTED);
    let loopback = ["127.0.0.1:7000", "[::1]:7000"].map(|text| text.parse().unwrap());
    for address in [v4, v6, loopback[0], loopback[1]] {
        let listener = lab.b.listen(address);
        let (mut client, mut database) = pair(&lab.b, &listener, address);
        talk(&mut client, &mut database);
    }
    for listener in agent.inbound.iter().chain(&agent.outbound) {
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_err());
    }
}

#[test]
fn other_ports_are_left_alone() {
    let Some(lab) = Lab::new() else { return };
    install(&lab.a);
    install(&lab.b);
    for address in lab.addresses_of_b(9042) {
        let listener = lab.b.listen(address);
        let (mut client, mut database) = pair(&lab.a, &listener, address);
        talk(&mut client, &mut database);
    }
}

/// Regression: with rules that match more than pure SYNs, the first packet after the installation
/// is redirected, since tracking has just begun and takes it for a new connection.
#[test]
fn established_connections_survive_the_installation_at_either_end() {
    let Some(lab) = Lab::new() else { return };
    let (_agent_a, _agent_b) = (Agent::start(&lab.a), Agent::start(&lab.b));
    for installed in [&lab.a, &lab.b] {
        let mut links: Vec<_> = (lab.addresses_of_b(INTERCEPTED).into_iter())
            .flat_map(|address| {
                let listener = lab.b.listen(address);
                [
                    pair(&lab.a, &listener, address),
                    pair(&lab.a, &listener, address),
                ]
            })
            .collect();
        for (i, (dialler, acceptor)) in links.iter_mut().enumerate() {
            if i % 2 == 0 {
                talk(dialler, acceptor);
            }
        }
        install(installed);
        for (dialler, acceptor) in &mut links {
            talk(acceptor, dialler);
            talk(dialler, acceptor);
        }
        installed.enter(intercept::remove).unwrap();
        for (dialler, acceptor) in &mut links {
            talk(dialler, acceptor);
        }
        install(installed);
        for (dialler, acceptor) in &mut links {
            talk(dialler, acceptor);
        }
        installed.enter(intercept::remove).unwrap();
    }
}

#[test]
fn redirected_connections_survive_a_change_of_the_rules_and_their_release() {
    let Some(lab) = Lab::new() else { return };
    let (agent_a, agent_b) = (Agent::start(&lab.a), Agent::start(&lab.b));
    install(&lab.a);
    let [v4, v6] = lab.addresses_of_b(INTERCEPTED);
    let mut links = vec![
        pair(&lab.a, &agent_a.outbound[0], v4),
        pair(&lab.a, &agent_a.outbound[1], v6),
    ];
    lab.a.enter(|| intercept::release(&rules())).unwrap();
    install(&lab.b);
    links.push(pair(&lab.a, &agent_b.inbound[0], v4));
    links.push(pair(&lab.a, &agent_b.inbound[1], v6));
    let mut all_talk = || links.iter_mut().for_each(|(one, other)| talk(one, other));

    let more = Rules {
        ports: vec![INTERCEPTED, 7001, 7002],
        ..rules()
    };
    for side in [&lab.a, &lab.b] {
        side.enter(|| intercept::install(&more)).unwrap();
        all_talk();
        install(side);
        all_talk();
    }
    for side in [&lab.a, &lab.b] {
        assert!(side.enter(|| intercept::release(&rules())).unwrap());
        assert_eq!(show(side), State::Released);
        all_talk();
    }
    let listener = lab.b.listen(v4);
    let (mut client, mut database) = pair(&lab.a, &listener, v4);
    talk(&mut client, &mut database);
    install(&lab.b);
    all_talk();
}

#[test]
fn nobody_dials_the_agents_own_ports() {
    let Some(lab) = Lab::new() else { return };
    let agent = Agent::start(&lab.b);
    let direct = lab.addresses_of_b(INBOUND);
    for (address, listener) in direct.into_iter().zip(&agent.inbound) {
        let (_peer, accepted) = pair(&lab.a, listener, address);
        let error = original_dst(&accepted).unwrap_err();
        assert!(
            matches!(
                error,
                NotRedirected::Direct { .. } | NotRedirected::Untracked { .. }
            ),
            "without rules it gets through, and shows: {error}"
        );
    }
    install(&lab.b);
    for address in direct {
        assert!(refused(&lab.a, address), "{address} from the network");
        assert!(refused(&lab.b, address), "{address} from the node itself");
    }
    for address in ["127.0.0.1", "::1"] {
        let address = SocketAddr::new(address.parse().unwrap(), OUTBOUND);
        assert!(refused(&lab.b, address), "{address} from the node itself");
    }
}

#[test]
fn a_direct_connection_shows_as_such_while_the_kernel_tracks_it() {
    let Some(lab) = Lab::new() else { return };
    install(&lab.b);
    for address in lab.addresses_of_b(9042) {
        let listener = lab.b.listen(address);
        let (_peer, accepted) = pair(&lab.a, &listener, address);
        let error = original_dst(&accepted).unwrap_err();
        assert!(
            matches!(error, NotRedirected::Direct { local } if local == address),
            "{error}"
        );
    }
}

#[test]
fn a_listener_of_both_families_gives_an_ipv4_destination_as_ipv4() {
    let Some(lab) = Lab::new() else { return };
    let listener = lab
        .b
        .listen(SocketAddr::new("::".parse().unwrap(), INBOUND));
    install(&lab.b);
    for address in lab.addresses_of_b(INTERCEPTED) {
        let (_peer, accepted) = pair(&lab.a, &listener, address);
        assert_eq!(original_dst(&accepted).unwrap(), address);
    }
}

/// The SYN goes unanswered, and is sent again after the rules are there: tracking takes it for
/// what it is, part of a connection it knows, so no NAT rule sees it.
#[test]
fn a_syn_from_before_the_rules_is_reset_and_does_not_go_past_the_agent() {
    let Some(lab) = Lab::new() else { return };
    let silence = "table inet mute { chain input { type filter hook input priority -10; \
                   tcp dport 7000 drop; }; }";
    let tracking = "table inet seen { chain output { type filter hook output priority 0; ct state new accept; }; }";
    for address in lab.addresses_of_b(INTERCEPTED) {
        let _agent = Agent::start(&lab.a);
        let listener = lab.b.listen(address);
        lab.b.nft(&["-f", "-"], silence);
        lab.a.nft(&["-f", "-"], tracking);
        let dialling = std::thread::scope(|scope| {
            let dialling = scope.spawn(|| lab.a.enter(|| TcpStream::connect(address)));
            eventually("a SYN that nobody answers", || {
                let sockets = lab.a.enter(|| {
                    std::process::Command::new("ss")
                        .args(["-Htn", "state", "syn-sent"])
                        .output()
                });
                !sockets.unwrap().stdout.is_empty()
            });
            install(&lab.a);
            lab.b.nft(&["delete", "table", "inet", "mute"], "");
            dialling.join().unwrap()
        });
        assert_eq!(dialling.unwrap_err().kind(), ErrorKind::ConnectionRefused);
        listener.set_nonblocking(true).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
        lab.a.enter(intercept::remove).unwrap();
        lab.a.nft(&["delete", "table", "inet", "seen"], "");
    }
}

#[test]
fn a_connection_exempt_from_tracking_is_reset_and_does_not_go_past_the_agent() {
    let Some(lab) = Lab::new() else { return };
    let exempt = "table inet raw { chain in { type filter hook prerouting priority -300; \
                  tcp dport 7000 notrack; }; \
                  chain out { type filter hook output priority -300; tcp dport 7000 notrack; }; }";
    for side in [&lab.a, &lab.b] {
        side.nft(&["-f", "-"], exempt);
        install(side);
        for address in lab.addresses_of_b(INTERCEPTED) {
            let _listener = lab.b.listen(address);
            assert!(refused(&lab.a, address));
        }
        side.enter(intercept::remove).unwrap();
        side.nft(&["delete", "table", "inet", "raw"], "");
    }
}

#[test]
fn without_an_agent_nothing_gets_through() {
    let Some(lab) = Lab::new() else { return };
    for installed in [&lab.a, &lab.b] {
        install(installed);
        for address in lab.addresses_of_b(INTERCEPTED) {
            let _listener = lab.b.listen(address);
            assert!(refused(&lab.a, address));
        }
        installed.enter(intercept::remove).unwrap();
    }
}
