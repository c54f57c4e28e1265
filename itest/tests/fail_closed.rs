//! Interception by the kernel between two network namespaces: what is redirected, what is not,
//! and that nothing gets through where the agent should be and is not.

use std::{
    fs::Permissions,
    io::{self, Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::Command,
    time::Duration,
};

use fs_err as fs;
use ringlock_itest::{
    CLUSTER, Conduct, Database, OrFail as _, Site, Watched, assert_no_plaintext, expect_echo,
    initiate, may_run_as_root, patiently, retry_until,
    testkit::{
        Moment,
        agent::{AgentConfig, Cut, Interception, ringlock},
        capture::Capture,
        lab::{Family, Host, Lab},
        pki::Issued,
        process::Process,
    },
};
use ringlock_model::{
    Direction, Mode, Security,
    admin::{Bypassing, BypassingConnection},
};

const PORT: u16 = 7000;
const PATIENCE: Duration = Duration::from_secs(30);
const FAMILIES: [Family; 2] = [Family::V4, Family::V6];
/// What the connections say, to be looked for on the bridge.
const MARKER: &str = "nobody-else-may-read-this";

/// A host with a database, and what an agent beside it needs.
struct Node {
    host: Host,
    identity: Issued,
    dir: PathBuf,
    databases: Vec<Database>,
}

/// Two of them. What is dropped first depends on what is dropped later.
struct Pair {
    nodes: [Node; 2],
    _site: Site,
    lab: Lab,
}

impl Pair {
    fn new() -> Self {
        let lab = Lab::new(2).or_fail("making network namespaces");
        let site = Site::new();
        let node = |index: usize| Node::new(&lab.nodes()[index], &lab, &site);
        Self {
            nodes: [node(0), node(1)],
            _site: site,
            lab,
        }
    }

    /// Agents beside both, and the rules in place.
    fn intercepted(&self) -> [Watched; 2] {
        self.nodes.each_ref().map(|node| {
            let agent = node.start();
            agent
                .install_interception()
                .or_fail("installing interception");
            agent
        })
    }

    /// A capture on the bridge. Each needs a log of its own, which tells when it has begun.
    fn capture(&self, log: &str) -> Capture {
        let log = self.lab.dir().join(log);
        Capture::start(self.lab.bridge(), MARKER, &log).or_fail("starting a capture")
    }
}

impl Node {
    fn new(host: &Host, lab: &Lab, site: &Site) -> Self {
        let addresses = FAMILIES.map(|family| host.address(family));
        let databases = addresses
            .into_iter()
            .chain([Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        let names = addresses.map(|address| address.to_string());
        Self {
            host: host.clone(),
            identity: site.issue(&host.name, &names.each_ref().map(String::as_str)),
            dir: lab.dir().join(format!("agent-{}", host.name)),
            databases: databases
                .map(|address| serve(host, (address, PORT).into()))
                .collect(),
        }
    }

    fn config(&self) -> AgentConfig {
        let transparent = Interception::Transparent;
        AgentConfig::new(
            CLUSTER,
            transparent,
            Mode::REQUIRE,
            &self.identity,
            &self.dir,
        )
    }

    fn start(&self) -> Watched {
        let namespace = Some(&self.host.namespace);
        Watched::start(&self.host.name, &self.config(), &self.dir, namespace)
    }

    /// The port of the database as others dial it.
    fn address(&self, family: Family) -> SocketAddr {
        (self.host.address(family), PORT).into()
    }

    /// How many connections its databases have got.
    fn accepted(&self) -> usize {
        self.databases.iter().map(Database::accepted).sum()
    }

    /// Runs a program in its namespace that must succeed.
    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let said = self
            .host
            .namespace
            .run(Command::new(program).args(arguments));
        said.or_fail("running a program in a namespace")
    }

    /// Runs a program in its namespace to its end; gives its exit code and all that it said.
    fn outcome(&self, command: Command) -> (Option<i32>, String) {
        let log = self.dir.with_extension("outcome");
        let mut process = Process::start("ringlock", command, Some(&self.host.namespace), &log)
            .or_fail("starting a program in a namespace");
        let status = process
            .wait_for_end(PATIENCE)
            .or_fail("waiting for its end");
        (status.code(), process.log().or_fail("reading its log"))
    }

    /// Writes the configuration to a file and runs an agent with it that must not start.
    fn outcome_of_start(&self, config: &AgentConfig) -> (Option<i32>, String) {
        let file = self.dir.with_extension("yaml");
        fs::write(&file, config.to_yaml()).or_fail("writing a configuration");
        let mut command = ringlock();
        command.args(["agent", "run", "--config"]).arg(file);
        self.outcome(command)
    }
}

#[test]
fn where_the_agent_was_killed_ports_refuse_nothing_passes_in_clear_and_a_restart_recovers() {
    if !may_run_as_root() {
        return;
    }
    let pair = Pair::new();
    let [one, two] = &pair.nodes;
    let capture = pair.capture("tcpdump.log");
    // The capture has to show what crosses in clear, to prove that nothing does.
    drop(greet(&one.host, two.address(Family::V4)));
    let from = Moment::now();
    let mut agents = pair.intercepted();
    for family in FAMILIES {
        expect_tls(&one.host, two.address(family), &agents);
        expect_tls(&two.host, one.address(family), &agents);
    }

    let accepted = one.accepted();
    let mut old = FAMILIES.map(|family| greet(&one.host, two.address(family)));
    agents[0].process().kill();
    for old in &mut old {
        assert_ended(old);
    }
    for family in FAMILIES {
        assert_refused(&one.host, two.address(family));
        assert_refused(pair.lab.client(), one.address(family));
        // The agent of the other node takes the connection, and passes on that there is nobody.
        let mut dialled = dial(&two.host, one.address(family)).or_fail("dialling");
        // It may be gone before it is spoken to.
        let greeting = greeting(&two.host, one.address(family));
        dialled.write_all(&greeting).ok();
        assert_ended(&mut dialled);
    }
    assert_eq!(one.accepted(), accepted);

    agents[0].start_again().or_fail("starting the agent again");
    for family in FAMILIES {
        expect_tls(&one.host, two.address(family), &agents);
        expect_tls(&two.host, one.address(family), &agents);
    }
    let captured = capture.finish().or_fail("ending the capture");
    let seen = captured.traffic.sightings_between(Moment::BEGINNING, from);
    assert_eq!(seen, 2, "there and back");
    assert_no_plaintext(&captured, from);
}

#[test]
fn rules_are_installed_once_and_go_without_a_trace_and_no_other_table_is_touched() {
    if !may_run_as_root() {
        return;
    }
    let pair = Pair::new();
    let [one, two] = &pair.nodes;
    let agent = one.start();
    for words in [
        "add table inet other",
        "add chain inet other input { type filter hook input priority 0; }",
        "add rule inet other input tcp dport 7000 counter accept",
    ] {
        one.run("nft", &words.split(' ').collect::<Vec<_>>());
    }
    // With its handles, so that a table that was replaced by its like is seen as well.
    let before = one.run("nft", &["-a", "-s", "list", "ruleset"]);
    let other = || one.run("nft", &["-a", "-s", "list", "table", "inet", "other"]);
    let untouched = other();

    agent.install_interception().or_fail("installing");
    let installed = one.run("nft", &["-a", "list", "table", "inet", "ringlock"]);
    agent.install_interception().or_fail("installing again");
    let again = one.run("nft", &["-a", "list", "table", "inet", "ringlock"]);
    assert_eq!(again, installed);
    assert_eq!(other(), untouched);
    let shown = agent.show_interception().or_fail("showing");
    assert!(shown.starts_with("installed by Ringlock "), "{shown}");

    for _ in 0..2 {
        agent.remove_interception().or_fail("removing");
        let after = one.run("nft", &["-a", "-s", "list", "ruleset"]);
        assert_eq!(after, before);
    }
    let shown = agent.show_interception().or_fail("showing");
    assert_eq!(shown.trim(), "not installed");
    expect_echo(&mut greet(&one.host, two.address(Family::V4)), b"directly");
    assert!(agent.state().connections.is_empty());
}

#[test]
fn a_table_of_that_name_that_is_not_ours_is_left_alone() {
    if !may_run_as_root() {
        return;
    }
    let pair = Pair::new();
    let [one, _] = &pair.nodes;
    let agent = one.start();
    one.run("nft", &["add", "table", "inet", "ringlock"]);
    one.run("nft", &["add", "chain", "inet", "ringlock", "mine"]);
    let before = one.run("nft", &["-a", "list", "ruleset"]);
    for verb in ["install", "remove", "release"] {
        let mut command = ringlock();
        command.args(["agent", "intercept", verb, "--config"]);
        command.arg(agent.config());
        let (code, said) = one.outcome(command);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("`inet ringlock` is not Ringlock's"), "{said}");
        assert!(said.contains("nothing was changed"), "{said}");
        assert_eq!(one.run("nft", &["-a", "list", "ruleset"]), before);
    }
}

#[test]
fn without_the_privilege_the_capability_is_named_and_nothing_is_installed() {
    if !may_run_as_root() {
        return;
    }
    let pair = Pair::new();
    let [one, _] = &pair.nodes;
    // Somewhere that nobody may look: the program itself may lie in a home directory.
    let public = tempfile::tempdir().or_fail("making a directory");
    let everyone = Permissions::from_mode(0o755);
    fs::set_permissions(public.path(), everyone).or_fail("opening a directory");
    let (program, config) = (public.path().join("ringlock"), public.path().join("yaml"));
    fs::copy(ringlock().get_program(), &program).or_fail("copying the program");
    fs::write(&config, one.config().to_yaml()).or_fail("writing a configuration");

    for (order, failure) in [
        ("agent intercept install", 1),
        ("agent intercept remove", 1),
        ("agent intercept show", 1),
        ("agent run", 2),
    ] {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .args(["--inh-caps=-all", "--bounding-set=-all"])
            .arg(&program)
            .args(order.split(' '))
            .arg("--config")
            .arg(&config);
        let (code, said) = one.outcome(command);
        assert_eq!(code, Some(failure), "{order}: {said}");
        assert!(said.contains("CAP_NET_ADMIN is missing"), "{order}: {said}");
        assert_eq!(one.run("nft", &["list", "ruleset"]), "");
    }
}

#[test]
fn a_second_agent_in_the_namespace_is_told_of_the_first_and_ends() {
    if !may_run_as_root() {
        return;
    }
    let pair = Pair::new();
    let [one, two] = &pair.nodes;
    let mut agents = pair.intercepted();
    let mut config = one.config();
    // Nothing else is in its way.
    config.admin_socket = one.dir.join("second.sock");
    config.state_directory = one.dir.join("second");
    for line in ["inbound_port: 18000", "outbound_port: 18001"] {
        config.ringlock_lines.push(line.to_owned());
    }
    let (code, said) = one.outcome_of_start(&config);
    assert_eq!(code, Some(2), "{said}");
    let pid = agents[0].process().pid();
    let sentence =
        format!("another Ringlock agent runs in this network namespace: process {pid} (ringlock");
    assert!(said.contains(&sentence), "{said}");
    assert!(!config.admin_socket.exists());
    expect_tls(&one.host, two.address(Family::V4), &agents);
}

#[test]
fn without_ipv6_the_agent_serves_ipv4_and_what_comes_over_ipv6_later_is_refused() {
    if !may_run_as_root() {
        return;
    }
    let pair = Pair::new();
    let [one, two] = &pair.nodes;
    // As `disable_ipv6` leaves a host: no address, not even that of loopback.
    for interface in ["lo", "eth0"] {
        one.run("ip", &["-6", "addr", "flush", "dev", interface]);
    }
    let mut agents = pair.intercepted();
    agents[0].await_line(&["without IPv6"]);
    expect_tls(&one.host, two.address(Family::V4), &agents);
    expect_tls(&two.host, one.address(Family::V4), &agents);

    let own = format!("{}/64", one.host.ipv6);
    one.run("ip", &["-6", "addr", "add", "::1/128", "dev", "lo"]);
    one.run("ip", &["-6", "addr", "add", &own, "dev", "eth0", "nodad"]);
    assert_refused(&one.host, two.address(Family::V6));
}

#[test]
fn a_port_in_use_names_who_listens_there() {
    if !may_run_as_root() {
        return;
    }
    let pair = Pair::new();
    let [one, _] = &pair.nodes;
    let wildcard: SocketAddr = (Ipv6Addr::UNSPECIFIED, 17000).into();
    for address in [wildcard, (Ipv4Addr::LOCALHOST, 17001).into()] {
        let taken = one.host.namespace.within(|| TcpListener::bind(address));
        let taken = taken.or_fail("entering").or_fail("listening");
        let (code, said) = one.outcome_of_start(&one.config());
        assert_eq!(code, Some(2), "{said}");
        let port = format!("port {} is in use on ", address.port());
        let holder = format!(": process {} (", std::process::id());
        assert!(said.contains(&port) && said.contains(&holder), "{said}");
        assert!(!one.config().admin_socket.exists());
        drop(taken);
    }
    drop(one.start());
}

#[test]
fn what_a_namespace_says_to_itself_is_left_alone() {
    if !may_run_as_root() {
        return;
    }
    let pair = Pair::new();
    let [one, _] = &pair.nodes;
    let mut agents = pair.intercepted();
    let own = FAMILIES.map(|family| one.host.address(family));
    let loopback: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    let say = |address: IpAddr| {
        let address = (address, PORT).into();
        let mut dialled = dial(&one.host, address).or_fail("dialling the own database");
        expect_echo(&mut dialled, &greeting(&one.host, address));
    };
    own.into_iter().chain(loopback).for_each(say);
    let status = agents[0].state();
    assert!(status.connections.is_empty() && status.links.is_empty());
    assert!(status.refused.is_empty(), "{:?}", status.refused);
    agents[0].process().kill();
    own.into_iter().chain(loopback).for_each(say);
}

#[test]
fn a_connection_older_than_the_rules_lives_on_is_listed_and_is_cut_into_the_agent() {
    if !may_run_as_root() {
        return;
    }
    let pair = Pair::new();
    let [one, two] = &pair.nodes;
    for family in FAMILIES {
        let mut old = greet(&one.host, two.address(family));
        let agents = pair.intercepted();
        expect_echo(&mut old, b"older than the rules");
        let past = |peer: &Node, direction| {
            let connection = BypassingConnection {
                peer: peer.host.address(family),
                port: PORT,
                direction,
            };
            Bypassing::Connections(vec![connection])
        };
        assert_eq!(agents[0].state().bypassing, past(two, Direction::Outbound));
        assert_eq!(agents[1].state().bypassing, past(one, Direction::Inbound));

        let capture = pair.capture(&format!("tcpdump-{family:?}.log"));
        let (said, mut new) =
            cut_while_dialling_again(&agents[0], old, || greet(&one.host, two.address(family)));
        for agent in &agents {
            assert_eq!(agent.state().bypassing, Bypassing::Connections(Vec::new()));
        }
        expect_echo(&mut new, b"through the agents");
        assert_links(&agents, 1);
        let captured = capture.finish().or_fail("ending the capture");
        assert_no_plaintext(&captured, Moment::BEGINNING);
        let line = format!("outbound {}: cut, back through", two.address(family));
        assert!(said.starts_with(&line), "{said}");
        for agent in &agents {
            agent.remove_interception().or_fail("removing");
        }
    }
}

/// Cuts what the agent's database has dialled; that dials again as soon as it sees the end.
fn cut_while_dialling_again(
    agent: &Watched,
    mut old: TcpStream,
    dial_again: impl FnOnce() -> TcpStream + Send,
) -> (String, TcpStream) {
    std::thread::scope(|scope| {
        let database = scope.spawn(move || {
            assert_ended(&mut old);
            dial_again()
        });
        let said = agent.cut(&Cut {
            peer: None,
            direction: Some(Direction::Outbound),
            patience: PATIENCE,
        });
        let new = database.join();
        let new = new.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (said.or_fail("cutting"), new)
    })
}

fn serve(host: &Host, address: SocketAddr) -> Database {
    let started = || Database::start_at(address, Conduct::PlaintextOnly);
    host.namespace
        .within(started)
        .or_fail("starting a database")
}

fn dial(host: &Host, address: SocketAddr) -> io::Result<TcpStream> {
    let dialled = host.namespace.within(|| TcpStream::connect(address));
    dialled.or_fail("entering a namespace").inspect(patiently)
}

/// What a database on that host says first when it dials this address.
fn greeting(host: &Host, address: SocketAddr) -> Vec<u8> {
    let own = match address {
        SocketAddr::V4(_) => host.ipv4.into(),
        SocketAddr::V6(_) => host.ipv6.into(),
    };
    [&initiate(own), MARKER.as_bytes()].concat()
}

/// Dials as a database does; the other one answers.
fn greet(host: &Host, address: SocketAddr) -> TcpStream {
    let mut dialled = dial(host, address).or_fail("dialling a database");
    expect_echo(&mut dialled, &greeting(host, address));
    dialled
}

/// Dials, is answered, and finds the connection with both agents as a TLS link.
#[track_caller]
fn expect_tls(host: &Host, address: SocketAddr, agents: &[Watched; 2]) {
    assert_links(agents, 0);
    let dialled = greet(host, address);
    assert_links(agents, 1);
    drop(dialled);
    assert_links(agents, 0);
}

/// Waits until each agent has so many links, and asserts that they are all TLS.
#[track_caller]
fn assert_links(agents: &[Watched; 2], count: usize) {
    for agent in agents {
        let links = retry_until("the links", || {
            Some(agent.state().links).filter(|links| links.len() == count)
        });
        for link in links {
            assert!(matches!(link.security, Security::Tls(_)), "{link:?}");
        }
    }
}

#[track_caller]
fn assert_refused(host: &Host, address: SocketAddr) {
    let error = dial(host, address).err().or_fail("being refused");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused, "{address}");
}

/// Nothing more comes from it.
#[track_caller]
fn assert_ended(stream: &mut TcpStream) {
    match stream.read(&mut [0]) {
        Ok(read) => assert_eq!(read, 0),
        // A reset by the other side, or by an order to this side's kernel.
        Err(error) => assert!(
            matches!(
                error.kind(),
                io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted
            ),
            "{error}"
        ),
    }
}
