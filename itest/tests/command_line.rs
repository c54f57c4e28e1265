//! What the program says, by which exit code, and what it leaves behind: 0 done, 1 what was asked
//! for failed, 2 the request or the configuration is wrong.

use std::{
    net::{SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    time::Duration,
};

use fs_err as fs;
use ringlock_itest::{
    Conduct, Database, OrFail as _, Peer, Site, await_ending, connect, expect_echo, free_address,
    testkit::{
        agent::{AgentConfig, ringlock},
        command,
        pki::Issued,
        process::Signal,
    },
};
use ringlock_model::{Direction, Mode};

const PATIENCE: Duration = Duration::from_secs(30);

/// What a run of the program came to.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Said {
    /// Runs the program with these words.
    fn by(arguments: &[&str]) -> Self {
        Self::by_command(ringlock().args(arguments))
    }

    fn by_command(command: &mut Command) -> Self {
        let output = command::output(command).or_fail("running the program");
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The lines by which it says what is wrong.
    fn errors(&self) -> Vec<&str> {
        let lines = self.stderr.lines();
        lines
            .filter_map(|line| line.strip_prefix("error: "))
            .collect()
    }

    /// Asserts that it ended with that code and one sentence that holds all of these words.
    #[track_caller]
    fn assert_sentence(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stdout, "");
        let errors = self.errors();
        let [sentence] = errors.as_slice() else {
            panic!("expected one sentence: {self:?}");
        };
        for word in words {
            assert!(sentence.contains(word), "{word:?} is not in: {sentence}");
        }
        assert!(!self.stderr.contains("panicked"), "{self:?}");
    }
}

/// A configuration that would do, in a file.
struct Prepared {
    site: Site,
    config: AgentConfig,
    address: SocketAddr,
    own: Issued,
}

impl Prepared {
    fn new() -> Self {
        let site = Site::new();
        let own = site.issue("n1", &["127.0.0.1"]);
        let (config, address) = site.config("n1", Direction::Inbound, free_address(), &own);
        Self {
            site,
            config,
            address,
            own,
        }
    }

    fn run_agent(&self) -> Said {
        self.run_agent_with(&self.config.to_yaml())
    }

    fn run_agent_with(&self, yaml: &str) -> Said {
        let file = self.site.path("ringlock.yaml");
        fs::write(&file, yaml).or_fail("writing ringlock.yaml");
        Said::by(&["agent", "run", "--config", &text(&file)])
    }

    fn assert_nothing_was_left(&self) {
        assert!(!self.config.admin_socket.exists());
        assert!(!self.config.state_directory.exists());
        TcpListener::bind(self.address).or_fail("taking the agent's port");
    }

