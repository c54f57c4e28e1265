//! The agent serves key material of every kind, told by content, and what is broken never takes
//! the place of what is good.

use std::{
    fs::Permissions,
    ops::Deref,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use fs_err as fs;
use ringlock_itest::{
    OrFail as _, Peer, Stage, Watched, retry_until, served_fingerprint,
    testkit::{
        agent::ringlock,
        command,
        pki::{StoreKind, StorePasswords, Stores},
    },
    write_private,
};
use ringlock_model::Security;

const PASSWORDS: StorePasswords = StorePasswords {
    keystore: "keystore-canary-71",
    truststore: "truststore-canary-72",
};
const OTHER_PASSWORDS: StorePasswords = StorePasswords {
    keystore: "another-canary-73",
    ..PASSWORDS
};
const KINDS: [StoreKind; 4] = [
    StoreKind::Jks,
    StoreKind::Jceks,
    StoreKind::Pkcs12,
    StoreKind::Pem,
];
const KEPT: &str = "not reloaded, what was in force stays";
const UNVERIFIED: &str = "require_endpoint_verification is false";
const OVERDUE: &str = "a revocation list is overdue and goes on being used";
const BLIND: &str = "Java sees no trust anchor in this truststore";

#[test]
fn stores_of_every_format_are_served_whatever_they_are_called() {
    for kind in KINDS {
        let node = Node::new();
        let stores = node.convert(kind);
        // The name and the word for the type are Java's; the content is what it is.
        let stores = Stores {
            keystore: moved(&stores.keystore, "keystore.bin"),
            truststore: moved(&stores.truststore, "truststore.bin"),
        };
        let mut agent = node.run(&block(&stores, PASSWORDS));
        node.assert_served(&agent);
        node.assert_private(&mut agent);
    }
}

#[test]
fn passwords_come_from_files_as_well() {
    let node = Node::new();
    let stores = node.convert(StoreKind::Pkcs12);
    let file = |name: &str, text: &str| {
        let path = node.site.path(name);
        write_private(&path, format!("{text}\n"));
        path.display().to_string()
    };
    let text = [
        head(&stores),
        format!(
            "  keystore_password_file: {}\n",
            file("a", PASSWORDS.keystore)
        ),
        format!(
            "  truststore_password_file: {}\n",
            file("b", PASSWORDS.truststore)
        ),
    ];
    let mut agent = node.run(&text.concat());
    node.assert_served(&agent);
    node.assert_private(&mut agent);
}

#[test]
fn passwords_that_are_encrypted_with_a_local_key_are_opened_and_others_are_refused() {
    let node = Node::new();
    let stores = node.convert(StoreKind::Jks);
    let key = node.site.path("secret.key");
    let made = command::run(ringlock().args(["secret", "keygen", "--out"]).arg(&key));
    made.or_fail("making a key");
    let sealed = |password: &str| {
        let mut command = ringlock();
        command.args(["secret", "encrypt", "--password-env", "PASSWORD", "--key"]);
        let sealed = command::run(command.arg(&key).env("PASSWORD", password));
        let sealed = sealed.or_fail("encrypting a password");
        assert!(sealed.starts_with("ringlock:v1:"), "{sealed}");
        sealed.trim_end().to_owned()
    };
    let block = format!(
        "{}  keystore_password: {}\n  truststore_password: {}\n",
        head(&stores),
        sealed(PASSWORDS.keystore),
        sealed(PASSWORDS.truststore)
    );
    let without = node.with_block(&block);
    let mut config = without.clone();
    config.ringlock_lines = vec![format!("secret_key: {}", key.display())];
    let mut agent = node.start(&config);
    agent.expect(UNVERIFIED);
    node.assert_served(&agent);
    node.assert_private(&mut agent);
    agent.expect(KEPT);
    fs::write(agent.config(), without.to_yaml()).or_fail("taking the key away");
    agent.await_line(&["WARN", KEPT, "the file of that key is needed"]);
    node.assert_served(&agent);
}

#[test]
fn a_wrong_password_keeps_the_agent_from_starting_and_is_told_in_javas_words() {
    for (kind, sentence) in [
        (
            StoreKind::Jks,
            "Keystore was tampered with, or password was incorrect",
        ),
        (
            StoreKind::Jceks,
            "Keystore was tampered with, or password was incorrect",
        ),
        (StoreKind::Pkcs12, "keystore password was incorrect"),
        (StoreKind::Pem, "cannot be decrypted"),
    ] {
        let node = Node::new();
        let stores = node.convert(kind);
        let told = node.refused(&node.with_block(&block(&stores, OTHER_PASSWORDS)));
        assert!(
            told.contains(&stores.keystore.display().to_string()),
            "{told}"
        );
        assert!(told.contains(sentence), "{told}");
        assert!(!told.contains("canary"), "{told}");
    }
}

#[test]
fn half_a_store_or_one_under_another_password_never_replaces_a_good_one() {
    for kind in KINDS {
        let node = Node::new();
        let stores = node.convert(kind);
        let mut agent = node.run(&block(&stores, PASSWORDS));
        let before = agent.state().certificate.sha256;
        agent.expect(KEPT);
        let renewed = node.site.issue("n1-new", &["127.0.0.1"]);
        let new = renewed.convert(kind, PASSWORDS).or_fail("converting");
        let other = node.site.issue("n1-other", &["127.0.0.1"]);
        let other = other.convert(kind, OTHER_PASSWORDS).or_fail("converting");

        let whole = fs::read(&new.keystore).or_fail("reading a store");
        let harms = [
            &whole[..whole.len() / 2],
            &fs::read(&other.keystore).or_fail("reading")[..],
        ];
        for (times, harm) in (1..).zip(harms) {
            replace(&stores.keystore, harm);
            retry_until("a refused reload", || {
                (agent.state().reloads_failed >= times).then_some(())
            });
            assert_eq!(agent.state().certificate.sha256, before, "{kind}");
            assert_eq!(
                served_fingerprint(node.address, &node.peer),
                before,
                "{kind}"
            );
        }
        replace(&stores.keystore, &whole);
        retry_until("the reload", || (agent.state().reloads == 1).then_some(()));
        assert_ne!(agent.state().certificate.sha256, before, "{kind}");
        node.assert_served(&agent);
        node.assert_private(&mut agent);
    }
}

#[test]
fn a_truststore_in_which_java_sees_nothing_is_served_with_a_warning() {
    let node = Node::new();
    let stores = node.convert(StoreKind::Pkcs12);
    let made = command::run(
        Command::new("openssl")
            .args([
                "pkcs12",
                "-export",
                "-nokeys",
                "-passout",
                "env:PASSWORD",
                "-in",
            ])
            .arg(&node.own.ca)
            .arg("-out")
            .arg(&stores.truststore)
            .env("PASSWORD", PASSWORDS.truststore),
    );
    made.or_fail("making a truststore with OpenSSL");
    let mut agent = node.run(&block(&stores, PASSWORDS));
    agent.expect(BLIND);
    agent.await_line(&["WARN", BLIND]);
    node.assert_served(&agent);
}

#[test]
fn a_certificate_that_its_ca_took_back_is_refused_from_the_reload_on() {
    let node = Node::new();
    let list = node.site.path("revoked.pem");
    node.site.revoke(&[], &list);
    let mut agent = node.run(&node.block_with_list(&list));
    node.assert_served(&agent);
    node.site.revoke(&[&node.peer.certificate], &list);
    retry_until("the reload", || (agent.state().reloads == 1).then_some(()));
    Peer::openssl(node.address, Some(&node.peer), &[]).await_end();
    agent.await_refusals("revoked", 1, "revoked");
    let good = node.site.issue("n3", &["127.0.0.1"]);
    Peer::openssl(node.address, Some(&good), &[]).expect_echo("served");
}

#[test]
fn a_list_that_is_overdue_refuses_everybody_unless_it_is_accepted() {
    let node = Node::new();
    let list = node.site.path("revoked.pem");
    node.site.revoke_with(
        &[],
        &list,
        &[
            "-crl_lastupdate",
            "20200101000000Z",
            "-crl_nextupdate",
            "20200201000000Z",
        ],
    );
    let block = node.block_with_list(&list);
    let told = node.refused(&node.with_block(&block));
    assert!(told.contains("revoked.pem: list 1"), "{told}");

    let mut config = node.with_block(&block);
    config.ringlock_lines = vec!["stale_revocation_lists: accept".to_owned()];
    let mut agent = node.start(&config);
    agent.expect(UNVERIFIED);
    agent.expect(OVERDUE);
    agent.await_line(&["WARN", OVERDUE]);
    node.assert_served(&agent);
}

#[test]
fn nodes_that_hold_each_others_own_certificates_accept_each_other_and_nobody_else() {
    let node = Node::new();
    for name in ["n1", "n2", "stranger"] {
        // The stranger has the subject of the node that it pretends to be.
        let subject = if name == "stranger" { "n2" } else { name };
        let subject = format!("CN={subject}, O=cassandra");
        let made = ["-keyalg", "RSA", "-validity", "365", "-dname", &subject];
        node.keytool(
            name,
            &[&["-genkeypair", "-alias", "node"][..], &made].concat(),
        );
        let file = node.own_certificate(name);
        node.keytool(name, &["-exportcert", "-alias", "node", "-file", &file]);
    }
    for name in ["n1", "n2"] {
        let file = node.own_certificate(name);
        let import = ["-importcert", "-noprompt", "-alias", name, "-file", &file];
        node.keytool("trusted", &import);
    }
    let stores = Stores {
        keystore: node.site.path("n1.jks"),
        truststore: node.site.path("trusted.jks"),
    };
    fs::set_permissions(&stores.keystore, Permissions::from_mode(0o600)).or_fail("making private");
    let passwords = StorePasswords {
        truststore: PASSWORDS.keystore,
        ..PASSWORDS
    };
    let mut agent = node.run(&block(&stores, passwords));
    for version in ["TLSv1.3", "TLSv1.2"] {
        let spoken = command::run(&mut node.jsse("n2", version)).or_fail("dialling with JSSE");
        assert_eq!(spoken, "over JSSE\n");
    }
    for (times, version) in (1..).zip(["TLSv1.3", "TLSv1.2"]) {
        let refused = command::run(&mut node.jsse("stranger", version)).err();
        let refused = refused.or_fail("a refusal").to_string();
        assert!(
            refused.contains("Received fatal alert: unknown_ca"),
            "{refused}"
        );
        agent.await_refusals(
            "unknown-issuer",
            times,
            "issued by a CA that the truststore does not hold",
        );
    }
    node.assert_private(&mut agent);
}

/// An agent's surroundings.
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

    fn convert(&self, kind: StoreKind) -> Stores {
        self.own.convert(kind, PASSWORDS).or_fail("converting")
    }

    /// `keytool` on NAME.jks, as guides for Cassandra have it.
    fn keytool(&self, name: &str, arguments: &[&str]) {
        let mut keytool = Command::new("keytool");
        keytool
            .args(arguments)
            .arg("-keystore")
            .arg(self.site.path(&format!("{name}.jks")))
            .args(["-storetype", "JKS", "-storepass:env", "PASSWORD"])
            .env("PASSWORD", PASSWORDS.keystore);
        command::run(&mut keytool).or_fail("running keytool");
    }

    fn own_certificate(&self, name: &str) -> String {
        self.site.path(&format!("{name}.cer")).display().to_string()
    }

    /// Java's own TLS with NAME.jks, which prints the echo of a line.
    fn jsse(&self, name: &str, version: &str) -> Command {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keystores/Dialler.java");
        let mut java = Command::new("java");
        java.arg(program)
            .arg(self.address.ip().to_string())
            .arg(self.address.port().to_string())
            .arg(self.site.path(&format!("{name}.jks")))
            .arg(self.site.path("trusted.jks"))
            .arg(version)
            .env("PASSWORD", PASSWORDS.keystore);
        java
    }

    fn block_with_list(&self, list: &Path) -> String {
        format!(
            "server_encryption_options:\n  internode_encryption: all\n  require_client_auth: true\n  \
             certificate: {}\n  keyfile: {}\n  truststore: {}\n  certficate_revocation_list: {}\n",
            self.own.certificate.display(),
            self.own.key.display(),
            self.own.ca.display(),
            list.display()
        )
    }

    fn run(&self, block: &str) -> Watched {
        let mut agent = self.start(&self.with_block(block));
        agent.expect(UNVERIFIED);
        agent
    }

    /// A peer with a certificate is served, over TLS; one without is not.
    fn assert_served(&self, agent: &Watched) {
        let mut peer = Peer::openssl(self.address, Some(&self.peer), &[]);
        peer.expect_echo("over TLS");
        let links = agent.state().links;
        assert!(
            links
                .iter()
                .any(|link| matches!(link.security, Security::Tls(_))),
            "{links:?}"
        );
        peer.finish();
    }

    fn assert_private(&self, agent: &mut Watched) {
        let log = agent.log();
        assert!(!log.contains("canary"), "{log}");
        let yaml = fs::read_to_string(agent.config()).or_fail("reading ringlock.yaml");
        let shown = command::run(ringlock().args(["config", "show"]).arg(agent.config()));
        let shown = shown.or_fail("showing the configuration");
        assert!(!shown.contains("canary"), "{shown}");
        assert!(yaml.contains("_password"), "{yaml}");
    }
}

fn head(stores: &Stores) -> String {
    format!(
        "server_encryption_options:\n  internode_encryption: all\n  require_client_auth: true\n  \
         keystore: {}\n  truststore: {}\n",
        stores.keystore.display(),
        stores.truststore.display()
    )
}

fn block(stores: &Stores, passwords: StorePasswords) -> String {
    head(stores)
        + &format!(
            "  keystore_password: {}\n  truststore_password: {}\n",
            passwords.keystore, passwords.truststore
        )
}

fn moved(file: &Path, name: &str) -> PathBuf {
    let to = file.with_file_name(name);
    fs::rename(file, &to).or_fail("renaming a store");
    to
}

/// Puts bytes into the place of a file in one step, private as a key must be.
fn replace(file: &Path, bytes: &[u8]) {
    let beside = file.with_extension("new");
    write_private(&beside, bytes);
    fs::rename(&beside, file).or_fail("replacing a store");
}
