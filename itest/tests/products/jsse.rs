use std::{net::SocketAddr, path::Path, process::Command, time::Duration};

use ringlock_itest::{
    DSE, Ending, OrFail as _, Peer, Stage, await_ending, free_address, retry_until,
    testkit::{
        pki::{Issued, StoreKind, Stores},
        process::Process,
    },
};
use ringlock_model::Direction;

use crate::scene::Node;

const PATIENCE: Duration = Duration::from_secs(60);
const BOTH: &str = "TLSv1.3,TLSv1.2";

/// Types of the keystore and the truststore, as `dse.yaml`'s documents allow and recommend them.
const KINDS: [[StoreKind; 2]; 4] = [
    [StoreKind::Jks; 2],
    [StoreKind::Jceks; 2],
    [StoreKind::Pkcs12; 2],
    [StoreKind::Pkcs12, StoreKind::Jks],
];

#[test]
fn stores_of_every_type_serve_both_sides_in_both_directions() {
    for kinds in KINDS {
        let stage = Stage::new();
        let kept = keep(&stage.peer, kinds);
        let server = Java::new(&kept).serve(&stage);
        let block = block(&stage.own, kinds);
        let node = Node::start(&stage, &block, server.address);
        for version in ["TLSv1.3", "TLSv1.2"] {
            let java = Java::new(&kept).with("PROTOCOLS", version);
            let mut peer = java.dial(&node);
            assert_eq!(
                peer.tell("from a node of DSE"),
                format!("{version} from a node of DSE")
            );
            assert_eq!(node.agreed(Direction::Inbound).version, version);
            peer.peer.kill();
        }
        let _database = node.ask();
        assert_eq!(node.agreed(Direction::Outbound).version, "TLSv1.3");
        node.assert_nobody_refused();
    }
}

#[test]
fn endpoint_verification_asks_for_the_peers_address_and_nothing_else_does() {
    let kinds = [StoreKind::Jks; 2];
    for verifies in [true, false] {
        let stage = Stage::new();
        // As other tools make certificates: without a node's URI.
        let elsewhere = stage.site.issue_foreign("n3", "IP:10.9.9.9");
        let kept = keep(&elsewhere, kinds);
        let server = Java::new(&kept).serve(&stage);
        let block = with(
            &block(&stage.own, kinds),
            "require_endpoint_verification",
            verifies,
        );
        let mut node = Node::start(&stage, &block, server.address);
        let mut peer = Java::new(&kept).dial(&node);
        let heard = peer.tell("whoever I am");
        if verifies {
            assert!(is_refused(&heard), "{heard}");
            assert_eq!(await_ending(&mut node.dial()), Ending::Reset);
            let sentence = "which holds 10.9.9.9";
            node.agent
                .await_refusals("address-not-certified", 2, sentence);
        } else {
            assert_eq!(heard, "TLSv1.3 whoever I am");
            let _database = node.ask();
            node.assert_nobody_refused();
        }
    }
}

#[test]
fn a_peer_with_endpoint_verification_refuses_an_agent_without_its_address() {
    let kinds = [StoreKind::Jks; 2];
    let stage = Stage::new();
    let own = stage.site.issue_foreign("n4", "IP:10.9.9.9");
    let kept = keep(&stage.peer, kinds);
    let server = Java::new(&kept).with("ENDPOINT", "true").serve(&stage);
    let block = with(&block(&own, kinds), "require_endpoint_verification", false);
    let mut node = Node::start(&stage, &block, server.address);
    let mut lax = Java::new(&kept).with("ENDPOINT", "false").dial(&node);
    assert_eq!(lax.tell("never mind"), "TLSv1.3 never mind");
    let mut strict = Java::new(&kept).with("ENDPOINT", "true").dial(&node);
    let heard = strict.tell("who are you");
    assert!(
        heard.contains("No subject alternative names matching IP address 127.0.0.1"),
        "{heard}"
    );
    assert_eq!(await_ending(&mut node.dial()), Ending::Reset);
    let sentence = "the peer refused this node with the TLS alert certificate_unknown";
    node.agent.await_refusals("refused-by-peer", 2, sentence);
}

