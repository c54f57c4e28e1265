//! Passwords that stand encrypted in configurations, end to end: with a key of the node's own, with
//! DSE's key file, and with a key in a KMIP server.

use std::{
    net::SocketAddr,
    ops::Deref,
    path::{Path, PathBuf},
    process::Command,
};

use fs_err as fs;
use ringlock_itest::{
    OrFail as _, Peer, Stage, Watched, retry_until, served_fingerprint, skip,
    testkit::{
        agent::{AgentConfig, ringlock},
        command,
        kmip::{KEY_HEX, KEY_NAME, KmipError, KmipServer},
        pki::{Issued, StoreKind, StorePasswords, Stores},
    },
    write_private,
};
use ringlock_model::Security;

const PASSWORDS: StorePasswords = StorePasswords {
    keystore: "keystore-canary-81",
    truststore: "truststore-canary-82",
};
const KMIP_PASSWORDS: StorePasswords = StorePasswords {
    keystore: "kmip-canary-83",
    truststore: "kmip-canary-84",
};

/// What the folder of a KMIP server holds.
const KMIP_FILES: [&str; 5] = [
    "server.crt",
    "server.key",
    "ca.crt",
    "client.crt",
    "client.key",
];

/// The line of DSE's key file for the key that the KMIP server has as well.
const SYSTEM_KEY: &str = "AES/ECB/PKCS5Padding:128:AAECAwQFBgcICQoLDA0ODw==\n";
const OTHER_SYSTEM_KEY: &str = "AES/ECB/PKCS5Padding:128:Dw4NDAsKCQgHBgUEAwIBAA==\n";
const KEPT: &str = "not reloaded, what was in force stays";
const UNVERIFIED: &str = "require_endpoint_verification is false";

#[test]
fn passwords_sealed_with_a_key_of_the_node_are_verified_and_served() {
    let node = Node::new();
    let key = node.new_key("secret.key");
    let block = node.block(&sealed(&key, PASSWORDS));
    let config = node.naming(&format!("secret_key: {}", key.display()), &block);
    let yaml = node.write("verified.yaml", &config.to_yaml());
    let told = verify(&["--key"], &key, &yaml);
    let told = told.or_fail("verifying what opens");
    assert_eq!(told.matches("; it opens").count(), 2, "{told}");

    let mut agent = node.start(&config);
    node.assert_served(&mut agent);
}

#[test]
fn a_value_of_another_key_is_refused_with_its_line_by_verify_and_by_the_agent() {
    let node = Node::new();
    let (key, other) = (node.new_key("secret.key"), node.new_key("other.key"));
    let block = node.block(&sealed(&key, PASSWORDS));
    let config = node.naming(&format!("secret_key: {}", other.display()), &block);
    let yaml = config.to_yaml();
    let file = node.write("ringlock.yaml", &yaml);
    let line = line_of(&yaml, "  keystore_password: ");
    let place = format!("{}:{line}", file.display());

    let told = verify(&["--key"], &other, &file).err().or_fail("a refusal");
    assert!(told.contains(&format!(
        "{place}: server_encryption_options.keystore_password"
    )));
    assert!(told.contains("it was encrypted with the key "), "{told}");

    let error = error_of(&node.refused(&config));
    assert!(error.contains(&place), "{error}");
    assert!(
        error.contains("keystore_password: the password does not open: it was encrypted with"),
        "{error}"
    );
}

#[test]
fn a_key_that_others_may_read_or_that_is_gone_keeps_the_agent_from_starting() {
    let node = Node::new();
    let key = node.new_key("secret.key");
    let block = node.block(&sealed(&key, PASSWORDS));
    let config = node.naming(&format!("secret_key: {}", key.display()), &block);
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .or_fail("opening the key to everybody");
    let told = node.refused(&config);
    assert!(told.contains("ringlock.secret_key: "), "{told}");
    assert!(told.contains("chmod 600"), "{told}");
    fs::remove_file(&key).or_fail("taking the key away");
    let told = node.refused(&config);
    assert!(told.contains("ringlock.secret_key: "), "{told}");
    assert!(told.contains("does not exist"), "{told}");
}

