//! `dc` and `rack` on real nodes: what the agents learn of places, and what the network sees.
//!
//! ```text
//!   dc1: n1 r1 ── n2 r1 ── n3 r2        dc2: n4 r1
//! ```
//!
//! n4's rack has the name of that of n1 and n2, and is another one.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Duration,
};

use ringlock_itest::{
    OrFail as _, Watched, may_run_as_root,
    testkit::{
        Moment,
        agent::{AgentConfig, Cut, Interception},
        capture::{Capture, Captured},
        cassandra::{CLUSTER_NAME, CQL_PORT, Cluster, ClusterOptions},
        lab::Lab,
        pki::{Authority, Issued, Subject},
        poll,
    },
    write_private,
};
use ringlock_model::{Direction, Security};

const PLACES: [(&str, &str); 4] = [("dc1", "r1"), ("dc1", "r1"), ("dc1", "r2"), ("dc2", "r1")];
/// How long four nodes may take to start on a slow machine.
const START: Duration = Duration::from_secs(420);
/// How long the cluster may take for anything else.
const PATIENCE: Duration = Duration::from_secs(180);
/// How long nodes are listened to once every link is as it should be: they gossip every second.
const LISTEN: Duration = Duration::from_secs(5);

/// What is dropped first depends on what is dropped later.
struct Ring {
    agents: Vec<Watched>,
    cluster: Cluster,
    capture: Capture,
    lab: Lab,
}

impl Ring {
    fn new() -> Self {
        let lab = Lab::new(PLACES.len()).or_fail("making network namespaces");
        let log = lab.dir().join("tcpdump.log");
        let capture = Capture::start(lab.bridge(), "nothing", &log).or_fail("capturing");
        let options = ClusterOptions {
            places: PLACES.to_vec(),
            yaml: "authenticator: PasswordAuthenticator\n".to_owned(),
            ..ClusterOptions::default()
        };
        let cluster = Cluster::start(&lab, &options).or_fail("starting Cassandra");
        Self {
            agents: Vec::new(),
            cluster,
            capture,
            lab,
        }
    }

    /// An agent beside each node, which learns places of its node and of the node's own file.
    fn start_agents(&mut self) {
        let dir = self.lab.dir().join("pki");
        let authority = Authority::init(&dir.join("ca"), CLUSTER_NAME).or_fail("making a CA");
        for (host, (datacenter, rack)) in self.lab.nodes().iter().zip(PLACES) {
            let subject = Subject {
                node: host.name.clone(),
                datacenter: datacenter.to_owned(),
                rack: rack.to_owned(),
                addresses: vec![host.ipv4.into()],
                names: Vec::new(),
            };
            let identity = authority.issue(&subject, &dir.join(&host.name), None);
            let identity: Issued = identity.or_fail("issuing a certificate");
            let dir = self.lab.dir().join(format!("agent-{}", host.name));
            let transparent = Interception::Transparent;
            // Strict only once every node has its agent.
            let mode = "dc+optional".parse().or_fail("reading a mode");
            let mut config = AgentConfig::new(CLUSTER_NAME, transparent, mode, &identity, &dir);
            let password = self.lab.dir().join("cql.password");
            write_private(&password, "cassandra\n");
            let rackdc = self.lab.dir().join(&host.name);
            let rackdc = rackdc.join("conf/cassandra-rackdc.properties");
            config.ringlock_lines.extend([
                "topology:".to_owned(),
                format!("  rackdc_file: {}", rackdc.display()),
                "  cql:".to_owned(),
                format!("    address: {}:{CQL_PORT}", host.ipv4),
                "    username: cassandra".to_owned(),
                format!("    password_file: {}", password.display()),
                "    refresh: 2s".to_owned(),
            ]);
            let mut agent = Watched::start(&host.name, &config, &dir, Some(&host.namespace));
            agent.expect("whatever require_client_auth says");
            // The first role is made some seconds after the start.
            agent.expect("does not let \"cassandra\" in");
            agent.install_interception().or_fail("intercepting");
            self.agents.push(agent);
        }
    }

    /// Waits until every agent has learnt of its node where every node is.
    fn await_places(&self) {
        for agent in &self.agents {
            let topology = poll(PATIENCE, Duration::from_millis(200), || {
                let topology = agent.state().topology;
                let told = topology.sources.iter().any(|source| {
                    source.source == "system tables"
                        && source
                            .state
                            .ends_with(&format!("told {} nodes", PLACES.len()))
                });
                Ok::<_, std::io::Error>(told.then_some(topology))
            });
            let topology = topology.or_fail("asking").or_fail("waiting for places");
            assert_eq!(topology.conflicts, [""; 0]);
            let sources: Vec<_> = topology.sources.iter().map(|one| &one.source[..]).collect();
            for source in [
                "certificate",
                "cassandra-rackdc.properties",
                "system tables",
            ] {
                assert!(sources.contains(&source), "{sources:?}");
            }
        }
    }

    fn order(&self, mode: &str) {
        for agent in &self.agents {
            agent
                .set_mode(mode.parse().or_fail("reading a mode"))
                .or_fail("ordering a mode");
        }
    }

    /// Every old link goes; those that the agents carry from then on are judged.
    fn cut_old_links(&self) {
        for agent in &self.agents {
            let cut = Cut {
                peer: None,
                direction: Some(Direction::Outbound),
                patience: PATIENCE,
            };
            agent.cut(&cut).or_fail("cutting old links");
        }
    }

