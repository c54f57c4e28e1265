use std::time::Duration;

use anyhow::{Context as _, bail};
use ringlock_model::{
    Direction, Mode, Security,
    admin::{Bypassing, Status},
};
use ringlock_testkit::{
    agent::{Agent, AgentConfig, Cut, Interception},
    capture::Capture,
    cassandra::{CASSANDRA_5_0, CLUSTER_NAME, Cluster, ClusterOptions},
    lab::Lab,
    load::{Load, LoadOptions},
    pki::{Authority, Issued, Subject},
    poll,
};

use crate::show::{Step, TICK};

/// What every row of the load holds, to be looked for on the bridge.
pub(crate) const MARKER: &str = "the-owner-of-this-row-likes-privacy";
/// How long a cluster may take to start; a slow machine with many nodes needs it.
const START_PATIENCE: Duration = Duration::from_secs(300);
/// How long the cluster may take for any step between.
const STEP_PATIENCE: Duration = Duration::from_secs(60);
/// How long an agent may take to end its links gently.
const DRAIN_PATIENCE: Duration = Duration::from_secs(60);

/// Everything that runs. What is dropped first depends on what is dropped later.
pub(crate) struct Stage {
    pub(crate) load: Option<Load>,
    pub(crate) agents: Vec<Agent>,
    pub(crate) cluster: Cluster,
    pub(crate) capture: Option<Capture>,
    pub(crate) lab: Lab,
}

impl Stage {
    /// Network, capture, cluster.
    pub(crate) fn build(nodes: usize, show: &crate::show::Show) -> anyhow::Result<Self> {
        let step = show.step("network");
        let lab = Lab::new(nodes)?;
        step.done(format!(
            "{nodes} nodes and a client, each in a namespace of its own, joined by a bridge \
             (ringlock-{}-…)",
            lab.id()
        ));

        let step = show.step("capture");
        let log = lab.dir().join("tcpdump.log");
        let capture = Capture::start(lab.bridge(), MARKER, &log)?;
        step.done("tcpdump reads along on the bridge");

        let step = show.step(format!("Apache Cassandra {}", CASSANDRA_5_0.version));
        let mut cluster = Cluster::start(&lab, &ClusterOptions::default())?;
        start(&mut cluster, &step)?;
        step.done(format!("{nodes} nodes up, in two datacenters, plaintext"));
        Ok(Self {
            load: None,
            agents: Vec::new(),
            cluster,
            capture: Some(capture),
            lab,
        })
    }

    /// Clients at QUORUM.
    pub(crate) fn start_load(&mut self, phase: &str) -> anyhow::Result<&Load> {
        let options = LoadOptions {
            namespace: Some(self.lab.client().namespace.clone()),
            marker: MARKER.to_owned(),
            ..LoadOptions::new(self.cluster.contact_points(), self.cluster.replication())
        };
        Ok(self.load.insert(Load::start(options, phase)?))
    }

    /// The load's requests count for this phase from now on.
    pub(crate) fn enter_phase(&self, name: &str) {
        if let Some(load) = &self.load {
            load.enter_phase(name);
        }
    }

    /// A CA, and a certificate for each node.
    pub(crate) fn issue_certificates(&self) -> anyhow::Result<Vec<Issued>> {
        let dir = self.lab.dir().join("pki");
        let authority = Authority::init(&dir.join("ca"), CLUSTER_NAME)?;
        let hosts = self.lab.nodes().iter().enumerate();
        hosts
            .map(|(index, host)| {
                let subject = Subject {
                    node: host.name.clone(),
                    datacenter: Cluster::datacenter(index).to_owned(),
                    rack: format!("r{}", index + 1),
                    addresses: vec![host.ipv4.into(), host.ipv6.into()],
                    names: vec![format!("{}.ringlock.test", host.name)],
                };
                Ok(authority.issue(&subject, &dir.join(&host.name), None)?)
            })
            .collect()
    }

    /// An agent beside each node; it takes new connections as they come.
    pub(crate) fn start_agents(&mut self, identities: &[Issued]) -> anyhow::Result<()> {
        for (host, identity) in self.lab.nodes().iter().zip(identities) {
            let dir = self.lab.dir().join(format!("agent-{}", host.name));
            let config = AgentConfig::new(
                CLUSTER_NAME,
                Interception::Transparent,
                Mode::NONE,
                identity,
                &dir,
            );
            let name = format!("the agent of {}", host.name);
            let agent = Agent::start(&name, &config, &dir, Some(&host.namespace))?;
            agent.install_interception()?;
            self.agents.push(agent);
        }
        Ok(())
    }

    /// The same mode for every agent.
    pub(crate) fn set_mode(&self, mode: Mode) -> anyhow::Result<()> {
        for agent in &self.agents {
            agent.set_mode(mode)?;
        }
        Ok(())
    }

