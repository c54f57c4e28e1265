use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{
    CQL_PORT, CassandraError, Jit, NodeEvidence, Release, RingEntry, config, java,
    nodetool::{JMX_PORT, Tool},
};
use crate::{
    command::CommandError,
    lab::{Family, Host, Lab},
    process::{Process, Signal},
};

/// The line by which a node says that it serves clients.
const READY: &str = "Startup complete";

/// How one node is to be started.
#[derive(Clone, Debug)]
pub struct NodeOptions {
    /// Which Cassandra.
    pub release: &'static Release,
    /// Its datacenter.
    pub datacenter: String,
    /// Its rack.
    pub rack: String,
    /// Which of its host's addresses others know it by.
    pub family: Family,
    /// Where it listens besides, if it does: nodes of its datacenter dial it there once they have
    /// learnt of it (`prefer_local`).
    pub private: Option<IpAddr>,
    /// Whom it asks for the others. A seed starts alone if it must, so nodes that are all seeds
    /// can start at the same time.
    pub seeds: Vec<IpAddr>,
    /// Its tokens, chosen beforehand, so that no node waits for another's choice.
    pub tokens: Vec<i64>,
    /// Its own TLS, if it does any: `server_encryption_options`, `client_encryption_options` and
    /// what goes with them, at the top level of `cassandra.yaml`, naming files by absolute paths.
    pub native_tls: Option<String>,
    /// More lines of `cassandra.yaml`.
    pub yaml: String,
    /// How it is compiled while it runs.
    pub jit: Jit,
}

/// A running node. Killed when dropped; its data goes with the lab.
#[derive(Debug)]
pub struct Cassandra {
    host: Host,
    address: IpAddr,
    release: &'static Release,
    tool: Tool,
    process: Process,
    first_pid: u32,
    /// How often its log will have said that it is ready, once it is.
    starts: usize,
}

impl Cassandra {
    /// Starts a node on the host; [`Self::wait_ready`] waits until it serves.
    pub fn start(lab: &Lab, host: &Host, options: &NodeOptions) -> Result<Self, CassandraError> {
        let java = java::find_java(options.release.java)?;
        let yaml = Self::write_files(lab, host, options)?;
        let conf = yaml.parent().unwrap_or(&yaml);
        let tool = Tool::new(options.release, conf)?;
        let command = command(&lab.dir().join(&host.name), conf, options, &java)?;
        let log = lab.dir().join(format!("{}.log", host.name));
        let process = Process::start(&host.name, command, Some(&host.namespace), &log)?;
        // The same log is gone on with where the node has run before.
        let starts = times_ready(&process.log()?) + 1;
        Ok(Self {
            starts,
            host: host.clone(),
            address: host.address(options.family),
            release: options.release,
            tool,
            first_pid: process.pid(),
            process,
        })
    }

    /// Writes the files that a node reads at its start, and gives its `cassandra.yaml`. Starting
    /// the node does this as well; others can read the file before.
    pub fn write_files(
        lab: &Lab,
        host: &Host,
        options: &NodeOptions,
    ) -> Result<PathBuf, CassandraError> {
        let dir = lab.dir().join(&host.name);
        let address = host.address(options.family);
        config::write(options, address, &dir).map_err(|source| CassandraError::Files {
            node: host.name.clone(),
            source,
        })
    }

    /// Waits until the node serves clients.
    pub fn wait_ready(&mut self, patience: Duration) -> Result<(), CassandraError> {
        Ok(self.process.wait_for(READY, self.starts, patience)?)
    }

    /// Whether the node serves clients by now; an error if it has ended.
    pub fn is_ready(&mut self) -> Result<bool, CassandraError> {
        if times_ready(&self.process.log()?) >= self.starts {
            return Ok(true);
        }
        if self.process.ended().is_some() {
            self.wait_ready(Duration::ZERO)?;
        }
        Ok(false)
    }

    /// The host it runs on.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Its address for peers and clients.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Where clients connect to.
    pub fn cql(&self) -> SocketAddr {
        (self.address, CQL_PORT).into()
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Runs `nodetool` against it; gives what it prints.
    pub fn nodetool(&self, arguments: &[&str]) -> Result<String, CassandraError> {
        match self.tool.nodetool(&self.host.namespace, arguments) {
            Some(printed) => printed.map_err(|source| self.not_told(source)),
            None => Err(CassandraError::NoNodetool {
                version: self.release.version,
            }),
        }
    }

    /// The ring as this node sees it.
    pub fn status(&self) -> Result<BTreeMap<IpAddr, RingEntry>, CassandraError> {
        let status = self.tool.status(&self.host.namespace);
        status.map_err(|source| self.not_told(source))
    }

    /// Has it repair a table on every replica, wholly; gives what is printed.
    pub fn repair(&self, keyspace: &str, table: &str) -> Result<String, CassandraError> {
        let repaired = self.tool.repair(&self.host.namespace, keyspace, table);
        repaired.map_err(|source| self.not_told(source))
    }

    /// Has a keyspace streamed to it from the others in that datacenter; gives what is printed.
    pub fn rebuild(&self, keyspace: &str, datacenter: &str) -> Result<String, CassandraError> {
        let rebuilt = (self.tool).rebuild(&self.host.namespace, keyspace, datacenter);
        rebuilt.map_err(|source| self.not_told(source))
    }

    /// What it has logged.
    pub fn log(&self) -> Result<String, CassandraError> {
        Ok(self.process.log()?)
    }

    /// What its process and its log say up to now. Ask before stopping any node: a node that
    /// goes is rightly marked down.
    pub fn evidence(&mut self) -> Result<NodeEvidence, CassandraError> {
        let restarted = self.process.ended().is_some() || self.process.pid() != self.first_pid;
        let log = self.process.log()?;
        Ok(NodeEvidence::read(&self.host.name, &log, restarted))
    }

    /// Asks it to end, as a service manager does.
    pub fn terminate(&mut self) {
        self.process.signal(Signal::TERM);
    }

    fn not_told(&self, source: CommandError) -> CassandraError {
        CassandraError::Nodetool {
            node: self.host.name.clone(),
            source,
        }
    }
}

fn times_ready(log: &str) -> usize {
    log.lines().filter(|line| line.contains(READY)).count()
}

fn command(
    dir: &Path,
    conf: &Path,
    options: &NodeOptions,
    java: &Path,
) -> Result<Command, CassandraError> {
    let (dir, conf) = (dir.display(), conf.display());
    let mut command = Command::new(java);
    command
        .args(["-Xms512m", "-Xmx768m", "-Xss256k"])
        .args(options.jit.flags())
        .args(options.release.java.module_flags())
        .arg("-XX:-UsePerfData")
        .arg(format!("-Djava.io.tmpdir={dir}/tmp"))
        .arg(format!("-Dcassandra.config=file://{conf}/cassandra.yaml"))
        .arg(format!("-Dcassandra.storagedir={dir}"))
        .arg(format!("-Dcassandra.logdir={dir}/logs"))
        .arg(format!("-Dlogback.configurationFile={conf}/logback.xml"))
        .arg(format!("-Dcassandra.jmx.local.port={JMX_PORT}"))
        .arg("-Dcassandra-foreground=yes")
        .arg("-Djdk.attach.allowAttachSelf=true")
        .arg("-Dcassandra.ring_delay_ms=4000")
        .arg("-Dcassandra.skip_wait_for_gossip_to_settle=0")
        .args(["-cp", &format!("{conf}:{}", options.release.jars()?)])
        .arg("org.apache.cassandra.service.CassandraDaemon");
    Ok(command)
}
