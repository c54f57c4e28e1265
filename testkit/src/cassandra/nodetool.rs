use std::{collections::BTreeMap, net::IpAddr, path::Path, process::Command};

use super::{CassandraError, Release};
use crate::{command::CommandError, lab::Namespace};

/// The port of JMX on loopback, in each node's namespace.
pub(super) const JMX_PORT: u16 = 7199;

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

/// Runs the release's nodetool against the node in the namespace.
pub(super) fn run(
    release: &Release,
    java: &Path,
    namespace: &Namespace,
    arguments: &[&str],
) -> Result<String, NodetoolError> {
    let mut command = Command::new(java);
    command
        .args(release.module_flags())
        .args(["-Xmx128m", "-XX:TieredStopAtLevel=1"])
        .arg("-Dcom.sun.jndi.rmiURLParsing=legacy")
        .args(["-cp", &release.jars().map_err(NodetoolError::Setup)?])
        .arg("org.apache.cassandra.tools.NodeTool")
        .args(["-h", "127.0.0.1", "-p", &JMX_PORT.to_string()])
        .args(arguments);
    namespace.run(&mut command).map_err(NodetoolError::Run)
}

pub(super) enum NodetoolError {
    Setup(CassandraError),
    Run(CommandError),
}

/// The rows of `nodetool status`.
pub(super) fn parse_status(text: &str) -> BTreeMap<IpAddr, RingEntry> {
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
