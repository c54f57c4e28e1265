//! What a node shows, what it asks its peers for, and whom of them it takes.

use std::path::Path;

use ringlock_model::ClientAuth;

use super::{SHORTEST, mistakes, read};
use crate::{Config, DatabaseText, IdentityFiles, SpiffePeers, StorePassword, parse_with};

const MUTUAL: &str = "internode_authenticator:\n  class_name: MutualTlsInternodeAuthenticator\n  \
                      parameters:\n    validator_class_name: SpiffeCertificateValidator\n";

/// A database's own file.
const DATABASE: &str = "server_encryption_options:\n  internode_encryption: all\n  keystore: a\n  \
                        truststore: b\n  require_client_auth: true\n";

fn with_block(lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("  {line}\n")).collect();
    format!("{SHORTEST}{lines}")
}

fn required(top: &str) -> String {
    format!("{SHORTEST}  require_client_auth: true\n{top}")
}

/// The file for dialling, and what opens it.
fn outbound(text: &str) -> Option<(String, String)> {
    let outbound = read(text).unwrap().internode.outbound?;
    let store = match outbound.identity {
        IdentityFiles::Combined { keystore } => keystore.display().to_string(),
        IdentityFiles::Inline { private_key } => private_key.value.reveal().to_owned(),
        other => panic!("{other:?}"),
    };
    let password = match outbound.password {
        Some(StorePassword::Given(password)) => password.value.reveal().to_owned(),
        Some(StorePassword::File(path)) => path.display().to_string(),
        None => String::new(),
    };
    Some((store, password))
}

#[test]
fn require_client_auth_has_three_words() {
    for (word, expected) in [
        ("false", ClientAuth::NotRequired),
        ("not_required", ClientAuth::NotRequired),
        ("optional", ClientAuth::Optional),
        ("true", ClientAuth::Required),
    ] {
        let config = read(&with_block(&format!("require_client_auth: {word}"))).unwrap();
        assert_eq!(config.internode.require_client_auth, expected, "{word}");
        let line = format!("server_encryption_options.require_client_auth = {expected}  #");
        assert!(
            config.describe().iter().any(|it| it.starts_with(&line)),
            "{word}"
        );
    }
}

#[test]
fn tickets_are_given_unless_they_are_switched_off() {
    let tickets = |lines| read(&with_block(lines)).unwrap().internode.session_tickets;
    assert!(tickets("optional: true"));
    assert!(tickets("enable_session_tickets: true"));
    assert!(!tickets("enable_session_tickets: false"));
}

#[test]
fn an_outbound_keystore_has_its_own_password_or_that_of_the_keystore() {
    let of = |lines: &str| outbound(&with_block(lines));
    assert_eq!(of("optional: true"), None);
    let store = "/etc/ringlock/out.p12".to_owned();
    for (lines, password) in [
        ("outbound_keystore: out.p12", ""),
        ("outbound_keystore: out.p12\nkeystore_password: a", "a"),
        (
            "outbound_keystore: out.p12\nkeystore_password: a\noutbound_keystore_password: b",
            "b",
        ),
        (
            "outbound_keystore: out.p12\noutbound_keystore_password_file: c",
            "/etc/ringlock/c",
        ),
    ] {
        assert_eq!(
            of(lines),
            Some((store.clone(), password.to_owned())),
            "{lines}"
        );
    }
    assert_eq!(
        mistakes(&with_block("outbound_keystore_password: x")),
        "ringlock.yaml:2:1: server_encryption_options.outbound_keystore: missing, though a password for it is given; name the store, or remove the password"
    );
    assert_eq!(
        mistakes(&with_block("outbound_keystore: NONE")),
        "ringlock.yaml:5:22: server_encryption_options.outbound_keystore: names no file (found \"NONE\", expected a file)"
    );
}

#[test]
fn pem_for_dialling_may_stand_in_the_file_itself() {
    let factory = "ssl_context_factory:\n  class_name: PEMBasedSslContextFactory\n  parameters:\n    \
                   outbound_private_key: PEM\n    outbound_private_key_password: b\n";
    let expected = Some(("PEM".to_owned(), "b".to_owned()));
    assert_eq!(outbound(&with_block(factory)), expected);
    let both = format!("{factory}outbound_keystore: out.pem\n");
    let told = mistakes(&with_block(&both));
    assert!(
        told.contains("outbound_private_key: contradicts outbound_keystore (line 10)"),
        "{told}"
    );
}

#[test]
fn trusted_peers_are_uris_or_subjects() {
    let list = |items: &str| {
        required("").replace(
            "Test Cluster}",
            &format!("Test Cluster, trusted_peers: {items}}}"),
        )
    };
    let text = list("[\"ringlock://Test%20Cluster/*/*/*\", spiffe://a/b, CN=n1]");
    let config = read(&text).unwrap();
    let patterns = config.trusted_peers.patterns.as_ref().unwrap();
    let shown: Vec<_> = patterns.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        ["ringlock://Test%20Cluster/*/*/*", "spiffe://a/b", "CN=n1"]
    );
    let line = "ringlock.trusted_peers = ringlock://Test%20Cluster/*/*/*, spiffe://a/b, CN=n1  #";
    assert!(config.describe().iter().any(|it| it.starts_with(line)));
    for (items, told) in [
        (
            "[]",
            "lets nobody in (expected URIs or subjects of certificates)",
        ),
        ("[[a]]", "no single value"),
        ("CN=n1", "a list"),
        (
            "[\"ringlock://a/*\"]",
            "is not ringlock://CLUSTER/DATACENTER/RACK/NODE",
        ),
    ] {
        let found = mistakes(&list(items));
        assert!(
            found.contains("ringlock.trusted_peers: ") && found.contains(told),
            "{found}"
        );
    }
    let open =
        list("[CN=n1]").replace("require_client_auth: true", "require_client_auth: optional");
    assert_eq!(
        mistakes(&open),
        "ringlock.yaml:1:35: ringlock.trusted_peers: needs require_client_auth: true; whoever shows no certificate would be on no list"
    );
}

