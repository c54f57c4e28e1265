//! `internode_encryption: dc` and `rack` between network namespaces: whom the agent dials and takes
//! how, and what becomes of links when places or modes change.
//!
//! ```text
//!   n1 dc1:r1 ── n2 dc1:r2 ── n3 dc2:r1      with agents
//!   n4 dc2:r1, client, of whom nobody says anything      without
//! ```

use std::{
    io::{Read as _, Write as _},
    net::{IpAddr, SocketAddr, TcpStream},
    path::PathBuf,
};

use fs_err as fs;
use ringlock_itest::{
    CLUSTER, Conduct, Database, OrFail as _, Site, Watched, expect_echo, initiate, may_run_as_root,
    patiently, retry_until,
    testkit::{
        agent::{AgentConfig, Interception},
        lab::{Host, Lab},
        pki::Issued,
    },
};
use ringlock_model::{Crossing, Direction, PlaintextReason, Security, admin::Link};

const PORT: u16 = 7000;
const PLACES: [(&str, &str); 4] = [("dc1", "r1"), ("dc1", "r2"), ("dc2", "r1"), ("dc2", "r1")];
/// What the agent says of `require_client_auth` beside a scope.
const WARNING: &str = "whatever require_client_auth says";

/// What is dropped first depends on what is dropped later.
struct Ring {
    agents: Vec<Watched>,
    nodes: Vec<Node>,
    _site: Site,
    lab: Lab,
}

struct Node {
    host: Host,
    identity: Issued,
    dir: PathBuf,
    _database: Database,
}

impl Ring {
    /// Agents beside the first three nodes, and the rules in place.
    fn new(mode: &str) -> Self {
        let lab = Lab::new(PLACES.len()).or_fail("making network namespaces");
        let site = Site::new();
        let hosts = lab.nodes().iter().zip(PLACES);
        let nodes: Vec<_> = hosts
            .map(|(host, place)| Node::new(host, place, &lab, &site))
            .collect();
        let addresses: Vec<_> = nodes.iter().map(|node| node.host.ipv4.into()).collect();
        let agents = nodes.iter().take(3).map(|node| {
            let config = node.config(mode, &static_map(&addresses, &PLACES));
            let mut agent = node.start(&config);
            agent.expect(WARNING);
            agent.install_interception().or_fail("intercepting");
            agent
        });
        Self {
            agents: agents.collect(),
            nodes,
            _site: site,
            lab,
        }
    }

    fn order(&self, mode: &str) {
        for agent in &self.agents {
            agent
                .set_mode(mode.parse().or_fail("reading a mode"))
                .or_fail("ordering a mode");
        }
    }

    /// Dials as the database of one node the one of another, and is answered.
    fn greet(&self, from: usize, to: usize) -> TcpStream {
        greet(&self.nodes[from].host, self.nodes[to].address())
    }

    /// The link between two nodes as the agents of both see it; one of them must have it.
    #[track_caller]
    fn link(&self, from: usize, to: usize) -> [Link; 2] {
        let of = |agent: usize, peer: usize, direction| {
            let peer: IpAddr = self.nodes[peer].host.ipv4.into();
            retry_until("a link", || {
                let links = self.agents[agent].state().links;
                let mut links = links.into_iter();
                links.find(|link| (link.peer, link.direction) == (peer, direction))
            })
        };
        [
            of(from, to, Direction::Outbound),
            of(to, from, Direction::Inbound),
        ]
    }

    #[track_caller]
    fn assert_plaintext(&self, from: usize, to: usize, because: PlaintextReason) {
        for link in self.link(from, to) {
            let expected = Security::Plaintext { reason: because };
            assert_eq!(link.security, expected, "{link:?}");
        }
    }

    #[track_caller]
    fn assert_tls(&self, from: usize, to: usize) {
        for link in self.link(from, to) {
            assert!(matches!(link.security, Security::Tls(_)), "{link:?}");
        }
    }

    /// Waits until no agent has a link.
    #[track_caller]
    fn await_silence(&self) {
        for agent in &self.agents {
            retry_until("the end of all links", || {
                agent.state().links.is_empty().then_some(())
            });
        }
    }
}

impl Node {
    fn new(host: &Host, (datacenter, rack): (&str, &str), lab: &Lab, site: &Site) -> Self {
        let address = (host.ipv4, PORT).into();
        let serve = || Database::start_at(address, Conduct::PlaintextOnly);
        let ip = host.ipv4.to_string();
        Self {
            host: host.clone(),
            identity: site.issue_in(&host.name, [datacenter, rack], &[&ip]),
            dir: lab.dir().join(format!("agent-{}", host.name)),
            _database: host.namespace.within(serve).or_fail("serving"),
        }
    }

    fn config(&self, mode: &str, topology: &[String]) -> AgentConfig {
        let mut config = AgentConfig::new(
            CLUSTER,
            Interception::Transparent,
            mode.parse().or_fail("reading a mode"),
            &self.identity,
            &self.dir,
        );
        config.ringlock_lines.extend_from_slice(topology);
        config
    }

    fn start(&self, config: &AgentConfig) -> Watched {
        let namespace = Some(&self.host.namespace);
        Watched::start(&self.host.name, config, &self.dir, namespace)
    }

    fn address(&self) -> SocketAddr {
        (self.host.ipv4, PORT).into()
    }
}

/// `ringlock.topology` with every node where it is said to be.
fn static_map(nodes: &[IpAddr], places: &[(&str, &str)]) -> Vec<String> {
    let mut lines = vec!["topology:".to_owned(), "  nodes:".to_owned()];
    for (address, (datacenter, rack)) in nodes.iter().zip(places) {
        lines.push(format!(
            "    {address}: {{datacenter: {datacenter}, rack: {rack}}}"
        ));
    }
    lines
}

