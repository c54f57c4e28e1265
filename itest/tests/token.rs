//! A private key in a PKCS #11 token, as DSE's configuration names it: the token signs, and the key
//! never leaves it.

use std::{
    ops::Deref,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use fs_err as fs;
use ringlock_itest::{
    OrFail as _, Peer, Stage, Watched, retry_until,
    testkit::{
        agent::{AgentConfig, ringlock},
        command,
    },
    write_private,
};
use ringlock_model::{Mode, Security};

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
const PIN: &str = "canary-pin-74";
const PATIENCE: Duration = Duration::from_secs(20);
const UNPROVEN: &str = "the PIN is another than the one that this agent logged in with";
const KEPT: &str = "not reloaded, what was in force stays";
const UNVERIFIED: &str = "require_endpoint_verification is false";

#[test]
fn a_key_in_a_token_is_served_from_there() {
    let node = Node::new();
    let mut agent = node.run(&node.naming(&["token: node", "key: n1"], PIN));
    node.assert_served(&agent);
    assert_private(&mut agent);
}

#[test]
fn a_uri_names_the_token_the_key_and_the_file_with_the_pin() {
    let node = Node::new();
    let file = node.site.path("pin");
    write_private(&file, format!("{PIN}\n"));
    let uri = format!(
        "uri: pkcs11:token=node;object=n1;type=private?pin-source=file:{}",
        file.display()
    );
    let mut agent = node.run(&node.naming(&[&uri], ""));
    node.assert_served(&agent);
    assert_private(&mut agent);
}

#[test]
fn a_wrong_pin_and_a_missing_key_keep_the_agent_from_starting() {
    for (lines, pin, sentence) in [
        (["token: node", "key: n1"], "canary-wrong-75", "PIN"),
        (["token: node", "key: n9"], PIN, "n9"),
        (["token: other", "key: n1"], PIN, "other"),
    ] {
        let node = Node::new();
        let told = node.refused(&node.naming(&lines, pin));
        assert!(told.contains("ringlock.pkcs11: "), "{told}");
        assert!(told.contains(sentence), "{told}");
        assert!(!told.contains("canary"), "{told}");
    }
}

#[test]
fn a_key_that_is_not_there_never_replaces_one_that_is() {
    let node = Node::new();
    let mut agent = node.run(&node.naming(&["token: node", "key: n1"], PIN));
    agent.expect(KEPT);
    let other = node.naming(&["token: node", "key: n9"], PIN);
    fs::write(agent.config(), other.to_yaml()).or_fail("changing ringlock.yaml");
    agent.await_line(&["WARN", KEPT, "n9"]);
    node.assert_served(&agent);
    let back = node.naming(&["token: node", "key: n1"], PIN);
    fs::write(agent.config(), back.to_yaml() + "# the same key\n").or_fail("changing it back");
    retry_until("the reload", || (agent.state().reloads == 1).then_some(()));
    node.assert_served(&agent);
}

#[test]
fn a_token_that_hangs_at_a_reload_stops_neither_orders_nor_what_is_served_nor_the_end() {
    let node = Node::new();
    let (module, environment) = node.unpluggable();
    let named = |pin| {
        let mut config = node.naming(&["token: node", "key: n1"], pin);
        config.environment.extend(environment.clone());
        config.ringlock_lines[1] = format!("  module: {}", module.display());
        config
    };
    let mut agent = node.run(&named(PIN));
    fs::write(node.site.path("hang"), "").or_fail("making the token hang");
    let touched = |times| named(PIN).to_yaml() + &"# changed\n".repeat(times);
    fs::write(agent.config(), touched(1)).or_fail("changing ringlock.yaml");
    retry_until("the token being asked", || {
        node.site.path("hanging").exists().then_some(())
    });
    // Signatures go through sessions that are open.
    node.assert_served(&agent);
    agent.set_mode(Mode::REQUIRE).or_fail("an order");
    assert_eq!(
        (agent.state().reloads, agent.state().reloads_failed),
        (0, 0)
    );
    fs::remove_file(node.site.path("hang")).or_fail("letting the token go on");
    retry_until("the reload", || (agent.state().reloads == 1).then_some(()));
    node.assert_served(&agent);

    fs::remove_file(node.site.path("hanging")).or_fail("forgetting that it was asked");
    fs::write(node.site.path("hang"), "").or_fail("making the token hang again");
    fs::write(agent.config(), touched(2)).or_fail("changing ringlock.yaml");
    retry_until("the token being asked", || {
        node.site.path("hanging").exists().then_some(())
    });
    agent.stop(PATIENCE).or_fail("stopping the agent");
}

#[test]
fn another_pin_at_a_reload_is_told_to_be_unproven() {
    let node = Node::new();
    let mut agent = node.run(&node.naming(&["token: node", "key: n1"], PIN));
    agent.expect(UNPROVEN);
    let other = node.naming(&["token: node", "key: n1"], "canary-wrong-75");
    fs::write(agent.config(), other.to_yaml()).or_fail("changing the PIN");
    agent.await_line(&["WARN", UNPROVEN]);
    retry_until("the reload", || (agent.state().reloads == 1).then_some(()));
    node.assert_served(&agent);
    assert_private(&mut agent);
}

/// An agent's surroundings, with the agent's key in a token alone.
struct Node(Stage);

impl Deref for Node {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.0
    }
}