fn spiffe(config: &Config) -> Option<&SpiffePeers> {
    config.trusted_peers.spiffe.as_ref()
}

#[test]
fn cassandras_authenticator_names_its_peers_or_shares_this_nodes_identity() {
    let with = |parameters: &str| read(&required(&format!("{MUTUAL}{parameters}")));
    let listed = |identities: &[&str]| {
        SpiffePeers::Listed(identities.iter().map(ToString::to_string).collect())
    };
    for (parameters, expected) in [
        (
            "    trusted_peer_identities: \"spiffe://a/1,spiffe://a/2,\"\n",
            listed(&["spiffe://a/1", "spiffe://a/2"]),
        ),
        // The list is the stronger one.
        (
            "    trusted_peer_identities: spiffe://a/1\n    node_identity: spiffe://a/2\n",
            listed(&["spiffe://a/1"]),
        ),
        (
            "    node_identity: spiffe://a/2\n",
            SpiffePeers::Own {
                expected: Some("spiffe://a/2".to_owned()),
            },
        ),
        ("", SpiffePeers::Own { expected: None }),
    ] {
        assert_eq!(
            spiffe(&with(parameters).unwrap()),
            Some(&expected),
            "{parameters}"
        );
    }
    let text = required(&format!("{MUTUAL}    node_identity: spiffe://a/2\n"));
    let line = "internode_authenticator.parameters.node_identity = spiffe://a/2  # /etc/ringlock/ringlock.yaml:10:5";
    assert!(read(&text).unwrap().describe().iter().any(|it| it == line));
    let in_list = MUTUAL.replace("    validator", "  - validator");
    let in_list = in_list.replace("SpiffeC", "org.apache.cassandra.auth.SpiffeC");
    assert_eq!(
        spiffe(&read(&required(&in_list)).unwrap()),
        Some(&SpiffePeers::Own { expected: None })
    );
    for everybody in [
        "AllowAllInternodeAuthenticator",
        "org.apache.cassandra.auth.AllowAllInternodeAuthenticator",
    ] {
        let text = required(&format!("internode_authenticator: {everybody}\n"));
        assert_eq!(spiffe(&read(&text).unwrap()), None);
    }
}

#[test]
fn what_names_nobody_or_is_not_obeyed_is_refused() {
    for (text, told) in [
        (
            format!("{MUTUAL}    trusted_peer_identities: spiffe://a, spiffe://b\n"),
            "parameters.trusted_peer_identities: names nobody (found \" spiffe://b\"",
        ),
        (
            format!("{MUTUAL}    trusted_peer_identities: CN=n1\n"),
            "parameters.trusted_peer_identities: names nobody",
        ),
        (
            format!("{MUTUAL}    trusted_peers: spiffe://a\n"),
            "parameters.trusted_peers: unknown key",
        ),
        (
            MUTUAL.replace("SpiffeC", "example.C"),
            "parameters.validator_class_name: not obeyed by this version yet (found \"example.CertificateValidator\"",
        ),
        (
            "internode_authenticator: MutualTlsInternodeAuthenticator\n".to_owned(),
            "parameters.validator_class_name: missing",
        ),
        (
            "internode_authenticator: org.example.Own\n".to_owned(),
            "class_name: not obeyed by this version yet (found \"org.example.Own\"",
        ),
    ] {
        let found = mistakes(&required(&text));
        assert!(
            found.contains("internode_authenticator.") && found.contains(told),
            "{found}"
        );
    }
    let both = required(MUTUAL).replace("Cluster}", "Cluster, trusted_peers: []}");
    let both = both.replace("SpiffeC", "example.C");
    let found = mistakes(&both);
    assert!(
        found.contains("lets nobody in") && found.contains("validator_class_name"),
        "{found}"
    );
    let found = mistakes(&format!("{SHORTEST}{MUTUAL}"));
    assert!(
        found.contains("internode_authenticator: needs require_client_auth: true"),
        "{found}"
    );
}

#[test]
fn the_databases_own_file_may_hold_the_authenticator() {
    let read = |own: &str, database: &str| {
        let text = format!(
            "ringlock: {{cluster: c}}\ndatabase_config: cassandra.yaml\ndatabase_dialect: \
             cassandra-5.0\n{own}"
        );
        let database = DatabaseText {
            text: &format!("{DATABASE}{database}"),
            path: Path::new("cassandra.yaml"),
            version: None,
        };
        parse_with(&text, Path::new("ringlock.yaml"), Some(database))
    };
    let own = Some(SpiffePeers::Own { expected: None });
    assert_eq!(read("", MUTUAL).unwrap().trusted_peers.spiffe, own);
    let other = "internode_authenticator: org.example.Own\n";
    assert_eq!(read("", other).unwrap().trusted_peers.spiffe, None);
    assert_eq!(read(MUTUAL, "").unwrap().trusted_peers.spiffe, own);
    let told = read(MUTUAL, MUTUAL).unwrap_err().to_string();
    assert!(
        told.contains("internode_authenticator: given in ringlock.yaml as well; keep one"),
        "{told}"
    );
}
