use std::{collections::BTreeMap, net::IpAddr, path::PathBuf, time::Duration};

use fs_err as fs;
use ringlock_itest::{
    OrFail as _, Watched, assert_no_plaintext, retry_until,
    testkit::{
        Moment,
        agent::{AgentConfig, Interception},
        capture::Capture,
        cassandra::{
            CASSANDRA_3_11, CLUSTER_NAME, CassandraError, Cluster, ClusterOptions, Release,
        },
        cql::{Client, CqlError},
        lab::{Host, Lab},
        pki::{Authority, Issued, StorePasswords, Subject},
        poll,
        process::Signal,
    },
};
use ringlock_model::{Direction, Security};

use crate::setting::{Outage, Setting};

/// What a slow machine may take to start three nodes.
const START: Duration = Duration::from_secs(300);
/// What a slow machine may take until schemas are the same.
const AGREEMENT: Duration = Duration::from_secs(60);
/// What a node may take to end in order.
const END: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(200);
/// What every row holds.
pub(crate) const MARKER: &str = "nobody-else-may-read-this-row";
/// The node that does TLS itself.
const NATIVE: usize = 2;
const PASSWORDS: StorePasswords = StorePasswords {
    keystore: "of-the-keystore",
    truststore: "of-the-truststore",
};
/// What nodes are given besides: hints that need not be waited for, and reads at ONE that a
/// replica answers itself.
const YAML: &str = "hints_flush_period_in_ms: 1000\ndynamic_snitch: false\n";

/// The cluster with all that stands around it. What is dropped first depends on what is dropped
/// later.
pub(crate) struct Mixed {
    agents: Vec<Watched>,
    cluster: Cluster,
    options: ClusterOptions,
    capture: Capture,
    /// From when on nothing may be in clear.
    private: Option<Moment>,
    identities: Vec<Issued>,
    lab: Lab,
}

