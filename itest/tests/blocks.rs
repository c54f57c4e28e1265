//! The agent takes its orders from the databases' own blocks: as their documents show them, pasted
//! into `ringlock.yaml` or read from the database's own file.

use std::{
    fs::Permissions,
    ops::Deref,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use fs_err as fs;
use ringlock_itest::{
    OrFail as _, Peer, Stage, Watched, retry_until, testkit::agent::ringlock, write_private,
};
use ringlock_model::Security;

macro_rules! block {
    ($name:literal) => {
        include_str!(concat!("../../crates/config/tests/blocks/", $name, ".yaml"))
    };
}

/// Passwords of the documents' blocks; none may be seen anywhere.
const SECRETS: [&str; 7] = [
    "myKeyPass",
    "truststorePass",
    "keystorePass",
    "node-keystore-password",
    "cluster-truststore-password",
    "PRIVATE KEY",
    "_password = cassandra",
];
const OLD_SUITE: &str = "[TLS_RSA_WITH_AES_256_CBC_SHA]";
const SUITES: &str = "[TLS_RSA_WITH_AES_256_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]";
const UNVERIFIED: &str = "require_endpoint_verification is false";

#[test]
fn the_blocks_of_cassandra_3_are_obeyed_where_they_are_pasted() {
    for (text, stores) in [
        (
            block!("cassandra-3-production"),
            [
                "/usr/local/lib/cassandra/conf/server-keystore.jks",
                "/usr/local/lib/cassandra/conf/server-truststore.jks",
            ],
        ),
        (
            block!("cassandra-3-development"),
            ["/conf/keystore.node0", "/conf/truststore.node0"],
        ),
    ] {
        let node = Node::new();
        let [keystore, truststore] = stores;
        let text = server_block(text).replace(OLD_SUITE, SUITES);
        let text = node.with_stores(&text, keystore, truststore);
        let mut agent = node.paste(&text);
        agent.expect(UNVERIFIED);
        node.assert_obeyed(&mut agent, "all", "TLSv1.2");
    }
}

#[test]
fn the_block_of_dse_is_obeyed_where_it_is_pasted() {
    let node = Node::new();
    let text = node.with_stores(
        block!("dse-local"),
        "/etc/dse/conf/keystore.jks",
        "/etc/dse/conf/truststore.jks",
    );
    let mut agent = node.paste(&text);
    node.assert_obeyed(&mut agent, "all", "TLSv1.3");
}

#[test]
fn the_blocks_of_a_rolling_change_are_obeyed_where_they_are_pasted() {
    for (text, mode) in [
        (block!("rolling-transition"), "all+optional"),
        (block!("rolling-enforced"), "all"),
    ] {
        let node = Node::new();
        let text = node.with_stores(
            text,
            "/etc/cassandra/ssl/db01-keystore.p12",
            "/etc/cassandra/ssl/cassandra-truststore.p12",
        );
        let mut agent = node.paste(&text);
        agent.expect(UNVERIFIED);
        node.assert_obeyed(&mut agent, mode, "TLSv1.3");
    }
}

#[test]
fn the_block_of_scylladb_is_obeyed_where_it_is_pasted() {
    let node = Node::new();
    let text = node.scylla();
    let mut agent = node.paste(&text);
    agent.expect(UNVERIFIED);
    node.assert_obeyed(&mut agent, "all", "TLSv1.3");
}

#[test]
fn the_file_of_cassandra_is_obeyed_where_it_is_named() {
    let node = Node::new();
    let text = block!("cassandra-3-production").replace(OLD_SUITE, SUITES);
    let text = node.with_stores(
        &text,
        "/usr/local/lib/cassandra/conf/server-keystore.jks",
        "/usr/local/lib/cassandra/conf/server-truststore.jks",
    );
    let file = node.write("cassandra/conf/cassandra.yaml", text.as_bytes());
    let mut agent = node.name(&file, "database_dialect: cassandra-3.11\n");
    agent.expect(UNVERIFIED);
    node.assert_obeyed(&mut agent, "all", "TLSv1.2");
    agent.await_line(&["database_config = ", "cassandra.yaml  # "]);
}

#[test]
fn the_file_of_dse_is_obeyed_with_the_stores_that_dse_takes_by_default() {
    let node = Node::new();
    node.write("dse/resources/dse/conf/.keystore", &node.combined());
    node.write("dse/resources/dse/conf/.truststore", &node.anchors());
    let text = block!("dse-remote");
    let file = node.write(
        "dse/resources/cassandra/conf/cassandra.yaml",
        text.as_bytes(),
    );
    let mut agent = node.name(&file, "");
    node.assert_obeyed(&mut agent, "all", "TLSv1.3");
    agent.await_line(&["database_dialect = dse-6.7 (", "came with DSE 6.7"]);
}

#[test]
fn a_change_of_the_databases_file_takes_effect_and_a_mistake_in_it_does_not() {
    let node = Node::new();
    let text = node.scylla();
    let file = node.write("scylla/scylla.yaml", text.as_bytes());
    let mut agent = node.name(&file, "");
    agent.expect(UNVERIFIED);
    node.assert_obeyed(&mut agent, "all", "TLSv1.3");

    agent.expect("not reloaded, what was in force stays");
    fs::write(&file, text.replace("truststore:", "trustore:")).or_fail("writing a mistake");
    let place = format!("{}:5:5", file.display());
    agent.await_line(&[
        "WARN",
        "not reloaded",
        &place,
        "did you mean \"truststore\"?",
    ]);
    assert_eq!(agent.state().mode.to_string(), "all");

    let transitional = text.replace("encryption: all", "encryption: transitional");
    fs::write(&file, transitional).or_fail("writing a change");
    retry_until("the mode of the database's file", || {
        (agent.state().mode.to_string() == "transitional").then_some(())
    });
    let origin = agent.state().mode_origin;
    assert_eq!(origin, format!("{}:2:5", file.display()));
}

#[test]
fn a_key_that_stands_in_the_databases_file_is_used_and_never_shown() {
    let node = Node::new();
    let pem = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).or_fail("reading PEM");
        text.replace('\n', "\n        ")
    };
    let text = format!(
        "server_encryption_options:\n  internode_encryption: all\n  optional: false\n  \
         require_client_auth: true\n  require_endpoint_verification: true\n  \
         ssl_context_factory:\n    class_name: \
         org.apache.cassandra.security.PEMBasedSslContextFactory\n    parameters:\n      \
         private_key: |\n        {}\n      trusted_certificates: |\n        {}\n",
        pem(node.combined()).trim_end(),
        pem(node.anchors()).trim_end(),
    );
    let file = node.write("cassandra/conf/cassandra.yaml", text.as_bytes());
    let mut agent = node.name(&file, "");
    node.assert_obeyed(&mut agent, "all", "TLSv1.3");
    agent.await_line(&["parameters.private_key = ****"]);

    agent.expect("not reloaded, what was in force stays");
    fs::set_permissions(&file, Permissions::from_mode(0o644)).or_fail("exposing the key");
    let named = file.display().to_string();
    agent.await_line(&["not reloaded", &named, "0644"]);
    node.assert_no_secret(&mut agent);
}

