use std::{net::SocketAddr, path::Path, process::Command, time::Duration};

use ringlock_itest::{
    Ending, OrFail as _, Peer, SCYLLA, Stage, await_ending, free_address, skip,
    testkit::{command, pki::Issued, process::Process},
};
use ringlock_model::Direction;

use crate::scene::Node;

/// What ScyllaDB takes where `priority_string` is not set.
const DEFAULT: &str = "SECURE128:-VERS-TLS1.0";

/// Those of its documents.
const DOCUMENTED: [&str; 2] = [
    "SECURE128:-VERS-TLS1.0:-VERS-TLS1.1",
    "SECURE128:+SECURE192:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3",
];

const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn nodes_with_the_same_priority_string_talk_in_both_directions() {
    if is_missing() {
        return;
    }
    let strings = DOCUMENTED.map(Some).into_iter().chain([None]);
    for string in strings {
        let scene = Scene::new(&[]);
        let priority = string.unwrap_or(DEFAULT);
        let server = scene.serve(&scene.stage.peer, priority, &[]);
        let node = Node::start(&scene.stage, &scene.block(string), server.address);
        for (without, version) in [("", "TLSv1.3"), (":-VERS-TLS1.3", "TLSv1.2")] {
            let mut peer = scene.dial(&node, &format!("{priority}{without}"), &[]);
            peer.expect_echo("from a ScyllaDB node");
            assert_eq!(
                node.agreed(Direction::Inbound).version,
                version,
                "{priority}"
            );
            peer.kill();
        }
        let _database = node.ask();
        assert_eq!(node.agreed(Direction::Outbound).version, "TLSv1.3");
        node.assert_nobody_refused();
    }
}

#[test]
fn a_peer_with_tls_1_2_alone_is_dialled_with_it() {
    if is_missing() {
        return;
    }
    let scene = Scene::new(&[]);
    let old = format!("{DEFAULT}:-VERS-TLS1.3");
    let server = scene.serve(&scene.stage.peer, &old, &[]);
    let node = Node::start(&scene.stage, &scene.block(None), server.address);
    let _database = node.ask();
    assert_eq!(node.agreed(Direction::Outbound).version, "TLSv1.2");
    node.assert_nobody_refused();
}

#[test]
fn who_stands_on_the_agents_list_is_refused_in_both_directions() {
    if is_missing() {
        return;
    }
    let scene = Scene::new(&["n2"]);
    let server = scene.serve(&scene.stage.peer, DEFAULT, &[]);
    let mut node = Node::start(&scene.stage, &scene.block(None), server.address);
    scene.dial(&node, DEFAULT, &[]).await_end();
    assert_eq!(await_ending(&mut node.dial()), Ending::Reset);
    node.agent
        .await_refusals("revoked", 2, "was revoked by its CA");
}

#[test]
fn who_stands_on_the_peers_list_learns_that_it_was_refused() {
    if is_missing() {
        return;
    }
    let scene = Scene::new(&[]);
    let list = scene.stage.site.path("own-revoked.pem");
    scene
        .stage
        .site
        .revoke(&[&scene.stage.own.certificate], &list);
    let list = list.display().to_string();
    let server = scene.serve(&scene.stage.peer, DEFAULT, &["--x509crlfile", &list]);
    let mut node = Node::start(&scene.stage, &scene.block(None), server.address);
    scene
        .dial(&node, DEFAULT, &["--x509crlfile", &list])
        .await_end();
    assert_eq!(await_ending(&mut node.dial()), Ending::Reset);
    let sentence = "the peer refused this node with the TLS alert";
    node.agent.await_refusals("refused-by-peer", 2, sentence);
}

/// An agent's surroundings, with a revocation list.
struct Scene {
    stage: Stage,
}

/// A node that was dialled.
struct Server {
    address: SocketAddr,
    _process: Process,
}

impl Scene {
    /// Those of the nodes n1 and n2 that are named stand on the agent's list.
    fn new(revoked: &[&str]) -> Self {
        let stage = Stage::new();
        let revoked: Vec<_> = revoked
            .iter()
            .map(|node| stage.site.path(node).join("node.crt"))
            .collect();
        let revoked: Vec<&Path> = revoked.iter().map(AsRef::as_ref).collect();
        stage.site.revoke(&revoked, &stage.site.path("list.pem"));
        Self { stage }
    }

    /// ScyllaDB's block for all links, with this priority string or none.
    fn block(&self, priority: Option<&str>) -> String {
        let list = self.stage.site.path("list.pem");
        SCYLLA.with_pem(&self.stage.own, &list, priority)
    }

    /// `gnutls-cli`.
    fn dial(&self, node: &Node, priority: &str, arguments: &[&str]) -> Peer {
        let log = self.stage.site.path("gnutls-cli.log");
        Peer::gnutls_with(node.inbound, &self.stage.peer, priority, &log, arguments)
    }

    /// `gnutls-serv`, which asks for a certificate and sends lines back.
    fn serve(&self, identity: &Issued, priority: &str, arguments: &[&str]) -> Server {
        let address = free_address();
        let mut command = Command::new("gnutls-serv");
        command
            .args(["--echo", "--require-client-cert", "--verify-client-cert"])
            .args(["--priority", priority])
            .args(["--port", &address.port().to_string()])
            .arg("--x509cafile")
            .arg(&identity.ca)
            .arg("--x509certfile")
            .arg(&identity.certificate)
            .arg("--x509keyfile")
            .arg(&identity.key)
            .args(arguments);
        let log = self.stage.site.path("gnutls-serv.log");
        let mut process =
            Process::start("gnutls-serv", command, None, &log).or_fail("starting gnutls-serv");
        process
            .wait_for("listening on IPv4", 1, PATIENCE)
            .or_fail("waiting for gnutls-serv");
        Server {
            address,
            _process: process,
        }
    }
}

fn is_missing() -> bool {
    let missing = ["gnutls-cli", "gnutls-serv"]
        .iter()
        .any(|program| command::output(Command::new(program).arg("--version")).is_err());
    if missing {
        skip("gnutls-cli and gnutls-serv are not here (Debian: gnutls-bin)");
    }
    missing
}
