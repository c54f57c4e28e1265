//! What nodes of Cassandra 3.11 do when a link ends under them and when a peer is gone: first by
//! themselves, with no agent near, and then behind agents, which may not make it worse.

use std::{path::PathBuf, process::Command, thread, time::Duration};

use ringlock_itest::{
    OrFail as _, Site, Watched, may_run_as_root, retry_until,
    testkit::{
        Moment,
        agent::{AgentConfig, Cut, Interception},
        cassandra::{CASSANDRA_3_11, CLUSTER_NAME, Cluster, ClusterOptions},
        command,
        cql::{Client, Replicas, Rows},
        lab::{Host, Lab},
    },
};
use ringlock_model::{Direction, Mode};

/// What a slow machine may take to start two nodes.
const START: Duration = Duration::from_secs(300);
/// What a slow machine may take to bring links back.
const RETURN: Duration = Duration::from_secs(60);
/// How long dials are counted: not so long that the node takes its peer for down, and dials less.
const COUNTING: Duration = Duration::from_secs(3);
/// How often a link is cut before it is given up that something is lost.
const CUTS: usize = 30;
/// A node has a connection for gossip, one for small and one for large messages, and waits 100 ms
/// after each dial that was refused (`OutboundTcpConnection.OPEN_RETRY_DELAY`); one each may have
/// begun before.
const MOST: u64 = 3 * (10 * COUNTING.as_secs() + 1);

/// What is dropped first depends on what is dropped later.
struct Scene {
    agents: Vec<Watched>,
    cluster: Cluster,
    options: ClusterOptions,
    site: Site,
    lab: Lab,
}

#[test]
fn a_3_11_behind_an_agent_redials_no_more_than_without_one_and_loses_the_same_on_a_dead_link() {
    if !may_run_as_root() {
        return;
    }
    let mut scene = Scene::start();
    let (cuts, error) = scene.lose_a_message();
    println!("without agents, lost at cut {cuts}: {error}");

    let natively = scene.count_dials(|scene| dials(&scene.lab.nodes()[0]));
    scene.start_again();
    scene.start_agents();
    let behind_agents = scene.count_dials(Scene::connections);
    println!("dials in {COUNTING:?}: {natively} without agents, {behind_agents} with them");
    for dialled in [natively, behind_agents] {
        assert!(dialled > 0);
        assert!(dialled <= MOST, "{dialled} dials in {COUNTING:?}");
    }
}

impl Scene {
    /// Two plain nodes.
    fn start() -> Self {
        let lab = Lab::new(2).or_fail("making network namespaces");
        let options = ClusterOptions {
            release: &CASSANDRA_3_11,
            ..ClusterOptions::default()
        };
        let mut cluster = Cluster::start(&lab, &options).or_fail("starting Cassandra");
        let ready = cluster.wait_ready(START);
        ready.or_fail("waiting until every node sees every node up and normal");
        let scene = Self {
            agents: Vec::new(),
            cluster,
            options,
            site: Site::new(),
            lab,
        };
        scene.make_table();
        scene
    }

    fn client(&self) -> Client {
        let node = &self.cluster.nodes()[0];
        let client = Client::connect(&self.lab.client().namespace, node.cql());
        client.or_fail("connecting a client")
    }

    fn make_table(&self) {
        let client = self.client();
        let replication = self.cluster.replication();
        for statement in [
            format!("CREATE KEYSPACE kept WITH replication = {replication}"),
            "CREATE TABLE kept.rows (id text PRIMARY KEY, value text)".to_owned(),
        ] {
            client.execute(&statement).or_fail("making a table");
        }
        // Until the other node has it too.
        retry_until("rows at ALL", || {
            let rows = Rows::generate("first", 16, "text", 20);
            client.write("kept.rows", &rows, Replicas::All).ok()
        });
    }

