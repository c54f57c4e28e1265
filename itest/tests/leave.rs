//! A node leaves Ringlock for TLS of its own at a restart, while all nodes are behind agents: not a
//! byte is in clear on the way, and its agent only watches from then on.

use std::{net::IpAddr, thread, time::Duration};

use ringlock_itest::{
    OrFail as _, ROLLING_ENFORCED, Site, Watched, assert_no_plaintext, may_run_as_root,
    retry_until,
    testkit::{
        Moment,
        agent::{AgentConfig, Interception},
        capture::Capture,
        cassandra::{CLUSTER_NAME, Cluster, ClusterOptions},
        lab::{Host, Lab},
        load::{Load, LoadOptions},
        pki::Issued,
    },
};
use ringlock_model::{
    Direction, Mode, Security,
    admin::{Link, Status},
};

/// What a slow machine may take to start three nodes.
const START: Duration = Duration::from_secs(300);
/// What a node may take to end in order.
const END: Duration = Duration::from_secs(60);
/// How long clients write and read.
const LOAD: Duration = Duration::from_secs(3);
/// What every row of the clients holds.
const MARKER: &str = "nobody-else-may-read-this-row";
/// The node that leaves.
const LEAVER: usize = 0;

/// What is dropped first depends on what is dropped later.
struct Scene {
    agents: Vec<Watched>,
    cluster: Cluster,
    capture: Capture,
    identities: Vec<Issued>,
    _site: Site,
    lab: Lab,
}

#[test]
fn a_node_leaves_for_native_tls_at_a_restart_without_a_byte_in_clear() {
    if !may_run_as_root() {
        return;
    }
    let mut scene = Scene::start();
    scene.assert_terminated();
    scene.restart_with_native_tls();
    scene.assert_passed_through();
    scene.serve_clients("passed-through");
    scene.go_without_agent();
    scene.serve_clients("without-agent");
    scene.assert_private();
}

impl Scene {
    /// Plain nodes behind agents that require TLS.
    fn start() -> Self {
        let lab = Lab::new(3).or_fail("making network namespaces");
        let site = Site::new();
        let log = lab.dir().join("tcpdump.log");
        let capture = Capture::start(lab.bridge(), MARKER, &log).or_fail("starting a capture");
        let identities: Vec<_> = lab.nodes().iter().map(|host| issue(&site, host)).collect();
        let hosts = lab.nodes().iter().zip(&identities);
        let agents = hosts
            .map(|(host, identity)| start_agent(&lab, host, identity))
            .collect();
        let options = ClusterOptions::default();
        let mut cluster = Cluster::start(&lab, &options).or_fail("starting Cassandra");
        let ready = cluster.wait_ready(START);
        ready.or_fail("waiting until every node sees every node up and normal");
        Self {
            agents,
            cluster,
            capture,
            identities,
            _site: site,
            lab,
        }
    }

    /// The routine restart, after which the node has the document's block.
    fn restart_with_native_tls(&mut self) {
        let stores = self.identities[LEAVER].pkcs12(ROLLING_ENFORCED.passwords);
        let block = ROLLING_ENFORCED.with_stores(&stores.or_fail("making stores"));
        let options = ClusterOptions {
            native_tls: vec![Some(block)],
            ..ClusterOptions::default()
        };
        let node = &mut self.cluster.nodes_mut()[LEAVER];
        node.nodetool(&["drain"]).or_fail("draining a node");
        node.terminate();
        node.process()
            .wait_for_end(END)
            .or_fail("waiting for the end of a node");
        let started = self.cluster.start_again(&self.lab, LEAVER, &options);
        started.or_fail("starting the node with native TLS");
        let ready = self.cluster.wait_ready(START);
        ready.or_fail("waiting until every node sees every node up and normal again");
    }

    fn assert_terminated(&self) {
        for link in self.links_of_leaver() {
            assert!(matches!(link.security, Security::Tls(_)), "{link:?}");
        }
    }