#[test]
fn passwords_that_dse_encrypted_with_a_key_file_are_verified_and_served() {
    let node = Node::new();
    write_private(&node.site.path("system_key"), SYSTEM_KEY);
    let dse = node.dse_yaml("");
    let config = node.with_dse(&dse);
    let yaml = node.write("verified.yaml", &config.to_yaml());
    let told = verify(&["--dse"], &dse, &yaml).or_fail("verifying what opens");
    let words = "encrypted by DSE (AES/ECB/PKCS5Padding); it opens";
    assert_eq!(told.matches(words).count(), 2, "{told}");

    let mut agent = node.start(&config);
    node.assert_served(&mut agent);
}

#[test]
fn what_keeps_dse_from_starting_keeps_the_agent_from_it_with_the_line() {
    let node = Node::new();
    let dse = node.dse_yaml("");
    let config = node.with_dse(&dse);
    let told = node.refused(&config);
    assert!(told.contains("system_key does not exist"), "{told}");

    write_private(&node.site.path("system_key"), OTHER_SYSTEM_KEY);
    let place = |config: &AgentConfig| {
        let line = line_of(&config.to_yaml(), "  keystore_password: ");
        let file = node.site.path("ringlock.yaml");
        format!("{}:{line}", file.display())
    };
    let error = error_of(&node.refused(&config));
    assert!(error.contains(&place(&config)), "{error}");
    assert!(
        error.contains("it was encrypted with another key"),
        "{error}"
    );

    // Once encryption is active, no protected property may be plain.
    write_private(&node.site.path("system_key"), SYSTEM_KEY);
    let plain = node.block(&PASSWORDS.map(str::to_owned));
    let config = node.naming(&format!("dse_config: {}", dse.display()), &plain);
    let error = error_of(&node.refused(&config));
    assert!(error.contains(&place(&config)), "{error}");
    assert!(error.contains("it is plain text"), "{error}");
}

#[test]
fn a_key_in_a_kmip_server_opens_the_passwords_and_its_loss_is_waited_out() {
    let node = Node::new();
    let Some(mut kmip) = node.kmip("kmip-1") else {
        return;
    };
    let dse = node.dse_yaml_with(&kmip);
    let config = node.with_dse(&dse);
    let yaml = node.write("verified.yaml", &config.to_yaml());
    let told = verify(&["--dse"], &dse, &yaml).or_fail("verifying what opens");
    assert_eq!(told.matches("; it opens").count(), 2, "{told}");

    let mut agent = node.start(&config);
    node.assert_served(&mut agent);
    let before = agent.state().certificate.sha256;

    // A new certificate is there, and the server is not.
    kmip.0.kill();
    agent.expect(KEPT);
    let renewed = node.site.issue("n1-new", &["127.0.0.1"]);
    let renewed = renewed.convert(StoreKind::Jks, PASSWORDS);
    let renewed = renewed.or_fail("converting").keystore;
    fs::rename(renewed, &node.stores.keystore).or_fail("replacing the keystore");
    agent.await_line(&[
        "WARN",
        KEPT,
        "no server of the KMIP group vault can be talked to",
    ]);
    assert_eq!(agent.state().certificate.sha256, before);
    assert_eq!(served_fingerprint(node.address, &node.peer), before);
    let told = node.refused(&config);
    assert!(
        told.contains("no server of the KMIP group vault can be talked to"),
        "{told}"
    );

    // The server is back, and no file has changed since.
    let mut back = node.kmip_again("kmip-1", kmip.0.address());
    retry_until("another try", || (agent.state().reloads == 1).then_some(()));
    assert_ne!(agent.state().certificate.sha256, before);
    node.assert_served(&mut agent);
    back.kill();

    // Another server has the key, and is named.
    let kmip = node.kmip("kmip-2").or_fail("starting another server");
    node.dse_yaml_with(&kmip);
    retry_until("the reload", || (agent.state().reloads == 2).then_some(()));
    node.assert_served(&mut agent);
}