    /// Asserts that the agent does not start, for one reason in one sentence.
    #[track_caller]
    fn assert_does_not_start(&self, words: &[&str]) {
        self.run_agent().assert_sentence(2, words);
        self.assert_nothing_was_left();
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn a_missing_key_is_named() {
    let prepared = Prepared::new();
    fs::remove_file(&prepared.own.key).or_fail("removing the key");
    prepared.assert_does_not_start(&[&text(&prepared.own.key), "does not exist"]);
}

#[test]
fn a_key_that_every_user_may_read_is_refused_with_the_cure() {
    let prepared = Prepared::new();
    let key = &prepared.own.key;
    fs::set_permissions(key, PermissionsExt::from_mode(0o644)).or_fail("opening the key");
    let cure = format!("chmod 600 {}", text(key));
    prepared.assert_does_not_start(&[&text(key), "mode 0644", "every user read it", &cure]);
}

#[test]
fn a_key_that_cannot_be_read_is_named() {
    let prepared = Prepared::new();
    fs::remove_file(&prepared.own.key).or_fail("removing the key");
    fs::create_dir(&prepared.own.key).or_fail("putting a folder in its place");
    prepared.assert_does_not_start(&[&text(&prepared.own.key), "is a directory"]);
}

#[test]
fn a_key_of_another_certificate_is_refused_with_both_named() {
    let prepared = Prepared::new();
    let other = prepared.site.issue("n2", &["127.0.0.1"]);
    fs::copy(&other.key, &prepared.own.key).or_fail("copying another key");
    let sentence = "the private key belongs to none of the certificates";
    prepared.assert_does_not_start(&[&text(&prepared.own.certificate), sentence]);
}

#[test]
fn a_file_that_is_no_certificate_is_refused() {
    let prepared = Prepared::new();
    fs::write(&prepared.own.certificate, "hello\n").or_fail("writing garbage");
    let words = [&*text(&prepared.own.certificate), "holds no PEM section"];
    prepared.assert_does_not_start(&words);
}

#[test]
fn an_expired_certificate_is_refused_with_its_date() {
    let mut prepared = Prepared::new();
    prepared.config.identity = prepared.site.issue_expired("n1-expired");
    prepared.assert_does_not_start(&["n1-expired/node.crt", "expired at 2025-01-01"]);
}

#[test]
fn all_mistakes_of_a_ringlock_yaml_are_told_at_once() {
    let prepared = Prepared::new();
    let yaml = "\
ringlock:
  clustr: Test Cluster
  interception: listen
  listeners:
    - {address: '127.0.0.1:7100', target: 'localhost:7000', direction: inbound}
  workers: many
server_encryption_options:
  internode_encryption: racks
  optional: maybe
  certificate: node.crt
  keyfile: node.key
  trustore: ca.crt
";
    let said = prepared.run_agent_with(yaml);
    assert_eq!(said.code, Some(2), "{said:?}");
    let file = text(&prepared.site.path("ringlock.yaml"));
    for (place, words) in [
        (
            "2:3",
            "ringlock.clustr: unknown key; did you mean \"cluster\"?",
        ),
        ("5:43", "ringlock.listeners[0].target: not an address"),
        ("6:12", "ringlock.workers: not a whole number"),
        ("8:25", "unknown value (found \"racks\""),
        ("9:13", "not a boolean"),
        ("12:3", "unknown key; did you mean \"truststore\"?"),
    ] {
        let beginning = format!("{file}:{place}: ");
        let told = said
            .errors()
            .into_iter()
            .any(|line| line.starts_with(&beginning) && line.contains(words));
        assert!(told, "{place} {words:?} is not in {said:?}");
    }
    prepared.assert_nothing_was_left();
}

#[test]
fn a_missing_ringlock_yaml_is_named() {
    let site = Site::new();
    let file = text(&site.path("ringlock.yaml"));
    Said::by(&["agent", "run", "--config", &file]).assert_sentence(2, &[&file, "does not exist"]);
}

#[test]
fn a_port_in_use_names_its_holder() {
    let prepared = Prepared::new();
    let holder = TcpListener::bind(prepared.address).or_fail("holding the port");
    let said = prepared.run_agent();
    drop(holder);
    let port = format!("port {} is in use on 127.0.0.1", prepared.address.port());
    let process = format!("process {}", std::process::id());
    said.assert_sentence(2, &[&port, &process]);
    prepared.assert_nothing_was_left();
}

#[test]
fn a_second_agent_at_the_same_admin_socket_leaves_the_first_alone() {
    let database = Database::start(Conduct::Echo);
    let site = Site::new();
    let (agent, address) = site.agent("n1", Direction::Inbound, database.address());
    let own = Issued::in_dir(&site.path("n1"));
    let (mut config, _) = site.config("second", Direction::Inbound, database.address(), &own);
    config.admin_socket = agent.socket().to_owned();
    let file = site.path("second.yaml");
    fs::write(&file, config.to_yaml()).or_fail("writing ringlock.yaml");
    let said = Said::by(&["agent", "run", "--config", &text(&file)]);
    let words = [&*text(agent.socket()), "another agent answers"];
    said.assert_sentence(2, &words);
    let mut peer = Peer::openssl(address, Some(&own), &[]);
    peer.expect_echo("the first one serves");
}

#[test]
fn an_agent_that_is_not_there_is_one_sentence() {
    let site = Site::new();
    let socket = text(&site.path("admin.sock"));
    for order in [
        &["status"][..],
        &["agent", "mode", "all"],
        &["agent", "cut", "--all"],
        &["agent", "drain"],
        &["agent", "stop"],
        &["agent", "reload"],
    ] {
        let arguments = [order, &["--socket", &socket]].concat();
        let words = [&*socket, "no agent has its admin socket there"];
        Said::by(&arguments).assert_sentence(1, &words);
    }
}

#[test]
fn a_socket_that_an_agent_left_behind_is_told_from_one_that_answers() {
    let site = Site::new();
    let (mut agent, _) = site.agent("n1", Direction::Inbound, free_address());
    agent.process().kill();
    let socket = text(agent.socket());
    let words = [&*socket, "the one that made this socket has ended"];
    Said::by(&["status", "--socket", &socket]).assert_sentence(1, &words);
    agent
        .start_again()
        .or_fail("starting in spite of the socket");
    agent.state();
}

#[test]
fn wrong_arguments_are_exit_code_2_with_a_hint() {
    for (arguments, hint) in [
        (&["agent", "run"][..], "--config"),
        (&["agent", "cut"], "--peer"),
        (&["agent", "cut", "--peer", "10.0.0.1", "--all"], "--all"),
        (&["agent", "cut", "--peer", "node1"], "node1"),
        (
            &["agent", "mode", "al"],
            "transitional, dc+optional, dc, rack+optional, rack, all+optional, all",
        ),
        (&["agent", "mode"], "MODE"),
        (
            &["agent", "cut", "--all", "--patience", "30"],
            "such as 30s",
        ),
        (&["status", "--format", "xml"], "json"),
        (&["status", "--socket", "a", "--config", "b"], "--config"),
        (&["ca", "issue", "--node", "n1"], "--dir"),
        (&["agnet"], "agent"),
        (&[], "Usage"),
    ] {
        let said = Said::by(arguments);
        assert_eq!(said.code, Some(2), "{arguments:?}: {said:?}");
        assert!(said.stderr.contains(hint), "{arguments:?}: {said:?}");
        assert_eq!(said.stdout, "", "{arguments:?}");
    }
}

#[test]
fn help_and_version_are_no_failure() {
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["agent", "intercept", "--help"],
    ] {
        let said = Said::by(arguments);
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(!said.stdout.is_empty());
        assert_eq!(said.stderr, "");
    }
}

#[test]
fn a_log_filter_that_is_none_is_refused() {
    let site = Site::new();
    let socket = site.path("admin.sock");
    let mut command = ringlock();
    command.arg("status").arg("--socket").arg(socket);
    let said = Said::by_command(command.env("RINGLOCK_LOG", "ringlock=loud"));
    said.assert_sentence(2, &["RINGLOCK_LOG", "ringlock=loud"]);
}

#[test]
fn interception_rules_are_refused_where_the_configuration_wants_none() {
    let prepared = Prepared::new();
    let file = prepared.site.path("ringlock.yaml");
    fs::write(&file, prepared.config.to_yaml()).or_fail("writing ringlock.yaml");
    let said = Said::by(&["agent", "intercept", "install", "--config", &text(&file)]);
    said.assert_sentence(2, &[&text(&file), "listen, which needs no rules"]);
}

#[test]
fn the_status_table_shows_peer_direction_state_version_suite_and_identity() {
    let database = Database::start(Conduct::Echo);
    let site = Site::new();
    let (agent, address) = site.agent("n1", Direction::Inbound, database.address());
    let identity = site.issue("n2", &["127.0.0.1"]);
    let mut peer = Peer::openssl(
        address,
        Some(&identity),
        &["-ciphersuites", "TLS_AES_256_GCM_SHA384"],
    );
    peer.expect_echo("hello");
    let config = text(agent.config());
    let said = Said::by(&["status", "--config", &config]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let row = said.stdout.lines().find(|line| line.contains("inbound"));
    let row = row.or_fail("looking for the link");
    let peer_address = format!("127.0.0.1:{}", database.address().port());
    let cells: Vec<_> = row.split_whitespace().take(4).collect();
    assert_eq!(cells, [&*peer_address, "inbound", "tls", "TLSv1.3"]);
    for word in [
        "TLS_AES_256_GCM_SHA384",
        "ringlock://Test%20Cluster/dc1/r1/n2",
        "26 bytes",
    ] {
        assert!(row.contains(word), "{word} is not in {row}");
    }
    for word in [
        "Cluster Test Cluster",
        "Mode all",
        "Certificate ringlock://Test%20Cluster/dc1/r1/n1",
        &format!("pid {}", agent.state().pid),
    ] {
        assert!(said.stdout.contains(word), "{word} is not in {said:?}");
    }
}

#[test]
fn the_status_table_says_why_a_link_is_plaintext() {
    let database = Database::start(Conduct::Echo);
    let site = Site::new();
    let own = site.issue("n1", &["127.0.0.1"]);
    let (mut config, address) = site.config("n1", Direction::Inbound, database.address(), &own);
    config.mode = Mode::ACCEPT_BOTH;
    let agent = site.start("n1", &config);
    let mut peer = connect(address);
    expect_echo(&mut peer, &ringlock_itest::HELLO);
    let said = Said::by(&["status", "--socket", &text(agent.socket())]);
    assert!(
        said.stdout.contains("plaintext (peer dialled plaintext)"),
        "{said:?}"
    );
}

#[test]
fn the_admin_socket_is_its_owners_alone() {
    let site = Site::new();
    let (agent, _) = site.agent("n1", Direction::Inbound, free_address());
    let mode = fs::metadata(agent.socket()).or_fail("looking at the socket");
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
}

#[test]
fn an_agent_that_is_told_to_stop_ends_its_links_in_order_and_leaves_nothing() {
    for way in ["order", "signal"] {
        let database = Database::start(Conduct::Echo);
        let site = Site::new();
        let (far, far_address) = site.agent("far", Direction::Inbound, database.address());
        let (mut near, address) = site.agent("near", Direction::Outbound, far_address);
        let mut stream = connect(address);
        expect_echo(&mut stream, &ringlock_itest::HELLO);
        let socket = near.socket().to_owned();
        if way == "order" {
            let said = Said::by(&["agent", "stop", "--socket", &text(&socket)]);
            assert_eq!(said.code, Some(0), "{said:?}");
        } else {
            near.process().signal(Signal::TERM);
        }
        let clean = ringlock_itest::Ending::Clean(Vec::new());
        assert_eq!(await_ending(&mut stream), clean, "{way}");
        drop(stream);
        let status = near.process().wait_for_end(PATIENCE).or_fail("the end");
        assert_eq!(status.code(), Some(0), "{way}");
        assert!(!socket.exists(), "{way}");
        drop(far);
    }
}

#[test]
fn an_authority_is_never_overwritten_and_a_certificate_only_on_demand() {
    let site = Site::new();
    let dir = text(&site.path("ca"));
    let again = Said::by(&["ca", "init", "--dir", &dir, "--cluster", "Test Cluster"]);
    again.assert_sentence(1, &["ca.key"]);
    let own = site.issue("n1", &["127.0.0.1"]);
    let before = fs::read(&own.key).or_fail("reading the key");
    let out = text(&site.path("n1"));
    let issue = [
        "ca",
        "issue",
        "--dir",
        &dir,
        "--node",
        "n1",
        "--dc",
        "dc1",
        "--rack",
        "r1",
        "--ip",
        "127.0.0.1",
        "--out",
        &out,
    ];
    Said::by(&issue).assert_sentence(1, &["node.key"]);
    assert_eq!(fs::read(&own.key).or_fail("reading the key"), before);
    let forced = Said::by(&[&issue[..], &["--force"]].concat());
    assert_eq!(forced.code, Some(0), "{forced:?}");
    let mode = fs::metadata(&own.key).or_fail("looking at the key");
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
}