impl Node {
    fn new() -> Self {
        let mut stage = Stage::new();
        let softhsm = stage.site.path("softhsm2.conf");
        let tokens = stage.site.path("tokens");
        fs::create_dir(&tokens).or_fail("making a folder of tokens");
        let text = format!("directories.tokendir = {}\n", tokens.display());
        fs::write(&softhsm, text).or_fail("configuring SoftHSM");
        let variable = ("SOFTHSM2_CONF".to_owned(), softhsm.display().to_string());
        let util = |arguments: &[&str]| {
            let mut command = Command::new("softhsm2-util");
            let done = command::run(command.args(arguments).env(&variable.0, &variable.1));
            done.or_fail("asking SoftHSM");
        };
        let so = ["--so-pin", "12345678", "--pin", PIN];
        util(&[&["--init-token", "--free", "--label", "node"][..], &so].concat());
        let key = stage.own.key.display().to_string();
        let import = [
            "--import", &key, "--token", "node", "--label", "n1", "--id", "01",
        ];
        util(&[&import[..], &["--pin", PIN]].concat());
        fs::remove_file(&stage.own.key).or_fail("removing the key's file");
        stage.config.environment.push(variable);
        Self(stage)
    }

    fn naming(&self, token: &[&str], pin: &str) -> AgentConfig {
        let mut config = self.config.clone();
        config.ringlock_lines = vec!["pkcs11:".to_owned(), format!("  module: {MODULE}")];
        let lines = token.iter().map(|line| format!("  {line}"));
        config.ringlock_lines.extend(lines);
        let password = match pin {
            "" => String::new(),
            pin => format!("  keystore_password: {pin}\n"),
        };
        config.instead_of_block = Some(format!(
            "server_encryption_options:\n  internode_encryption: all\n  require_client_auth: true\n  \
             keystore: NONE\n  keystore_type: PKCS11\n{password}  certificate: {}\n  \
             truststore: {}\n",
            self.own.certificate.display(),
            self.own.ca.display()
        ));
        config
    }

    /// The module that can be made to hang, and its surroundings.
    fn unpluggable(&self) -> (PathBuf, [(String, String); 2]) {
        let source = "../crates/token/tests/softhsm/unplug.c";
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
        let module = self.site.path("unplug.so");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-o"]).arg(&module);
        let made = command::run(compiler.arg(source).arg("-ldl"));
        made.or_fail("compiling a module");
        let folder = module.with_file_name("").display().to_string();
        let environment = [
            ("SITE".to_owned(), folder),
            ("SOFTHSM_MODULE".to_owned(), MODULE.to_owned()),
        ];
        (module, environment)
    }

    fn run(&self, config: &AgentConfig) -> Watched {
        let mut agent = self.start(config);
        agent.expect(UNVERIFIED);
        agent
    }

    /// Peers are served, by TLS 1.3 and 1.2.
    fn assert_served(&self, agent: &Watched) {
        for version in ["-tls1_3", "-tls1_2"] {
            let mut peer = Peer::openssl(self.address, Some(&self.peer), &[version]);
            peer.expect_echo("over TLS");
            let links = agent.state().links;
            let is_tls =
                |link: &ringlock_model::admin::Link| matches!(link.security, Security::Tls(_));
            assert!(links.iter().any(is_tls), "{links:?}");
            peer.finish();
        }
    }
}

fn assert_private(agent: &mut Watched) {
    let log = agent.log();
    assert!(!log.contains("canary"), "{log}");
    let shown = command::run(ringlock().args(["config", "show"]).arg(agent.config()));
    let shown = shown.or_fail("showing the configuration");
    assert!(shown.contains("ringlock.pkcs11.module"), "{shown}");
    assert!(!shown.contains("canary"), "{shown}");
}