impl Mixed {
    /// Which Cassandra it is.
    pub(crate) fn release(&self) -> &'static Release {
        self.options.release
    }

    /// Whether a node notices that a connection it had dialled was ended.
    pub(crate) fn reads_its_sockets(&self) -> bool {
        self.options.release != &CASSANDRA_3_11
    }

    /// Starts capture, agents and rules before any database, so that no byte goes unseen, and
    /// waits until every node sees every node.
    pub(crate) fn start(release: &'static Release) -> Self {
        let lab = Lab::new(3).or_fail("making network namespaces");
        let log = lab.dir().join("tcpdump.log");
        let capture = Capture::start(lab.bridge(), MARKER, &log).or_fail("starting a capture");
        let authority = Authority::init(&lab.dir().join("ca"), CLUSTER_NAME);
        let authority = authority.or_fail("making a CA");
        let hosts = lab.nodes().iter().enumerate();
        let identities: Vec<_> = hosts
            .map(|(index, host)| issue(&authority, &lab, host, index))
            .collect();
        let behind_agents = identities.iter().enumerate();
        let agents = behind_agents
            .take(NATIVE)
            .map(|(index, identity)| start_agent(&lab, release, identity, index));
        let agents = agents.collect();
        let stores = identities[NATIVE].pkcs12(PASSWORDS);
        stores.or_fail("making stores");
        let native = native(release, &identities[NATIVE], Setting::Optional);
        let options = ClusterOptions {
            release,
            native_tls: vec![None, None, Some(native)],
            yaml: YAML.to_owned(),
            ..ClusterOptions::default()
        };
        let mut cluster = Cluster::start(&lab, &options).or_fail("starting Cassandra");
        let ready = cluster.wait_ready(START);
        ready.or_fail("waiting until every node sees every node up and normal");
        Self {
            agents,
            cluster,
            options,
            capture,
            private: None,
            identities,
            lab,
        }
    }

    /// Has the agents obey the setting from now on, while everything runs. The native node obeys
    /// it when it is started the next time.
    pub(crate) fn enter(&mut self, setting: Setting) {
        let release = self.options.release;
        // Who dials in plaintext stops before anybody stops accepting it.
        for index in (0..self.agents.len()).rev() {
            let config = agent_config(&self.lab, release, &self.identities[index], index, setting);
            let agent = &mut self.agents[index];
            fs::write(agent.config(), config.to_yaml()).or_fail("writing a configuration");
            agent.reload().or_fail("reloading a configuration");
        }
        if let Some(block) = &mut self.options.native_tls[NATIVE] {
            *block = native(release, &self.identities[NATIVE], setting);
        }
        if setting == Setting::OneSided {
            self.become_private();
        }
    }

    /// A client of the node with that index.
    pub(crate) fn client(&self, index: usize) -> Result<Client, CqlError> {
        Client::connect(
            &self.lab.client().namespace,
            self.cluster.nodes()[index].cql(),
        )
    }

    /// The cluster.
    pub(crate) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Lets the node be missed by all others while something is done.
    pub(crate) fn without<T>(
        &mut self,
        index: usize,
        outage: Outage,
        done: impl FnOnce(&Self) -> T,
    ) -> Result<T, CassandraError> {
        let process = self.cluster.nodes_mut()[index].process();
        match outage {
            Outage::Pause => process.signal(Signal::STOP),
            Outage::Restart => drop(process.stop(END)),
        }
        let result = done(self);
        let node = &mut self.cluster.nodes_mut()[index];
        match outage {
            Outage::Pause => node.process().signal(Signal::CONT),
            Outage::Restart => {
                self.cluster.start_again(&self.lab, index, &self.options)?;
                self.cluster.nodes_mut()[index].wait_ready(START)?;
            }
        }
        Ok(result)
    }

    /// The files of hints that the node keeps for others, with their lengths.
    pub(crate) fn hints(&self, index: usize) -> BTreeMap<PathBuf, u64> {
        let dir = self.lab.dir().join(&self.lab.nodes()[index].name);
        let files = fs::read_dir(dir.join("hints")).or_fail("listing hints");
        let files = files.flatten().map(|entry| entry.path());
        files
            .filter(|file| file.extension().is_some_and(|end| end == "hints"))
            .filter_map(|file| Some((file.clone(), fs::metadata(&file).ok()?.len())))
            .collect()
    }

    /// Waits until every node has the same schema.
    pub(crate) fn agree(&self) -> Result<(), CqlError> {
        let nodes = 0..self.cluster.nodes().len();
        let clients = nodes.map(|index| self.client(index));
        let clients: Vec<_> = clients.collect::<Result<_, _>>()?;
        let agreed = poll(AGREEMENT, GLANCE, || {
            let versions = clients.iter().map(Client::schema_version);
            let versions: Vec<_> = versions.collect::<Result<_, _>>()?;
            let same = versions.iter().all(|version| *version == versions[0]);
            Ok::<_, CqlError>(same.then_some(()))
        })?;
        agreed.or_fail("waiting until every node has the same schema");
        Ok(())
    }

    /// What the agents know of the links from one node to another: for each, whether it is the
    /// dialler's agent that says so.
    pub(crate) fn links(&self, from: usize, to: usize) -> Vec<(bool, Security)> {
        let seen = |by: usize, peer: usize, direction: Direction| {
            let peer = IpAddr::from(self.lab.nodes()[peer].ipv4);
            let links = self.agents.get(by).map(|agent| agent.state().links);
            let fits = links
                .into_iter()
                .flatten()
                .filter(move |link| link.peer == peer && link.direction == direction);
            fits.map(|link| link.security)
        };
        let dialled = seen(from, to, Direction::Outbound).map(|security| (true, security));
        let accepted = seen(to, from, Direction::Inbound).map(|security| (false, security));
        dialled.chain(accepted).collect()
    }

    /// Which of two nodes have agents: true for the one that dials.
    pub(crate) fn ends(&self, from: usize, to: usize) -> Vec<bool> {
        let agents = self.agents.len();
        let mut ends = Vec::new();
        if from < agents {
            ends.push(true);
        }
        if to < agents {
            ends.push(false);
        }
        ends
    }

    /// Waits until no agent has a link in clear; from then on nothing may be. What was until
    /// then, n2 dialled, which was told to.
    fn become_private(&mut self) {
        retry_until("links that are no longer in clear", || {
            let states = self.agents.iter().map(Watched::state);
            let mut links = states.flat_map(|state| state.links);
            let clear = links.any(|link| matches!(link.security, Security::Plaintext { .. }));
            (!clear).then_some(())
        });
        let plain = IpAddr::from(self.lab.nodes()[1].ipv4);
        let traffic = self.capture.so_far();
        let in_clear = traffic.plaintext_flows_since(Moment::BEGINNING);
        let has_plain = Setting::Optional.is_plaintext_from(self.options.release, 1);
        assert_eq!(!in_clear.is_empty(), has_plain);
        for flow in in_clear {
            assert_eq!(flow.client.ip(), plain, "{flow:?}");
        }
        self.private = Some(Moment::now());
    }

    /// Since then nothing was in clear, and no agent had a complaint but those that belong to
    /// what was done.
    pub(crate) fn assert_private(self) {
        let captured = self.capture.finish().or_fail("ending the capture");
        let private = self
            .private
            .or_fail("asking from when on nothing is in clear");
        assert_no_plaintext(&captured, private);
        let seen = captured.traffic.sightings_between(private, Moment::now());
        assert_eq!(seen, 0);
    }
}