/// An agent's surroundings, with stores under [`PASSWORDS`].
struct Node {
    stage: Stage,
    stores: Stores,
}

impl Deref for Node {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.stage
    }
}

impl Node {
    fn new() -> Self {
        let stage = Stage::new();
        let stores = stage.own.convert(StoreKind::Jks, PASSWORDS);
        Self {
            stores: stores.or_fail("converting"),
            stage,
        }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.site.path(name);
        fs::write(&file, text).or_fail("writing a file");
        file
    }

    /// A new key by `ringlock secret keygen`.
    fn new_key(&self, name: &str) -> PathBuf {
        let key = self.site.path(name);
        let made = command::run(ringlock().args(["secret", "keygen", "--out"]).arg(&key));
        made.or_fail("making a key");
        key
    }

    /// The block with these words for the passwords of keystore and truststore.
    fn block(&self, [keystore, truststore]: &[String; 2]) -> String {
        format!(
            "server_encryption_options:\n  internode_encryption: all\n  require_client_auth: true\n  \
             keystore: {}\n  keystore_password: {keystore}\n  truststore: {}\n  \
             truststore_password: {truststore}\n",
            self.stores.keystore.display(),
            self.stores.truststore.display()
        )
    }

    fn naming(&self, line: &str, block: &str) -> AgentConfig {
        let mut config = self.with_block(block);
        config.ringlock_lines = vec![line.to_owned()];
        config
    }

    /// The configuration whose passwords are encrypted as DSE does it.
    fn with_dse(&self, dse: &Path) -> AgentConfig {
        let block = self.block(&encrypted_by_dse(PASSWORDS));
        self.naming(&format!("dse_config: {}", dse.display()), &block)
    }

    /// A `dse.yaml` beside which the key is, with more lines.
    fn dse_yaml(&self, more: &str) -> PathBuf {
        let text = format!("config_encryption_active: true\nsystem_key_directory: .\n{more}");
        self.write("dse.yaml", &text)
    }

    /// A `dse.yaml` whose key is in that server.
    fn dse_yaml_with(&self, (server, client): &(KmipServer, Issued)) -> PathBuf {
        let stores = client.convert(StoreKind::Jks, KMIP_PASSWORDS);
        let stores = stores.or_fail("converting the stores of the KMIP group");
        self.dse_yaml(&format!(
            "config_encryption_key_name: kmip://vault/{KEY_NAME}\nkmip_hosts:\n  vault:\n    hosts: {}\n    \
             keystore_path: {}\n    keystore_password: {}\n    truststore_path: {}\n    \
             truststore_password: {}\n    timeout: 20000\n",
            server.address(),
            stores.keystore.display(),
            KMIP_PASSWORDS.keystore,
            stores.truststore.display(),
            KMIP_PASSWORDS.truststore
        ))
    }

    /// A KMIP server with a certificate of the site's CA, and its client; none, with the reason told, where PyKMIP is
    /// not there.
    fn kmip(&self, name: &str) -> Option<(KmipServer, Issued)> {
        let server = self.site.issue(name, &["127.0.0.1"]);
        let client = self.site.issue(&format!("{name}-client"), &["127.0.0.1"]);
        let folder = self.site.path(&format!("{name}-server"));
        fs::create_dir_all(&folder).or_fail("making a folder");
        let issued = [
            &server.certificate,
            &server.key,
            &server.ca,
            &client.certificate,
            &client.key,
        ];
        for (from, to) in issued.into_iter().zip(KMIP_FILES) {
            fs::copy(from, folder.join(to)).or_fail("copying a certificate");
        }
        match KmipServer::start(&folder, "") {
            Err(error @ KmipError::NoPackages { .. }) => {
                skip(&error.to_string());
                None
            }
            started => Some((started.or_fail("starting PyKMIP"), client)),
        }
    }