    /// The leaver's agent passes all through and shows what it hears; the others see TLS and who
    /// it is, as before.
    fn assert_passed_through(&self) {
        for link in self.links_of_leaver() {
            let facts = match &link.security {
                Security::Native(facts) => facts,
                other => None.or_fail(&format!("a native link, not {other}: {link:?}")),
            };
            let chosen = facts.chosen.as_ref().or_fail("hearing the answer");
            assert_eq!(chosen.version, "TLSv1.3", "{link:?}");
            assert!(chosen.suite.starts_with("TLS_AES_"), "{link:?}");
            assert!(chosen.key_exchange.is_some(), "{link:?}");
            assert!(facts.offered.iter().any(|it| it == "TLSv1.3"), "{link:?}");
        }
        let leaver = IpAddr::from(self.lab.nodes()[LEAVER].ipv4);
        for agent in &self.agents[1..] {
            let links = agent.state().links;
            for link in links.iter().filter(|link| link.peer == leaver) {
                let Security::Tls(facts) = &link.security else {
                    panic!("no TLS: {link:?}");
                };
                let name = facts.identity.as_ref().or_fail("taking the peer's name");
                assert!(name.to_string().ends_with("/n1"), "{link:?}");
            }
        }
    }

    /// The links of the leaver's agent, once they are there with both peers in both directions.
    fn links_of_leaver(&self) -> Vec<Link> {
        let peers = &self.lab.nodes()[1..];
        retry_until("links with both peers in both directions", || {
            let status = self.agents[LEAVER].state();
            let all = peers.iter().all(|peer| {
                [Direction::Inbound, Direction::Outbound]
                    .iter()
                    .all(|direction| has_link(&status, peer.ipv4.into(), *direction))
            });
            all.then_some(status.links)
        })
    }

    /// The rules go first, so that what ends with the agent comes back without it.
    fn go_without_agent(&mut self) {
        let agent = &mut self.agents[LEAVER];
        agent
            .release_interception()
            .or_fail("releasing the interception");
        agent.stop(END).or_fail("stopping an agent");
        agent
            .remove_interception()
            .or_fail("removing the interception");
        let up = self.cluster.wait_all_up(START);
        up.or_fail("waiting until every node sees every node up and normal without the agent");
    }

    /// Clients write and read at QUORUM, three replicas, without a failed request.
    fn serve_clients(&self, phase: &str) {
        let options = LoadOptions {
            namespace: Some(self.lab.client().namespace.clone()),
            marker: MARKER.to_owned(),
            ..LoadOptions::new(self.cluster.contact_points(), self.cluster.replication())
        };
        let load = Load::start(options, phase).or_fail("starting clients");
        thread::sleep(LOAD);
        let report = load.finish().or_fail("ending the clients");
        assert!(report.requests() > 0);
        assert_eq!(report.failed(), 0, "{:?}", report.failures);
    }

    /// Not a byte between the nodes crossed the bridge in clear, from the first packet on.
    fn assert_private(self) {
        let captured = self.capture.finish().or_fail("ending the capture");
        assert_no_plaintext(&captured, Moment::BEGINNING);
        assert_eq!(captured.traffic.sightings(), 0);
    }
}

fn issue(site: &Site, host: &Host) -> Issued {
    let addresses = [host.ipv4.to_string(), host.ipv6.to_string()];
    site.issue(&host.name, &addresses.each_ref().map(String::as_str))
}

fn start_agent(lab: &Lab, host: &Host, identity: &Issued) -> Watched {
    let dir = lab.dir().join(format!("agent-{}", host.name));
    let transparent = Interception::Transparent;
    let config = AgentConfig::new(CLUSTER_NAME, transparent, Mode::REQUIRE, identity, &dir);
    let agent = Watched::start(&host.name, &config, &dir, Some(&host.namespace));
    agent
        .install_interception()
        .or_fail("installing interception");
    agent
}

fn has_link(status: &Status, peer: IpAddr, direction: Direction) -> bool {
    let mut links = status.links.iter();
    links.any(|link| link.peer == peer && link.direction == direction)
}