    /// Has the kernel destroy links until rows that are written next, some at the same time, do not
    /// all arrive; says how many cuts that took.
    ///
    /// The node writes messages into a buffer, and empties it behind the last one that waits. On a
    /// dead socket it learns then that it is dead, and repeats the one message at which it
    /// did: all others of the buffer are gone (`OutboundTcpConnection.writeConnected`).
    fn lose_a_message(&self) -> (usize, String) {
        let client = self.client();
        let write = |round: usize| {
            let rows = Rows::generate(&format!("round-{round}"), 16, "text", 200);
            client.write("kept.rows", &rows, Replicas::All)
        };
        write(0).or_fail("writing at ALL on links that live");
        let lost = (1..=CUTS).find_map(|round| {
            destroy(&self.lab.nodes()[0], &self.lab.nodes()[1]);
            write(round).err().map(|error| (round, error.to_string()))
        });
        write(CUTS + 1).or_fail("writing at ALL on the links that came after");
        lost.or_fail("losing a message on a link that was destroyed")
    }

    /// Kills n2 and has n1 something to say to it; gives by how much that grew meanwhile.
    fn count_dials(&mut self, counter: impl Fn(&Self) -> u64) -> u64 {
        let client = self.client();
        self.cluster.nodes_mut()[1].process().kill();
        let (begun, before) = (Moment::now(), counter(self));
        let rows = Rows::generate("meanwhile", 16, "text", 200);
        while Moment::now() - begun < COUNTING {
            let written = client.write("kept.rows", &rows, Replicas::One);
            written.or_fail("writing at ONE");
            thread::sleep(COUNTING / 30);
        }
        counter(self) - before
    }

    fn start_again(&mut self) {
        let again = self.cluster.start_again(&self.lab, 1, &self.options);
        again.or_fail("starting a node again");
        let ready = self.cluster.wait_ready(START);
        ready.or_fail("waiting until every node sees every node up and normal");
    }

    /// Puts every link behind agents that require TLS.
    fn start_agents(&mut self) {
        self.agents = (0..2).map(|index| self.agent(index)).collect();
        for agent in &self.agents {
            agent.install_interception().or_fail("intercepting");
        }
        let cut = Cut {
            peer: None,
            direction: Some(Direction::Outbound),
            patience: RETURN,
        };
        for agent in &self.agents {
            agent.cut(&cut).or_fail("cutting what goes past an agent");
            agent.set_mode(Mode::REQUIRE).or_fail("requiring TLS");
        }
        retry_until("rows at ALL", || {
            let rows = Rows::generate("again", 16, "text", 20);
            self.client().write("kept.rows", &rows, Replicas::All).ok()
        });
    }

    fn agent(&self, index: usize) -> Watched {
        let host = &self.lab.nodes()[index];
        let addresses = [host.ipv4.to_string(), host.ipv6.to_string()];
        let addresses = addresses.each_ref().map(String::as_str);
        let identity = self.site.issue(&host.name, &addresses);
        let dir: PathBuf = self.lab.dir().join(format!("agent-{}", host.name));
        let mode = "all+optional".parse().or_fail("reading a mode");
        let transparent = Interception::Transparent;
        let config = AgentConfig::new(CLUSTER_NAME, transparent, mode, &identity, &dir);
        Watched::start(&host.name, &config, &dir, Some(&host.namespace))
    }

    /// How many connections n1's agent has had to do with.
    fn connections(&self) -> u64 {
        let state = self.agents[0].state();
        let counted = state.connections.values().chain(state.refused.values());
        counted.sum()
    }
}

/// Has the kernel destroy what the one node has dialled of the other.
fn destroy(one: &Host, other: &Host) {
    let mut ss = Command::new("ss");
    ss.args(["-K", "-t", "dst", &other.ipv4.to_string()])
        .args(["dport", "=", ":7000"]);
    let done = one.namespace.within(|| command::run(&mut ss));
    done.or_fail("entering a namespace")
        .or_fail("destroying sockets");
}

/// How often anybody of that host has dialled.
fn dials(host: &Host) -> u64 {
    let table = || fs_err::read_to_string("/proc/thread-self/net/snmp");
    let table = host.namespace.within(table);
    let table = table
        .or_fail("entering a namespace")
        .or_fail("reading counters");
    let mut rows = table.lines().filter(|line| line.starts_with("Tcp:"));
    let (names, values) = rows.next().zip(rows.next()).or_fail("finding TCP");
    let mut named = names.split(' ').zip(values.split(' '));
    let opens = named.find(|(name, _)| *name == "ActiveOpens");
    let (_, opens) = opens.or_fail("finding ActiveOpens");
    opens.parse().or_fail("reading a number")
}