fn issue(authority: &Authority, lab: &Lab, host: &Host, index: usize) -> Issued {
    let subject = Subject {
        node: host.name.clone(),
        datacenter: Cluster::datacenter(index).to_owned(),
        rack: format!("r{}", index + 1),
        addresses: vec![host.ipv4.into(), host.ipv6.into()],
        names: Vec::new(),
    };
    let out = lab.dir().join(format!("{}-pki", host.name));
    let issued = authority.issue(&subject, &out, None);
    issued.or_fail("issuing a certificate")
}

fn start_agent(lab: &Lab, release: &Release, identity: &Issued, index: usize) -> Watched {
    let host = &lab.nodes()[index];
    let config = agent_config(lab, release, identity, index, Setting::Optional);
    let dir = agent_dir(lab, index);
    let mut agent = Watched::start(&host.name, &config, &dir, Some(&host.namespace));
    for complaint in EXPECTED {
        agent.expect(complaint);
    }
    let installed = agent.install_interception();
    installed.or_fail("installing interception");
    agent
}

/// What an agent says of settings that are wanted here.
const EXPECTED: [&str; 1] = ["require_client_auth is false"];

fn agent_config(
    lab: &Lab,
    release: &Release,
    identity: &Issued,
    index: usize,
    setting: Setting,
) -> AgentConfig {
    let (dir, mode) = (agent_dir(lab, index), setting.mode(release, index));
    let transparent = Interception::Transparent;
    AgentConfig {
        require_client_auth: setting.client_auth(),
        ..AgentConfig::new(CLUSTER_NAME, transparent, mode, identity, &dir)
    }
}

fn agent_dir(lab: &Lab, index: usize) -> PathBuf {
    lab.dir().join(format!("agent-{}", index + 1))
}

/// The native node's own words.
fn native(release: &Release, identity: &Issued, setting: Setting) -> String {
    let optional = setting.native_optional(release);
    let optional = optional.map(|optional| format!("optional: {optional}\n  "));
    format!(
        "server_encryption_options:\n  \
           internode_encryption: all\n  \
           {optional}require_client_auth: {client_auth}\n  \
           require_endpoint_verification: true\n  \
           store_type: PKCS12\n  \
           keystore: {keystore}\n  \
           keystore_password: {keystore_password}\n  \
           truststore: {truststore}\n  \
           truststore_password: {truststore_password}\n",
        optional = optional.unwrap_or_default(),
        client_auth = setting.client_auth(),
        keystore = identity.certificate.with_extension("p12").display(),
        keystore_password = PASSWORDS.keystore,
        truststore = identity.ca.with_extension("p12").display(),
        truststore_password = PASSWORDS.truststore,
    )
}
