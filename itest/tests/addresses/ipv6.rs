use std::{net::IpAddr, process::Command, time::Duration};

use ringlock_itest::{
    OrFail as _, Site, Watched, assert_no_plaintext, may_run_as_root, retry_until,
    testkit::{
        Moment,
        agent::{AgentConfig, Cut, Interception, ringlock},
        capture::Capture,
        cassandra::{
            CASSANDRA_3_11, CASSANDRA_5_0, CLUSTER_NAME, Cluster, ClusterOptions, Release,
        },
        lab::{Family, Host, Lab},
    },
};
use ringlock_model::{
    Direction, Mode, Security,
    admin::{Bypassing, Status},
};

use crate::rows::{MARKER, make_table, wake, write_and_read};

/// How long two nodes may take to start on a slow machine.
const START: Duration = Duration::from_secs(300);
const PATIENCE: Duration = Duration::from_secs(60);

/// What is dropped first depends on what is dropped later.
struct Ring {
    agents: Vec<Watched>,
    cluster: Cluster,
    capture: Capture,
    site: Site,
    lab: Lab,
}

impl Ring {
    /// Nodes in plaintext on hosts that have no IPv4 address but that of loopback.
    fn start(release: &'static Release) -> Self {
        let lab = Lab::new(2).or_fail("making network namespaces");
        for host in lab.nodes().iter().chain([lab.client()]) {
            let mut flush = Command::new("ip");
            let flushed = host
                .namespace
                .run(flush.args(["-4", "addr", "flush", "dev", "eth0"]));
            flushed.or_fail("taking the IPv4 address away");
        }
        let log = lab.dir().join("tcpdump.log");
        let capture = Capture::start(lab.bridge(), MARKER, &log).or_fail("starting a capture");
        let options = ClusterOptions {
            release,
            family: Family::V6,
            ..ClusterOptions::default()
        };
        let cluster = Cluster::start(&lab, &options).or_fail("starting Cassandra");
        Self {
            agents: Vec::new(),
            cluster,
            capture,
            site: Site::new(),
            lab,
        }
    }

    /// Agents with certificates for the IPv6 address alone, which take both kinds at first.
    fn start_agents(&mut self) {
        for host in self.lab.nodes() {
            let address = host.ipv6.to_string();
            let identity = self.site.issue(&host.name, &[&address]);
            let dir = self.lab.dir().join(format!("agent-{}", host.name));
            let (transparent, mode) = (Interception::Transparent, Mode::ACCEPT_BOTH);
            let config = AgentConfig::new(CLUSTER_NAME, transparent, mode, &identity, &dir);
            let agent = Watched::start(&host.name, &config, &dir, Some(&host.namespace));
            agent.install_interception().or_fail("intercepting");
            self.agents.push(agent);
        }
    }

    fn order(&self, mode: &str) {
        for agent in &self.agents {
            let mode = mode.parse().or_fail("reading a mode");
            agent.set_mode(mode).or_fail("ordering a mode");
        }
    }

    /// Every connection from before the agents goes, pair by pair, and comes back through them.
    fn cut_old_links(&self) {
        for (agent, peer) in self.agents.iter().zip(self.lab.nodes().iter().rev()) {
            let cut = Cut {
                peer: Some(peer.ipv6.into()),
                direction: Some(Direction::Outbound),
                patience: PATIENCE,
            };
            let said = agent.cut(&cut).or_fail("cutting old links");
            let expected = format!("outbound [{}]:7000: cut, back", peer.ipv6);
            assert!(said.contains(&expected), "{said}");
        }
    }

    /// Waits until each agent has links with the other in both directions, each of them TLS with the
    /// other's certificate, and none goes past it.
    fn await_private(&self) {
        for (agent, peer) in self.agents.iter().zip(self.lab.nodes().iter().rev()) {
            retry_until("mutual TLS in both directions, and nothing beside", || {
                let status = agent.state();
                is_private(&status, peer).then_some(())
            });
        }
    }
}

fn is_private(status: &Status, peer: &Host) -> bool {
    let name = format!("ringlock://Test%20Cluster/dc1/r1/{}", peer.name);
    let is_good = |security: &Security| match security {
        Security::Tls(facts) => facts
            .identity
            .as_ref()
            .is_some_and(|identity| identity.to_string() == name),
        Security::Plaintext { .. } | Security::Native(_) => false,
    };
    let links = &status.links;
    let has = |direction| links.iter().any(|link| link.direction == direction);
    [Direction::Inbound, Direction::Outbound]
        .into_iter()
        .all(has)
        && links
            .iter()
            .all(|link| link.peer == IpAddr::from(peer.ipv6) && is_good(&link.security))
        && status.bypassing == Bypassing::Connections(Vec::new())
}

#[test]
fn a_cluster_of_5_0_on_ipv6_alone_is_taken_to_mutual_tls_while_it_runs() {
    encrypt_live(&CASSANDRA_5_0);
}

#[test]
fn a_cluster_of_3_11_on_ipv6_alone_is_taken_to_mutual_tls_while_it_runs() {
    encrypt_live(&CASSANDRA_3_11);
}

fn encrypt_live(release: &'static Release) {
    if !may_run_as_root() {
        return;
    }
    let mut ring = Ring::start(release);
    let ready = ring.cluster.wait_ready(START);
    ready.or_fail("waiting until every node sees every node up and normal");
    make_table(&ring.lab, &ring.cluster, "'dc1': 2");
    write_and_read(&ring.lab, &ring.cluster, "plain");
    ring.start_agents();
    ring.order("all+optional");
    ring.cut_old_links();
    ring.order("all");
    ring.await_private();

    let private = Moment::now();
    if release == &CASSANDRA_3_11 {
        wake(&ring.lab, &ring.cluster);
    }
    write_and_read(&ring.lab, &ring.cluster, "private");
    ring.cluster.check_all_up().or_fail("looking at the ring");
    for (agent, peer) in ring.agents.iter().zip(ring.lab.nodes().iter().rev()) {
        let mut status = ringlock();
        status.arg("status").arg("--socket").arg(agent.socket());
        let host = &ring.lab.nodes()[0].namespace;
        let shown = host.run(&mut status).or_fail("asking for the status");
        assert!(shown.contains(&format!("[{}]:7000", peer.ipv6)), "{shown}");
    }
    for evidence in ring.cluster.evidence().or_fail("reading logs") {
        assert!(!evidence.restarted, "{evidence:?}");
        assert!(evidence.marked_down.is_empty(), "{evidence:?}");
    }
    let captured = ring.capture.finish().or_fail("ending the capture");
    let seen = |from, to| captured.traffic.sightings_between(from, to);
    assert!(seen(Moment::BEGINNING, private) > 0, "read before");
    assert_eq!(seen(private, Moment::now()), 0);
    assert!(captured.traffic.flows().all(|flow| flow.server.is_ipv6()));
    assert_no_plaintext(&captured, private);
}