    /// The server of that name again, which has ended at that address.
    fn kmip_again(&self, name: &str, address: SocketAddr) -> KmipServer {
        let (old, new) = (format!("{name}-server"), format!("{name}-server-again"));
        let (old, new) = (self.site.path(&old), self.site.path(&new));
        fs::create_dir_all(&new).or_fail("making a folder");
        for file in KMIP_FILES {
            fs::copy(old.join(file), new.join(file)).or_fail("copying a certificate");
        }
        KmipServer::start_at(address, &new, "").or_fail("starting PyKMIP again")
    }

    fn start(&self, config: &AgentConfig) -> Watched {
        let mut agent = self.stage.start(config);
        agent.expect(UNVERIFIED);
        agent
    }

    /// A peer is served over TLS, and neither the log nor the configuration shows a password.
    fn assert_served(&self, agent: &mut Watched) {
        let mut peer = Peer::openssl(self.address, Some(&self.peer), &[]);
        peer.expect_echo("over TLS");
        let links = agent.state().links;
        let secured =
            |link: &ringlock_model::admin::Link| matches!(link.security, Security::Tls(_));
        assert!(links.iter().any(secured), "{links:?}");
        peer.finish();
        let yaml = fs::read_to_string(agent.config()).or_fail("reading ringlock.yaml");
        for text in [agent.log(), yaml] {
            assert!(!text.contains("canary"), "{text}");
        }
    }
}

/// The passwords by `ringlock secret encrypt`.
fn sealed(key: &Path, passwords: StorePasswords) -> [String; 2] {
    passwords.map(|password| {
        let mut encrypt = ringlock();
        encrypt.args(["secret", "encrypt", "--password-env", "PASSWORD", "--key"]);
        let value = command::run(encrypt.arg(key).env("PASSWORD", password));
        value.or_fail("encrypting a password").trim_end().to_owned()
    })
}

/// The passwords as `dsetool encryptconfigvalue` writes them with the key of the tests, by OpenSSL.
fn encrypted_by_dse(passwords: StorePasswords) -> [String; 2] {
    passwords.map(|password| {
        let mut encrypt = Command::new("openssl");
        encrypt.args(["enc", "-aes-128-ecb", "-K", KEY_HEX, "-base64", "-A"]);
        let value = command::run_with_input(&mut encrypt, password);
        value.or_fail("encrypting a password")
    })
}

/// What `ringlock secret verify` says of a file, as the outcome that its exit code tells.
fn verify(option: &[&str], key: &Path, file: &Path) -> Result<String, String> {
    let mut verify = ringlock();
    verify.args(["secret", "verify"]).args(option).arg(key);
    let output = command::output(verify.arg(file)).or_fail("verifying passwords");
    let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    match output.status.code() {
        Some(0) => Ok(told),
        Some(1) => Err(told),
        other => panic!("{other:?}: {told}"),
    }
}

/// The sentence with which the agent ended.
fn error_of(told: &str) -> String {
    let error = told.lines().find(|line| line.starts_with("error: "));
    error.or_fail("looking for the error").to_owned()
}

/// The number of the line that begins so.
fn line_of(text: &str, beginning: &str) -> usize {
    let at = text.lines().position(|line| line.starts_with(beginning));
    at.or_fail("looking for a line") + 1
}

/// Both passwords, made into something else.
trait Both {
    fn map(self, change: impl Fn(&str) -> String) -> [String; 2];
}

impl Both for StorePasswords {
    fn map(self, change: impl Fn(&str) -> String) -> [String; 2] {
        [change(self.keystore), change(self.truststore)]
    }
}
