//! ```text
//!     west 10.78.0.0/24                east 10.78.0.0/24
//!     .1 │       │ .2                  │ .1
//!        n1      n2    dc1             n3    dc2
//!     .1 │       │ .2                  │ .3
//!   ─────┴───────┴──── 10.77.0.0/24 ───┴─────
//! ```
//!
//! Others know a node by its address in 10.77.0.0/24, its `broadcast_address`. It listens there and at
//! the private one, its `listen_address`, where nodes of its datacenter dial it (`prefer_local`). The
//! private networks number their nodes alike, as those of two clouds may.

use std::{collections::BTreeSet, net::IpAddr, path::PathBuf, time::Duration};

use ringlock_itest::{
    OrFail as _, Site, Watched, assert_no_plaintext, may_run_as_root,
    testkit::{
        Moment,
        agent::{AgentConfig, Interception},
        capture::Capture,
        cassandra::{CLUSTER_NAME, CQL_PORT, Cluster, ClusterOptions},
        lab::Lab,
        pki::Issued,
        poll,
    },
};
use ringlock_model::{Direction, Mode, Security, admin::Link};

use crate::rows::{MARKER, make_table, write_and_read};

const PLACES: [(&str, &str); 3] = [("dc1", "r1"), ("dc1", "r2"), ("dc2", "r1")];
const PRIVATE: [[u8; 4]; 3] = [[10, 78, 0, 1], [10, 78, 0, 2], [10, 78, 0, 1]];
/// How long three nodes may take to start on a slow machine.
const START: Duration = Duration::from_secs(360);
/// How long the cluster may take for anything else.
const PATIENCE: Duration = Duration::from_secs(180);
const GLANCE: Duration = Duration::from_millis(200);

/// What is dropped first depends on what is dropped later.
struct Ring {
    agents: Vec<Watched>,
    cluster: Cluster,
    between: Capture,
    within: Capture,
    site: Site,
    lab: Lab,
}

impl Ring {
    /// Captures, agents that want mutual TLS of everybody, and the rules, before any database.
    fn start() -> Self {
        let lab = Lab::new(PLACES.len()).or_fail("making network namespaces");
        let member = |node: usize| (&lab.nodes()[node], IpAddr::from(PRIVATE[node]));
        let joined = lab
            .add_network("west", &[member(0), member(1)])
            .and_then(|()| lab.add_network("east", &[member(2)]));
        joined.or_fail("making private networks");
        let log = |name| lab.dir().join(name);
        let between = Capture::start(lab.bridge(), MARKER, &log("between.log"));
        let within = Capture::start_on("west", lab.bridge(), MARKER, &log("within.log"));
        let options = ClusterOptions {
            places: PLACES.to_vec(),
            private: PRIVATE.map(|ip| Some(ip.into())).to_vec(),
            ..ClusterOptions::default()
        };
        let files = Cluster::write_files(&lab, &options).or_fail("writing the nodes' files");
        let site = Site::new();
        let agents = files.iter().enumerate();
        let agents = agents.map(|(node, yaml)| start_agent(&lab, &site, node, yaml.clone()));
        Self {
            agents: agents.collect(),
            cluster: Cluster::start(&lab, &options).or_fail("starting Cassandra"),
            between: between.or_fail("capturing between datacenters"),
            within: within.or_fail("capturing within a datacenter"),
            site,
            lab,
        }
    }

    fn order(&self, mode: &str) {
        for agent in &self.agents {
            let mode = mode.parse().or_fail("reading a mode");
            agent.set_mode(mode).or_fail("ordering a mode");
        }
    }

    /// Where a node meets another one, whoever dials.
    fn address(&self, of: usize, with: usize) -> IpAddr {
        if PLACES[of].0 == PLACES[with].0 {
            PRIVATE[of].into()
        } else {
            self.lab.nodes()[of].ipv4.into()
        }
    }

    /// Waits until every node has links with every other one, at the right addresses and in no other
    /// state than that.
    fn await_links(&self, is_right: impl Fn(bool, &Security) -> bool) -> Moment {
        let mut last = String::new();
        let settled = poll(PATIENCE, GLANCE, || {
            let nodes = 0..PLACES.len();
            let lack = nodes.filter_map(|node| self.lack(node, &is_right)).next();
            last = lack.clone().unwrap_or_default();
            Ok::<_, std::io::Error>(lack.is_none().then_some(()))
        });
        settled
            .or_fail("asking")
            .unwrap_or_else(|| panic!("after {PATIENCE:?}: {last}"));
        Moment::now()
    }

