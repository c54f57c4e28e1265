//! An agent in front of one node whose peers do TLS themselves: on the wire there is nothing but
//! the databases' own protocol over TLS, so either side takes the other for one of its kind.

use std::{net::IpAddr, thread, time::Duration};

use ringlock_itest::{
    OrFail as _, Site, Watched, assert_no_plaintext, may_run_as_root, retry_until,
    testkit::{
        Moment,
        agent::{AgentConfig, Interception},
        capture::Capture,
        cassandra::{CLUSTER_NAME, Cluster, ClusterOptions, NativeTls},
        lab::{Host, Lab},
        load::{Load, LoadOptions},
        pki::Issued,
    },
};
use ringlock_model::{
    Direction, Mode, Security,
    admin::{Bypassing, Link, Status},
};

/// What a slow machine may take to start three nodes.
const START: Duration = Duration::from_secs(300);
/// How long clients write and read.
const LOAD: Duration = Duration::from_secs(3);
/// What every row of the clients holds.
const MARKER: &str = "nobody-else-may-read-this-row";

/// The first node behind an agent, the other two with TLS of their own. What is dropped first
/// depends on what is dropped later.
struct Mixed {
    agent: Watched,
    cluster: Cluster,
    capture: Capture,
    _site: Site,
    lab: Lab,
}

impl Mixed {
    /// Starts capture, agent and rules before any database, so that no byte goes unseen.
    fn start() -> Self {
        let lab = Lab::new(3).or_fail("making network namespaces");
        let site = Site::new();
        let log = lab.dir().join("tcpdump.log");
        let capture = Capture::start(lab.bridge(), MARKER, &log).or_fail("starting a capture");
        let identities: Vec<_> = lab.nodes().iter().map(|host| issue(&site, host)).collect();
        let agent = start_agent(&lab, &identities[0]);
        let options = ClusterOptions {
            native_tls: vec![
                None,
                Some(native(&identities[1])),
                Some(native(&identities[2])),
            ],
            ..ClusterOptions::default()
        };
        let cluster = Cluster::start(&lab, &options).or_fail("starting Cassandra");
        Self {
            agent,
            cluster,
            capture,
            _site: site,
            lab,
        }
    }

    /// Clients write and read at QUORUM, three replicas, without a failed request.
    fn serve_clients(&self) {
        let options = LoadOptions {
            namespace: Some(self.lab.client().namespace.clone()),
            marker: MARKER.to_owned(),
            ..LoadOptions::new(self.cluster.contact_points(), self.cluster.replication())
        };
        let load = Load::start(options, "mixed").or_fail("starting clients");
        thread::sleep(LOAD);
        let report = load.finish().or_fail("ending the clients");
        assert!(report.requests() > 0);
        assert_eq!(report.failed(), 0, "{:?}", report.failures);
    }

    /// The agent has TLS links with both peers in both directions, and none of another kind.
    fn assert_links(&self) {
        let peers = &self.lab.nodes()[1..];
        let status = retry_until("links with both peers in both directions", || {
            let status = self.agent.state();
            let all = peers.iter().all(|peer| {
                [Direction::Inbound, Direction::Outbound]
                    .iter()
                    .all(|direction| has_link(&status, peer.ipv4.into(), *direction))
            });
            all.then_some(status)
        });
        for link in &status.links {
            let peer = peers.iter().find(|host| link.peer == host.ipv4);
            assert_tls(link, &peer.or_fail("looking for the link's peer").name);
        }
        assert_eq!(status.bypassing, Bypassing::Connections(Vec::new()));
        let kinds: Vec<_> = status.connections.keys().map(String::as_str).collect();
        assert_eq!(kinds, ["tls"]);
    }

    /// Not a byte between the nodes crossed the bridge in clear, from the first packet on.
    fn assert_private(self) {
        let captured = self.capture.finish().or_fail("ending the capture");
        assert_no_plaintext(&captured, Moment::BEGINNING);
        assert_eq!(captured.traffic.sightings(), 0);
    }
}

#[test]
fn a_node_behind_an_agent_and_nodes_with_native_tls_make_one_cluster() {
    if !may_run_as_root() {
        return;
    }
    let mut mixed = Mixed::start();
    let ready = mixed.cluster.wait_ready(START);
    ready.or_fail("waiting until every node sees every node up and normal");
    mixed.serve_clients();
    mixed.assert_links();
    let all_up = mixed.cluster.check_all_up();
    all_up.or_fail("asking every node for its view");
    mixed.assert_private();
}

fn issue(site: &Site, host: &Host) -> Issued {
    let addresses = [host.ipv4.to_string(), host.ipv6.to_string()];
    site.issue(&host.name, &addresses.each_ref().map(String::as_str))
}

fn start_agent(lab: &Lab, identity: &Issued) -> Watched {
    let host = &lab.nodes()[0];
    let dir = lab.dir().join("agent");
    let transparent = Interception::Transparent;
    let config = AgentConfig::new(CLUSTER_NAME, transparent, Mode::REQUIRE, identity, &dir);
    let agent = Watched::start(&host.name, &config, &dir, Some(&host.namespace));
    agent
        .install_interception()
        .or_fail("installing interception");
    agent
}

/// TLS with every peer and nothing else.
fn native(identity: &Issued) -> NativeTls {
    identity.native_tls("all", false).or_fail("making stores")
}

fn has_link(status: &Status, peer: IpAddr, direction: Direction) -> bool {
    let mut links = status.links.iter();
    links.any(|link| link.peer == peer && link.direction == direction)
}

fn assert_tls(link: &Link, peer: &str) {
    let Security::Tls(facts) = &link.security else {
        panic!("no TLS: {link:?}");
    };
    assert_eq!(facts.version, "TLSv1.3", "{link:?}");
    let identity = facts.identity.as_ref().or_fail("taking the peer's name");
    let end = format!("/{peer}");
    assert!(identity.to_string().ends_with(&end), "{link:?}");
}