    /// Waits until every node has dialled every other one as the scope has it, then listens, and
    /// gives the moment from which on the capture counts.
    fn await_links(&self, is_within: impl Fn(usize, usize) -> bool) -> Moment {
        let mut last = String::new();
        let settled = poll(PATIENCE, Duration::from_millis(200), || {
            let lack = (0..PLACES.len()).find_map(|node| self.lack(node, &is_within));
            last = lack.clone().unwrap_or_default();
            Ok::<_, std::io::Error>(lack.is_none().then_some(()))
        });
        settled
            .or_fail("asking")
            .unwrap_or_else(|| panic!("after {PATIENCE:?}: {last}"));
        let from = Moment::now();
        std::thread::sleep(LISTEN);
        from
    }

    fn lack(&self, node: usize, is_within: &impl Fn(usize, usize) -> bool) -> Option<String> {
        let links = self.agents[node].state().links;
        (0..PLACES.len())
            .filter(|peer| *peer != node)
            .find_map(|peer| {
                let address = self.address(peer);
                // What was in plaintext already keeps the reason that it was made for, which may be
                // that the peer's agent was not there yet.
                let fits = |security: &Security| match security {
                    Security::Tls(_) => !is_within(node, peer),
                    Security::Plaintext { .. } => is_within(node, peer),
                    Security::Native(_) => false,
                };
                let mut with = links.iter().filter(|link| link.peer == address).peekable();
                let name = format!("n{} and n{}", node + 1, peer + 1);
                if !with
                    .clone()
                    .any(|link| link.direction == Direction::Outbound)
                {
                    return Some(format!("{name}: no link: {links:?}"));
                }
                let unfit = with.find(|link| !fits(&link.security));
                unfit.map(|link| format!("{name}: {link:?}"))
            })
    }

    fn address(&self, node: usize) -> IpAddr {
        self.lab.nodes()[node].ipv4.into()
    }
}

/// What went between two nodes in a span.
#[derive(Default)]
struct Between {
    payload: u64,
    plaintext: u64,
}

/// Pairs of nodes that spoke after that moment, and in flows that began by then.
fn pairs(
    captured: &Captured,
    ring: &[IpAddr],
    from: Moment,
    to: Moment,
) -> [BTreeSet<(usize, usize)>; 2] {
    let mut seen: BTreeMap<(usize, usize), Between> = BTreeMap::new();
    for flow in captured.traffic.flows() {
        let number = |address: IpAddr| ring.iter().position(|node| *node == address);
        let pair = (number(flow.client.ip()), number(flow.server.ip()));
        let (Some(client), Some(server)) = pair else {
            continue;
        };
        // Alive while it was listened, and not one of those that were being replaced.
        if flow.last_seen < from || flow.first_seen >= to {
            continue;
        }
        let between = seen.entry((client.min(server), client.max(server)));
        let between = between.or_default();
        between.payload += flow.payload;
        between.plaintext += flow.plaintext;
    }
    let of = |is_plain: bool| {
        let pairs = seen
            .iter()
            .filter(|(_, between)| between.payload > 0 && (between.plaintext > 0) == is_plain);
        pairs.map(|(pair, _)| *pair).collect()
    };
    [of(true), of(false)]
}

#[test]
fn exactly_the_links_that_cross_are_encrypted() {
    if !may_run_as_root() {
        return;
    }
    let started = Moment::now();
    let mut ring = Ring::new();
    ring.cluster
        .wait_ready(START)
        .or_fail("waiting for Cassandra");
    report("four nodes up", started);
    ring.start_agents();
    ring.await_places();
    ring.cut_old_links();
    ring.order("dc");

    let in_one_datacenter = |one: usize, other: usize| PLACES[one].0 == PLACES[other].0;
    let in_one_rack = |one: usize, other: usize| PLACES[one] == PLACES[other];
    let dc = ring.await_links(in_one_datacenter);
    let dc_until = Moment::now();
    report("dc", started);
    ring.order("rack");
    let rack = ring.await_links(in_one_rack);
    let rack_until = Moment::now();
    report("rack", started);
    ring.cluster.check_all_up().or_fail("looking at the ring");

    let nodes: Vec<_> = (0..PLACES.len()).map(|node| ring.address(node)).collect();
    let Ring {
        capture,
        agents,
        cluster,
        lab,
    } = ring;
    let captured = capture.finish().or_fail("ending the capture");
    assert_eq!(captured.dropped_by_kernel, 0);
    let all = (0..PLACES.len()).flat_map(|one| (one + 1..PLACES.len()).map(move |two| (one, two)));
    let all: Vec<_> = all.collect();
    for (from, until, is_within) in [
        (
            dc,
            dc_until,
            &in_one_datacenter as &dyn Fn(usize, usize) -> bool,
        ),
        (rack, rack_until, &in_one_rack),
    ] {
        let [plain, encrypted] = pairs(&captured, &nodes, from, until);
        let (within, across): (BTreeSet<_>, BTreeSet<_>) =
            all.iter().partition(|(one, two)| is_within(*one, *two));
        assert_eq!((plain, encrypted), (within, across));
    }
    drop((agents, cluster, lab));
}

#[expect(
    clippy::print_stdout,
    reason = "the test runner shows it where somebody wants to know what takes so long"
)]
fn report(step: &str, since: Moment) {
    println!("{step}: after {:.0?}", Moment::now() - since);
}