    /// Cuts what goes past the agents, node by node. Each node cuts what it has dialled itself:
    /// of that its own kernel knows when nothing is on its way.
    pub(crate) fn cut_old_links(&self, step: &Step<'_>) -> anyhow::Result<()> {
        for (agent, host) in self.agents.iter().zip(self.lab.nodes()) {
            step.now(format!("{} cuts what it dialled before", host.name));
            agent.cut(&Cut {
                peer: None,
                direction: Some(Direction::Outbound),
                patience: STEP_PATIENCE,
            })?;
        }
        Ok(())
    }

    /// Waits until every link of every agent is as asked, none goes past them, and every node
    /// has dialled every other one through its agent. Gives the number of links.
    pub(crate) fn await_links(
        &self,
        step: &Step<'_>,
        wanted: impl Fn(&Security) -> bool,
    ) -> anyhow::Result<usize> {
        let peers = self.agents.len() - 1;
        let mut missing = String::new();
        let links = poll(STEP_PATIENCE, TICK, || {
            let mut links = 0;
            for agent in &self.agents {
                let status = agent.status()?;
                if let Some(lack) = lack(&status, peers, &wanted) {
                    step.now(&lack);
                    missing = lack;
                    return Ok(None);
                }
                links += status.links.len();
            }
            Ok::<_, anyhow::Error>(Some(links))
        })?;
        links.with_context(|| format!("after {STEP_PATIENCE:?} there is still {missing}"))
    }

    /// Leads new connections past the agents, ends those that the agents carry, one agent after
    /// the other, and removes the rules once nothing depends on them. Gives what the agents
    /// complained of while they ran.
    pub(crate) fn take_agents_away(&mut self, step: &Step<'_>) -> anyhow::Result<Vec<String>> {
        let mut complaints = Vec::new();
        for agent in &self.agents {
            agent.release_interception()?;
        }
        for agent in &mut self.agents {
            step.now(format!("{} ends its links", agent.name()));
            agent.stop(DRAIN_PATIENCE)?;
        }
        for agent in std::mem::take(&mut self.agents) {
            agent.remove_interception()?;
            complaints.extend(agent.check_log(&[]).err().map(|error| error.to_string()));
        }
        Ok(complaints)
    }

    /// Waits until rows can be read on the bridge again; gives one as it was seen.
    pub(crate) fn await_row_in_clear(&self, step: &Step<'_>) -> anyhow::Result<String> {
        let Some(capture) = &self.capture else {
            bail!("the capture has ended already");
        };
        let (before, _) = capture.sightings();
        let seen = poll(STEP_PATIENCE, TICK, || {
            step.now("");
            let (count, last) = capture.sightings();
            Ok::<_, anyhow::Error>(last.filter(|_| count > before))
        })?;
        let row = seen.context("no row was seen in clear on the bridge")?;
        Ok(format!(
            "{} → {}: \"{}\"",
            row.from,
            row.to,
            row.excerpt.trim_end_matches('.')
        ))
    }
}

fn start(cluster: &mut Cluster, step: &Step<'_>) -> anyhow::Result<()> {
    let nodes = cluster.nodes().len();
    let started = poll(START_PATIENCE, TICK, || {
        let ready = cluster.ready_nodes()?;
        step.now(format!("{ready} of {nodes} nodes serve"));
        Ok::<_, anyhow::Error>((ready == nodes).then_some(()))
    })?;
    if started.is_none() {
        bail!("the nodes did not start within {START_PATIENCE:?}");
    }
    step.now("do all see all?");
    Ok(cluster.wait_all_up(STEP_PATIENCE)?)
}

/// What keeps an agent's links from being as they should be.
fn lack(status: &Status, peers: usize, wanted: impl Fn(&Security) -> bool) -> Option<String> {
    if let Some(link) = status.links.iter().find(|link| !wanted(&link.security)) {
        let (peer, direction, security) = (link.peer, link.direction, &link.security);
        return Some(format!("{security} with {peer}, {direction}"));
    }
    match &status.bypassing {
        Bypassing::Unknown(reason) => return Some(format!("no telling what goes past: {reason}")),
        Bypassing::Connections(past) => {
            if let Some(one) = past.first() {
                return Some(format!("a connection with {} past the agent", one.peer));
            }
        }
    }
    let mut dialled: Vec<_> = status
        .links
        .iter()
        .filter(|link| link.direction == Direction::Outbound)
        .map(|link| link.peer)
        .collect();
    dialled.sort_unstable();
    dialled.dedup();
    (dialled.len() < peers).then(|| format!("no link to {} peers", peers - dialled.len()))
}
