//! Real databases read the stores that `ringlock store convert` writes: each node comes up with a
//! document's block as it stands, says what the document promises, and talks to nobody without a
//! certificate that its truststore vouches for.

use std::{mem, process::Command, time::Duration};

use ringlock_itest::{
    CASSANDRA_3, Document, OrFail as _, ROLLING_ENFORCED, ROLLING_TRANSITION_4_0, Site,
    may_run_as_root,
    testkit::{
        cassandra::{
            CASSANDRA_3_11, CASSANDRA_4_0, CASSANDRA_5_0, Cluster, ClusterOptions, Release,
            SSL_STORAGE_PORT, STORAGE_PORT,
        },
        command::CommandError,
        lab::{Host, Lab},
        pki::{Issued, StoreKind, Stores},
    },
};

/// What a slow machine may take to start a node.
const START: Duration = Duration::from_secs(180);
/// The port for clients with TLS alone, as the 3.x documents set it.
const CQL_SSL_PORT: u16 = 9142;

#[test]
fn cassandra_3_11_reads_jks_stores_and_speaks_the_one_suite_of_its_documents() {
    if !may_run_as_root() {
        return;
    }
    // A suite without key exchange of its own needs an RSA key, which the CA here does not make.
    let node = Node::start(&CASSANDRA_3_11, StoreKind::Jks, CASSANDRA_3, issue_rsa);
    node.assert_logged("Starting Encrypted Messaging Service on SSL port 7001");
    node.assert_logged("Starting listening for CQL clients on /10.77.0.1:9142 (encrypted)");
    for port in [SSL_STORAGE_PORT, CQL_SSL_PORT] {
        node.assert_spoken_with(port, &["-tls1_2"], "AES256-SHA");
        node.assert_needs_certificate(port);
        let other = node.dial(port, Some(&node.peer), &["-cipher", "ECDHE"]);
        let refused = other.err().or_fail("a suite that is not in the list");
        let refused = refused.to_string();
        assert!(refused.contains("SSL alert number 40"), "{refused}");
    }
    let plain = node.dial(STORAGE_PORT, None, &[]);
    let plain = plain.err().or_fail("no port of plaintext").to_string();
    assert!(plain.contains("Connection refused"), "{plain}");
}

#[test]
fn cassandra_4_0_reads_pkcs12_stores_and_accepts_both_kinds_while_a_change_is_rolling() {
    if !may_run_as_root() {
        return;
    }
    let document = ROLLING_TRANSITION_4_0;
    let node = Node::start(&CASSANDRA_4_0, StoreKind::Pkcs12, document, issue);
    node.assert_logged("encryption: optionally encrypted(");
    node.assert_spoken_with(STORAGE_PORT, &["-tls1_2"], "GCM");
    node.assert_needs_certificate(STORAGE_PORT);
}

#[test]
fn cassandra_5_0_reads_pkcs12_stores_and_speaks_both_versions_of_its_log() {
    if !may_run_as_root() {
        return;
    }
    let node = Node::start(&CASSANDRA_5_0, StoreKind::Pkcs12, ROLLING_ENFORCED, issue);
    node.assert_logged("Internode messaging enabled TLS protocols: TLSv1.3, TLSv1.2");
    node.assert_logged("encryption: encrypted(");
    node.assert_spoken_with(STORAGE_PORT, &["-tls1_2"], "GCM");
    node.assert_spoken_with(STORAGE_PORT, &["-tls1_3"], "TLSv1.3");
    node.assert_needs_certificate(STORAGE_PORT);
}

/// One node that does TLS itself, and a peer with a certificate of another CA. Each trusts the
/// other's CA, and not its own.
struct Node {
    cluster: Cluster,
    identity: Issued,
    peer: Issued,
    lab: Lab,
    _sites: [Site; 2],
}

impl Node {
    /// Waits until it serves.
    fn start(
        release: &'static Release,
        kind: StoreKind,
        document: Document,
        issue: impl FnOnce(&Site, &Host) -> Issued,
    ) -> Self {
        let lab = Lab::new(1).or_fail("making network namespaces");
        let sites = [Site::new(), Site::new()];
        let mut identity = issue(&sites[0], &lab.nodes()[0]);
        let mut peer = self::issue(&sites[1], lab.client());
        mem::swap(&mut identity.ca, &mut peer.ca);
        let block = document.with_stores(&stores(&identity, kind, document));
        let options = ClusterOptions {
            release,
            native_tls: vec![Some(block)],
            ..ClusterOptions::default()
        };
        let mut cluster = Cluster::start(&lab, &options).or_fail("starting Cassandra");
        let ready = cluster.wait_ready(START);
        ready.or_fail("waiting until the node serves and sees itself up and normal");
        Self {
            cluster,
            identity,
            peer,
            lab,
            _sites: sites,
        }
    }

    fn assert_logged(&self, words: &str) {
        let log = self.cluster.nodes()[0].log().or_fail("reading its log");
        assert!(log.contains(words), "no {words:?} in\n{log}");
    }

    /// Handshakes with OpenSSL, which shows the peer's certificate and verifies the node's; what
    /// was agreed on is printed with these words.
    fn assert_spoken_with(&self, port: u16, arguments: &[&str], words: &str) {
        let spoken = self.dial(port, Some(&self.peer), arguments);
        let spoken = spoken.or_fail("a handshake with the peer's certificate");
        assert!(spoken.contains("Verify return code: 0 (ok)"), "{spoken}");
        let agreed = spoken.lines().find(|line| line.starts_with("New, "));
        let agreed = agreed.or_fail("what was agreed on");
        assert!(agreed.contains(words), "{agreed}");
    }

    /// Nobody is let in without a certificate, nor with one of a CA that the truststore lacks.
    /// The handshake of TLS 1.2 ends only after the client's certificate was judged.
    fn assert_needs_certificate(&self, port: u16) {
        for stranger in [None, Some(&self.identity)] {
            let refused = self.dial(port, stranger, &["-tls1_2"]);
            let refused = refused.err().or_fail("a refusal").to_string();
            assert!(refused.contains("SSL alert number"), "{refused}");
        }
    }

    /// `openssl s_client` from the client's host to the node, to the end of the handshake.
    fn dial(
        &self,
        port: u16,
        identity: Option<&Issued>,
        arguments: &[&str],
    ) -> Result<String, CommandError> {
        let address = self.lab.nodes()[0].ipv4;
        let mut command = Command::new("openssl");
        command
            .args(["s_client", "-verify_return_error"])
            .args(["-connect", &format!("{address}:{port}")])
            .args(arguments)
            .arg("-CAfile")
            .arg(&self.peer.ca);
        if let Some(identity) = identity {
            command.arg("-cert").arg(&identity.certificate);
            command.arg("-key").arg(&identity.key);
        }
        self.lab.client().namespace.run(&mut command)
    }
}

/// What the node reads.
fn stores(identity: &Issued, kind: StoreKind, document: Document) -> Stores {
    let stores = identity.convert(kind, document.passwords);
    stores.or_fail("converting PEM to stores")
}

fn issue(site: &Site, host: &Host) -> Issued {
    site.issue(&host.name, &[&host.ipv4.to_string()])
}

fn issue_rsa(site: &Site, host: &Host) -> Issued {
    site.issue_rsa(&host.name, host.ipv4.into())
}