#[test]
fn a_mistake_in_the_databases_file_keeps_the_agent_from_starting_and_has_its_line() {
    let node = Node::new();
    let database = node.write(
        "cassandra.yaml",
        b"num_tokens: 16\nserver_encryption_options:\n  internode_encryption: racks\n  \
          keystore_password: myKeyPass\n  trustore: x\n",
    );
    let own = format!(
        "ringlock: {{cluster: c}}\ndatabase_config: {}\n",
        database.display()
    );
    let own = node.write("ringlock.yaml", own.as_bytes());
    let output = ringlock()
        .args(["agent", "run", "--config"])
        .arg(&own)
        .output()
        .or_fail("running the agent");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    let place = |line: usize| format!("{}:{line}:", database.display());
    assert!(told.contains(&place(3)), "{told}");
    assert!(told.contains(&place(5)), "{told}");
    assert!(!told.contains("myKeyPass"), "{told}");
}

/// An agent's surroundings, and the documents' blocks with files that are there.
struct Node(Stage);

impl Deref for Node {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.0
    }
}

impl Node {
    fn new() -> Self {
        Self(Stage::new())
    }

    /// Writes a file, private as a key must be, below the site's directory.
    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.site.path(name.trim_start_matches('/'));
        let folder = path.parent().or_fail("a folder");
        fs::create_dir_all(folder).or_fail("making a folder");
        write_private(&path, bytes);
        path
    }

    /// The block with these two stores, which now lie below the site's directory.
    fn with_stores(&self, text: &str, keystore: &str, truststore: &str) -> String {
        let text = self.with_file(text, keystore, &self.combined());
        self.with_file(&text, truststore, &self.anchors())
    }

    fn with_file(&self, text: &str, named: &str, bytes: &[u8]) -> String {
        let path = self.write(named, bytes);
        let named = format!(": {named}\n");
        assert!(text.contains(&named), "{named:?} in\n{text}");
        text.replace(&named, &format!(": {}\n", path.display()))
    }

    /// ScyllaDB's block for all links.
    fn scylla(&self) -> String {
        let list = self.site.path("revoked.pem");
        self.site.revoke(&[], &list);
        let text = block!("scylla").replace("encryption: rack", "encryption: all");
        let text = self.with_file(&text, "/etc/scylla/crl.pem", &read(&list));
        let text = self.with_file(&text, "/etc/scylla/db.crt", &read(&self.own.certificate));
        let text = self.with_file(&text, "/etc/scylla/db.key", &read(&self.own.key));
        self.with_file(&text, "/etc/scylla/cadb.pem", &self.anchors())
    }

    /// Key and chain in one.
    fn combined(&self) -> Vec<u8> {
        [read(&self.own.key), read(&self.own.certificate)].concat()
    }

    fn anchors(&self) -> Vec<u8> {
        read(&self.own.ca)
    }

    /// An agent whose `ringlock.yaml` holds this text.
    fn paste(&self, text: &str) -> Watched {
        self.start(&self.with_block(text))
    }

    /// An agent whose `ringlock.yaml` names this file, and these lines.
    fn name(&self, file: &Path, lines: &str) -> Watched {
        self.paste(&format!("database_config: {}\n{lines}", file.display()))
    }

    /// A peer is served over TLS, the mode is this one, and no password was shown.
    fn assert_obeyed(&self, agent: &mut Watched, mode: &str, version: &str) {
        assert_eq!(agent.state().mode.to_string(), mode);
        let mut peer = Peer::openssl(self.address, Some(&self.peer), &[]);
        peer.expect_echo("served");
        let link = retry_until("the link", || agent.state().links.into_iter().next());
        match link.security {
            Security::Tls(facts) => assert_eq!(facts.version, version),
            other => None.or_fail(&format!("a link over TLS, not {other}")),
        }
        self.assert_no_secret(agent);
    }

    fn assert_no_secret(&self, agent: &mut Watched) {
        let log = agent.log();
        for secret in SECRETS {
            assert!(!log.contains(secret), "{secret} in\n{log}");
        }
    }
}

/// The lines of `server_encryption_options` alone.
fn server_block(text: &str) -> String {
    let start = text.find("server_encryption_options").unwrap_or_default();
    let mut lines = text[start..].split_inclusive('\n');
    let head = lines.next().unwrap_or_default();
    let rest = lines.take_while(|line| line.starts_with(' '));
    std::iter::once(head).chain(rest).collect()
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).or_fail("reading a file")
}