#[test]
fn mutual_tls_is_asked_for_by_each_side_on_its_own() {
    let kinds = [StoreKind::Jks; 2];
    for is_mutual in [true, false] {
        let stage = Stage::new();
        let kept = keep(&stage.peer, kinds);
        let java = || {
            let mutual = if is_mutual { "true" } else { "false" };
            Java::new(&kept).with("CLIENT_AUTH", mutual)
        };
        let server = java().serve(&stage);
        let block = with(&block(&stage.own, kinds), "require_client_auth", is_mutual);
        let mut node = Node::start(&stage, &block, server.address);
        if !is_mutual {
            node.agent.expect("require_client_auth is false");
        }
        let _database = node.ask();
        let mut known = java().dial(&node);
        assert_eq!(known.tell("known"), "TLSv1.3 known");
        let mut anonymous = java().without_key().dial(&node);
        let heard = anonymous.tell("unknown");
        if is_mutual {
            assert!(is_refused(&heard), "{heard}");
            let sentence = "the peer presented no certificate";
            node.agent.await_refusals("no-certificate", 1, sentence);
        } else {
            assert_eq!(heard, "TLSv1.3 unknown");
            node.assert_nobody_refused();
        }
    }
}

#[test]
fn a_session_that_jsse_resumes_ends_with_the_peers_certificate() {
    for version in ["TLSv1.3", "TLSv1.2"] {
        let mut scene = Revocable::new(version);
        let java = Java::new(&scene.peer).with("PROTOCOLS", version);
        let mut peer = java.dial(&scene.node);
        assert_eq!(peer.tell("first"), format!("{version} first"));
        assert!(!scene.node.agreed(Direction::Inbound).resumed);
        assert_eq!(peer.tell("second"), format!("{version} second"));
        retry_until("a resumed link", || {
            scene.node.agreed(Direction::Inbound).resumed.then_some(())
        });
        scene.revoke_peer();
        let heard = peer.tell("third");
        assert!(is_refused(&heard), "{heard}");
        scene.assert_revoked();
    }
}

#[test]
fn a_session_that_the_agent_resumes_with_jsse_ends_with_the_peers_certificate() {
    for version in ["TLSv1.3", "TLSv1.2"] {
        let mut scene = Revocable::new(version);
        drop(scene.node.ask());
        retry_until("the end of the first link", || {
            scene.node.agent.state().links.is_empty().then_some(())
        });
        let _database = scene.node.ask();
        let agreed = scene.node.agreed(Direction::Outbound);
        assert!(agreed.resumed, "{agreed:?}");
        assert_eq!(agreed.version, version);
        scene.revoke_peer();
        assert_eq!(await_ending(&mut scene.node.dial()), Ending::Reset);
        scene.assert_revoked();
    }
}

/// An agent with a revocation list on which nobody stands, and a peer that it dials.
struct Revocable {
    node: Node,
    peer: Kept,
    stage: Stage,
    _server: Server,
}

impl Revocable {
    fn new(version: &str) -> Self {
        let kinds = [StoreKind::Jks; 2];
        let stage = Stage::new();
        let list = stage.site.path("list.pem");
        stage.site.revoke(&[], &list);
        let key = "      certficate_revocation_list: ";
        let block = format!("{}{key}{}\n", block(&stage.own, kinds), list.display());
        let peer = keep(&stage.peer, kinds);
        let server = Java::new(&peer).with("PROTOCOLS", version).serve(&stage);
        Self {
            node: Node::start(&stage, &block, server.address),
            peer,
            stage,
            _server: server,
        }
    }

    /// Takes the peer's certificate back, and waits until its links have gone.
    fn revoke_peer(&self) {
        let list = self.stage.site.path("list.pem");
        let certificate = &self.stage.peer.certificate;
        self.stage.site.revoke(&[certificate], &list);
        retry_until("the end of the peer's links", || {
            let status = self.node.agent.state();
            (status.reloads > 0 && status.links.is_empty()).then_some(())
        });
    }