    fn lack(&self, node: usize, is_right: &impl Fn(bool, &Security) -> bool) -> Option<String> {
        let status = self.agents[node].state();
        assert_eq!(status.topology.conflicts, [""; 0]);
        let mut met = BTreeSet::new();
        let mut unfit = |link: &Link| {
            let mut peers = (0..PLACES.len()).filter(|peer| *peer != node);
            let peer = peers.find(|peer| self.address(*peer, node) == link.peer);
            let near = peer.is_some_and(|peer| PLACES[peer].0 == PLACES[node].0);
            met.extend(peer.map(|peer| (peer, link.direction == Direction::Outbound)));
            peer.is_none() || !is_right(near, &link.security)
        };
        let links = status.links.iter();
        let unfit: Vec<_> = links.filter(|link| unfit(link)).collect();
        let lacks = met.len() < 2 * (PLACES.len() - 1);
        (lacks || !unfit.is_empty()).then(|| format!("n{}: {unfit:?} of {met:?}", node + 1))
    }
}

/// Certificates of n1 and n2 hold their addresses and nothing else, so that only the databases tell
/// where they are; n3's tells it itself, and holds n1's private address as its own.
fn issue(site: &Site, lab: &Lab, node: usize) -> Issued {
    let host = &lab.nodes()[node];
    let (public, private) = (
        host.ipv4.to_string(),
        IpAddr::from(PRIVATE[node]).to_string(),
    );
    match PLACES[node] {
        ("dc1", _) => site.issue_foreign(&host.name, &format!("IP:{public},IP:{private}")),
        (datacenter, rack) => site.issue_in(&host.name, [datacenter, rack], &[&public, &private]),
    }
}

fn start_agent(lab: &Lab, site: &Site, node: usize, yaml: PathBuf) -> Watched {
    let host = &lab.nodes()[node];
    let dir = lab.dir().join(format!("agent-{}", host.name));
    let identity = issue(site, lab, node);
    let (transparent, mode) = (Interception::Transparent, Mode::REQUIRE);
    let mut config = AgentConfig::new(CLUSTER_NAME, transparent, mode, &identity, &dir);
    let rackdc = yaml.with_file_name("cassandra-rackdc.properties");
    config.ringlock_lines.extend([
        "topology:".to_owned(),
        format!("  rackdc_file: {}", rackdc.display()),
        "  cql:".to_owned(),
        format!("    address: {}:{CQL_PORT}", host.ipv4),
        "    refresh: 2s".to_owned(),
    ]);
    let mut agent = Watched::start(&host.name, &config, &dir, Some(&host.namespace));
    agent.expect("whatever require_client_auth says");
    agent.install_interception().or_fail("intercepting");
    agent
}

fn is_tls(_near: bool, security: &Security) -> bool {
    matches!(security, Security::Tls(_))
}

/// What `internode_encryption: dc` asks for.
fn is_by_datacenter(near: bool, security: &Security) -> bool {
    match security {
        Security::Tls(_) => !near,
        Security::Plaintext { .. } => near,
        Security::Native(_) => false,
    }
}

#[test]
fn nodes_that_prefer_private_addresses_are_known_by_both_and_must_certify_both() {
    if !may_run_as_root() {
        return;
    }
    let mut ring = Ring::start();
    let ready = ring.cluster.wait_ready(START);
    ready.or_fail("waiting until every node sees every node up and normal");
    ring.await_links(is_tls);
    make_table(&ring.lab, &ring.cluster, "'dc1': 2, 'dc2': 1");
    write_and_read(&ring.lab, &ring.cluster, "all");

    let scoped = Moment::now();
    ring.order("dc");
    ring.await_links(is_by_datacenter);
    write_and_read(&ring.lab, &ring.cluster, "dc");
    ring.cluster.check_all_up().or_fail("looking at the ring");

    // Now n2 shows what peers of another datacenter would be content with.
    let public = ring.lab.nodes()[1].ipv4;
    ring.site.issue_foreign("n2", &format!("IP:{public}"));
    ring.agents[1].reload().or_fail("reloading");
    ring.agents[0].expect("address-not-certified");
    ring.agents[1].expect("refused:");
    ring.order("all");
    for sentence in [
        "the address that was dialled, 10.78.0.2, is not in the peer's certificate, which holds \
         10.77.0.2",
        "the peer's address 10.78.0.2 is not in its certificate, which holds 10.77.0.2",
    ] {
        ring.agents[0].await_line(&["address-not-certified", sentence]);
    }
    issue(&ring.site, &ring.lab, 1);
    ring.agents[1].reload().or_fail("reloading");
    let repaired = ring.await_links(is_tls);
    let all_up = ring.cluster.wait_all_up(PATIENCE);
    all_up.or_fail("waiting until every node sees every node up and normal");
    write_and_read(&ring.lab, &ring.cluster, "repaired");

    let Ring {
        between, within, ..
    } = ring;
    let between = between.finish().or_fail("ending a capture");
    assert_no_plaintext(&between, Moment::BEGINNING);
    let within = within.finish().or_fail("ending a capture");
    assert_no_plaintext(&within, repaired);
    let traffic = within.traffic;
    assert_eq!(
        traffic.plaintext_bytes_between(Moment::BEGINNING, scoped),
        0
    );
    assert!(traffic.sightings_between(scoped, repaired) > 0);
}