/// What the database of that host says first.
fn greeting(host: &Host) -> Vec<u8> {
    [&initiate(host.ipv4.into())[..], b"how do you do"].concat()
}

fn greet(host: &Host, address: SocketAddr) -> TcpStream {
    let mut dialled = dial(host, address);
    expect_echo(&mut dialled, &greeting(host));
    dialled
}

fn dial(host: &Host, address: SocketAddr) -> TcpStream {
    let dialled = host.namespace.within(|| TcpStream::connect(address));
    let dialled = dialled.or_fail("entering a namespace").or_fail("dialling");
    patiently(&dialled);
    dialled
}

/// The connection is ended with nothing said.
#[track_caller]
fn assert_unanswered(host: &Host, address: SocketAddr) {
    let mut dialled = dial(host, address);
    // It may be gone before it is spoken to.
    dialled.write_all(&greeting(host)).ok();
    assert_eq!(dialled.read(&mut [0]).unwrap_or_default(), 0);
}

/// Reads until the other side ends it, as a database does whose link is turned over, and closes.
fn follow_to_its_end(mut stream: TcpStream) {
    stream.read_to_end(&mut Vec::new()).ok();
}

#[test]
fn dc_encrypts_what_leaves_the_datacenter_and_rack_what_leaves_the_rack() {
    if !may_run_as_root() {
        return;
    }
    let ring = Ring::new("dc");
    let within = ring.greet(0, 1);
    ring.assert_plaintext(0, 1, PlaintextReason::SameDatacenter);
    let across = [ring.greet(0, 2), ring.greet(2, 0)];
    ring.assert_tls(0, 2);
    ring.assert_tls(2, 0);
    let link = &ring.link(0, 2)[0];
    let place = link.place.as_ref().or_fail("the peer's place");
    assert_eq!(place.to_string(), "dc2:r1");
    assert_eq!(link.crossing, Some(Crossing::OtherDatacenter));

    // The racks differ, so what was within is across now; the rest stays as it is.
    ring.order("rack");
    follow_to_its_end(within);
    let turned = ring.greet(0, 1);
    ring.assert_tls(0, 1);
    for mut across in across {
        expect_echo(&mut across, b"still there");
        drop(across);
    }

    // And back.
    ring.order("dc");
    follow_to_its_end(turned);
    ring.await_silence();
    drop(ring.greet(1, 0));
    ring.await_silence();
    let within = ring.greet(1, 0);
    ring.assert_plaintext(1, 0, PlaintextReason::SameDatacenter);
    drop(within);
}

#[test]
fn plaintext_from_across_and_from_strangers_is_refused_and_not_dialled() {
    if !may_run_as_root() {
        return;
    }
    let mut ring = Ring::new("dc");
    let one = ring.nodes[0].address();
    let [across, stranger] = [ring.nodes[3].host.clone(), ring.lab.client().clone()];
    assert_unanswered(&across, one);
    let sentence =
        "the peer of another datacenter dialled plaintext, and internode_encryption is dc";
    ring.agents[0].await_refusals("plaintext-refused", 1, sentence);
    ring.agents[0].expect("whose datacenter and rack are not known for sure");
    assert_unanswered(&stranger, one);
    ring.agents[0].await_line(&[
        "plaintext-refused",
        "the peer, whose datacenter and rack are not known for sure, dialled plaintext",
    ]);

    // The node across has no agent and speaks no TLS: it is not dialled in plaintext instead.
    ring.agents[0].expect("refused:");
    assert_unanswered(&ring.nodes[0].host, ring.nodes[3].address());
    assert_eq!(ring.agents[0].state().links, []);

    // With `optional` both are let through, and the reason says that it was no choice of ours.
    ring.order("dc+optional");
    let taken = greet(&across, one);
    let link = retry_until("a link", || ring.agents[0].state().links.pop());
    let reason = PlaintextReason::PeerDialledPlaintext;
    assert_eq!(link.security, Security::Plaintext { reason });
    drop(taken);
    ring.await_silence();
    let fallen_back = greet(&ring.nodes[0].host, ring.nodes[3].address());
    let link = retry_until("a link", || ring.agents[0].state().links.pop());
    let reason = PlaintextReason::PeerSpeaksNoTls;
    assert_eq!(link.security, Security::Plaintext { reason });
    drop(fallen_back);
}

#[test]
fn a_node_that_moves_has_its_links_turned_over_and_who_contradicts_it_is_told() {
    if !may_run_as_root() {
        return;
    }
    let mut ring = Ring::new("dc");
    let within = ring.greet(0, 1);
    ring.assert_plaintext(0, 1, PlaintextReason::SameDatacenter);

    let mut places = PLACES;
    places[1] = ("dc2", "r2");
    let addresses: Vec<_> = ring
        .nodes
        .iter()
        .map(|node| node.host.ipv4.into())
        .collect();
    let node = &ring.nodes[0];
    let config = node.config("dc", &static_map(&addresses, &places));
    fs::write(node.dir.join("ringlock.yaml"), config.to_yaml()).or_fail("writing");
    follow_to_its_end(within);

    // The peer's certificate still names the old place, so that nobody is believed.
    ring.agents[0].expect("neither is believed");
    let _across = ring.greet(0, 1);
    ring.assert_tls(0, 1);
    let told = format!(
        "{} is in dc1:r2 by certificate, in dc2:r2 by ringlock.topology",
        ring.nodes[1].host.ipv4
    );
    ring.agents[0].await_line(&[&told]);
    let status = ring.agents[0].state();
    assert_eq!(status.topology.conflicts, [told]);
    let crossing = status.links.iter().map(|link| link.crossing);
    assert_eq!(crossing.collect::<Vec<_>>(), [Some(Crossing::Unknown)]);
}