    #[track_caller]
    fn assert_revoked(&mut self) {
        let sentence = "was revoked by its CA";
        self.node.agent.await_refusals("revoked", 1, sentence);
    }
}

fn is_refused(heard: &str) -> bool {
    heard.starts_with("failed: ") || heard == "closed"
}

/// DSE's block, as its document has it but for the stores and their types.
fn block(own: &Issued, kinds: [StoreKind; 2]) -> String {
    let [keystore, truststore] = kinds;
    DSE.with_stores(&keep(own, kinds).stores)
        .replace(
            "      keystore_type: JKS",
            &format!("      keystore_type: {keystore}"),
        )
        .replace(
            "      truststore_type: JKS",
            &format!("      truststore_type: {truststore}"),
        )
}

/// The block with another value of a switch that it sets.
fn with(block: &str, key: &str, value: bool) -> String {
    let written = format!("{key}: true");
    assert!(block.contains(&written), "{written:?} in\n{block}");
    block.replace(&written, &format!("{key}: {value}"))
}

/// A key in a store of the first kind, a CA in one of the second.
fn keep(identity: &Issued, kinds: [StoreKind; 2]) -> Kept {
    let [keystore, truststore] = kinds;
    let convert = |kind| {
        identity
            .convert(kind, DSE.passwords)
            .or_fail("making stores")
    };
    let first = convert(keystore);
    let truststore = if keystore == truststore {
        first.truststore.clone()
    } else {
        convert(truststore).truststore
    };
    Kept {
        stores: Stores {
            truststore,
            ..first
        },
        kinds,
    }
}

/// JSSE with settings.
struct Java(Command);

/// A node's stores, and of which types they are.
struct Kept {
    stores: Stores,
    kinds: [StoreKind; 2],
}

/// A node that dials for each line that it is told.
struct Dialler {
    peer: Peer,
}

/// A node that is dialled.
struct Server {
    address: SocketAddr,
    _process: Process,
}

impl Java {
    fn new(Kept { stores, kinds }: &Kept) -> Self {
        let mut java = Command::new("java");
        java.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/products/Node.java"))
            .env("KEYSTORE", &stores.keystore)
            .env("KEYSTORE_TYPE", kinds[0].to_string())
            .env("KEYSTORE_PASSWORD", DSE.passwords.keystore)
            .env("TRUSTSTORE", &stores.truststore)
            .env("TRUSTSTORE_TYPE", kinds[1].to_string())
            .env("TRUSTSTORE_PASSWORD", DSE.passwords.truststore)
            .env("PROTOCOLS", BOTH)
            .env("CLIENT_AUTH", "true")
            .env("ENDPOINT", "false");
        Self(java)
    }

    fn with(mut self, setting: &str, value: &str) -> Self {
        self.0.env(setting, value);
        self
    }

    fn without_key(mut self) -> Self {
        self.0.env_remove("KEYSTORE");
        self
    }

    fn dial(mut self, node: &Node) -> Dialler {
        let (host, port) = (node.inbound.ip().to_string(), node.inbound.port());
        self.0.args(["dial", &host, &port.to_string()]);
        let mut peer = Peer::program(self.0);
        assert_eq!(peer.hear(), "ready");
        Dialler { peer }
    }

    fn serve(mut self, stage: &Stage) -> Server {
        let address = free_address();
        self.0.args(["serve", &address.port().to_string()]);
        let log = stage.site.path("java.log");
        let mut process = Process::start("java", self.0, None, &log).or_fail("starting Java");
        process
            .wait_for("ready", 1, PATIENCE)
            .or_fail("waiting for Java");
        Server {
            address,
            _process: process,
        }
    }
}

impl Dialler {
    /// The TLS version and the echo, or why there is none.
    fn tell(&mut self, line: &str) -> String {
        self.peer.say(line);
        self.peer.hear()
    }
}
