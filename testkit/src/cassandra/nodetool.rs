use std::{
    collections::BTreeMap,
    net::IpAddr,
    path::{Path, PathBuf},
    process::Command,
};

use fs_err as fs;

use super::{CassandraError, Java, Release, java};
use crate::{command::CommandError, lab::Namespace};

/// The port of JMX on loopback, in each node's namespace.
pub(super) const JMX_PORT: u16 = 7199;

/// Does what `nodetool` does with the same words. Java runs it from its source.
const JMX: &str = include_str!("Jmx.java");

/// One node as `nodetool status` on another shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingEntry {
    /// Whether it is up.
    pub up: bool,
    /// Where it is in its life.
    pub state: NodeState,
}

/// The second letter of `nodetool status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeState {
    /// `N`.
    Normal,
    /// `L`.
    Leaving,
    /// `J`.
    Joining,
    /// `M`.
    Moving,
}

impl RingEntry {
    /// Up and normal, `UN`.
    pub const UN: Self = Self {
        up: true,
        state: NodeState::Normal,
    };

    fn parse(letters: &str) -> Option<Self> {
        let up = match letters.get(..1)? {
            "U" => true,
            "D" => false,
            _ => return None,
        };
        let state = match letters.get(1..)? {
            "N" => NodeState::Normal,
            "L" => NodeState::Leaving,
            "J" => NodeState::Joining,
            "M" => NodeState::Moving,
            _ => return None,
        };
        Some(Self { up, state })
    }
}

/// How a release's nodes are asked.
#[derive(Debug)]
pub(super) enum Tool {
    /// By the release's own `nodetool` with these jars.
    Nodetool { java: PathBuf, jars: String },
    /// By JMX alone, with the program in this file.
    Jmx { java: PathBuf, program: PathBuf },
}

impl Tool {
    /// The release's, with what lies in `dir` or is written there. Whatever the release, it runs
    /// on Java 17: the Java 11 that can be had lacks the module `jdk.naming.rmi`.
    pub(super) fn new(release: &Release, dir: &Path) -> Result<Self, CassandraError> {
        let java = java::find_java(Java::Seventeen)?;
        if release.has_nodetool {
            // Beside the node's logback.xml, without which some print their debug messages.
            let jars = format!("{}:{}", dir.display(), release.jars()?);
            return Ok(Self::Nodetool { java, jars });
        }
        let program = dir.join("Jmx.java");
        fs::write(&program, JMX).map_err(|source| CassandraError::Files {
            node: dir.display().to_string(),
            source,
        })?;
        Ok(Self::Jmx { java, program })
    }

    /// Runs nodetool against the node in the namespace; nothing where there is none.
    pub(super) fn nodetool(
        &self,
        namespace: &Namespace,
        arguments: &[&str],
    ) -> Option<Result<String, CommandError>> {
        match self {
            Self::Nodetool { java, jars } => Some(nodetool(java, jars, namespace, arguments)),
            Self::Jmx { .. } => None,
        }
    }

    /// The ring as the node in the namespace sees it.
    pub(super) fn status(
        &self,
        namespace: &Namespace,
    ) -> Result<BTreeMap<IpAddr, RingEntry>, CommandError> {
        let printed = self.either(namespace, &["status"], &["status"]);
        Ok(parse_status(&printed?))
    }

    /// Repairs a table on every replica, wholly.
    pub(super) fn repair(
        &self,
        namespace: &Namespace,
        keyspace: &str,
        table: &str,
    ) -> Result<String, CommandError> {
        let arguments = ["repair", "-full", keyspace, table];
        self.either(namespace, &arguments, &["repair", keyspace, table])
    }

    /// Streams a keyspace to the node from the others in that datacenter.
    pub(super) fn rebuild(
        &self,
        namespace: &Namespace,
        keyspace: &str,
        datacenter: &str,
    ) -> Result<String, CommandError> {
        let arguments = ["rebuild", "-ks", keyspace, "--", datacenter];
        self.either(namespace, &arguments, &["rebuild", keyspace, datacenter])
    }

    /// The first for nodetool, the second for the program in its place.
    fn either(
        &self,
        namespace: &Namespace,
        for_nodetool: &[&str],
        for_jmx: &[&str],
    ) -> Result<String, CommandError> {
        match self {
            Self::Nodetool { java, jars } => nodetool(java, jars, namespace, for_nodetool),
            Self::Jmx { java, program } => namespace.run(
                java_for_tools(java)
                    .arg(program)
                    .arg(format!("127.0.0.1:{JMX_PORT}"))
                    .args(for_jmx),
            ),
        }
    }
}

fn nodetool(
    java: &Path,
    jars: &str,
    namespace: &Namespace,
    arguments: &[&str],
) -> Result<String, CommandError> {
    let mut command = java_for_tools(java);
    command
        .args(Java::Seventeen.module_flags())
        .arg("-Dcom.sun.jndi.rmiURLParsing=legacy")
        .args(["-cp", jars])
        .arg("org.apache.cassandra.tools.NodeTool")
        .args(["-h", "127.0.0.1", "-p", &JMX_PORT.to_string()])
        .args(arguments);
    namespace.run(&mut command)
}

fn java_for_tools(java: &Path) -> Command {
    let mut command = Command::new(java);
    command.args(["-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]);
    command
}

/// The rows of `nodetool status`.
fn parse_status(text: &str) -> BTreeMap<IpAddr, RingEntry> {
    text.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let entry = RingEntry::parse(words.next()?)?;
            Some((words.next()?.parse().ok()?, entry))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "\
Datacenter: dc1
===============
Status=Up/Down
|/ State=Normal/Leaving/Joining/Moving
--  Address    Load       Tokens  Owns  Host ID                               Rack
UN  10.77.0.1  75.3 KiB   4       ?     f84f4f30-1c4d-45cc-8451-86f7ff187ca7  r1
DN  10.77.0.2  75.3 KiB   4       ?     b666e960-5267-4570-a614-a97499a94262  r2

Datacenter: dc2
UJ  fd77:0:0:0:0:0:0:3  75.3 KiB   4       ?     04e188e6-ce9e-4ecc-9fbf-ee3c14a22ff6  r1
";

    #[test]
    fn each_row_of_the_status_is_read() {
        let down = RingEntry {
            up: false,
            state: NodeState::Normal,
        };
        let joining = RingEntry {
            up: true,
            state: NodeState::Joining,
        };
        let rows: Vec<_> = parse_status(STATUS).into_iter().collect();
        assert_eq!(
            rows,
            [
                ("10.77.0.1".parse().unwrap(), RingEntry::UN),
                ("10.77.0.2".parse().unwrap(), down),
                ("fd77::3".parse().unwrap(), joining),
            ]
        );
    }
}
