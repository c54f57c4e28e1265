//! Nodes on a network of their own, on one machine.
//!
//! ```text
//!   ringlock-<id>-n1        ringlock-<id>-n2        ringlock-<id>-client
//!     eth0 10.77.0.1          eth0 10.77.0.2          eth0 10.77.0.200
//!        │    fd77::1            │    fd77::2            │    fd77::c8
//!   ─────┴──────────── br0, in ringlock-<id>-net ────────┴─────
//! ```
//!
//! Addresses are real and differ, so certificates can be checked against them; each namespace
//! has its own nftables rules; the bridge sees all that crosses "the network". Offloads are left
//! as they come.

mod join;
mod lock;
mod namespace;
mod privilege;
mod sweep;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::Path,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use fs_err as fs;
use tempfile::TempDir;

use self::lock::RunLock;
pub use self::{
    join::run_in_user_namespace,
    namespace::{Namespace, NamespaceError},
    privilege::{PrivilegeError, enter_user_namespace_if_needed, user_namespace},
};
use crate::{
    cleanup::{self, Registration},
    command::{self, CommandError},
};

/// The bridge's name in its namespace.
pub const BRIDGE: &str = "br0";
/// The last byte of the client's addresses.
const CLIENT: u8 = 200;
/// Nodes are numbered from 1 and stay below the client.
const MOST_NODES: u8 = CLIENT - 1;

/// Why no lab could be built.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A namespace, link or address could not be made.
    #[error("cannot build the network: {0}")]
    Network(#[from] CommandError),
    /// The lab's directory or lock could not be made.
    #[error("cannot keep the lab's files: {0}")]
    Files(#[from] io::Error),
    /// More nodes than addresses.
    #[error("a lab has 1 to {MOST_NODES} nodes, not {0}")]
    Size(usize),
}

/// Namespaces for a number of nodes and one client, and a directory; all of it is removed with
/// whatever runs in it when this is dropped.
#[derive(Debug)]
pub struct Lab {
    id: String,
    dir: TempDir,
    bridge: Namespace,
    nodes: Vec<Host>,
    client: Host,
    _registration: Registration,
    _locks: [RunLock; 2],
}

/// One machine of the lab: a namespace with one address of each family.
#[derive(Clone, Debug)]
pub struct Host {
    /// `n1`, `n2` … or `client`.
    pub name: String,
    /// Where its programs run.
    pub namespace: Namespace,
    /// Its IPv4 address, in 10.77.0.0/24.
    pub ipv4: Ipv4Addr,
    /// Its IPv6 address, in `fd77::/64`.
    pub ipv6: Ipv6Addr,
}

/// Which of a host's two addresses to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    #[default]
    V4,
    /// IPv6.
    V6,
}

impl Lab {
    /// Builds the network for `nodes` nodes, after removing what killed runs left behind.
    ///
    /// Needs CAP_SYS_ADMIN and CAP_NET_ADMIN: see [`enter_user_namespace_if_needed`].
    pub fn new(nodes: usize) -> Result<Self, LabError> {
        let count = u8::try_from(nodes)
            .ok()
            .filter(|count| (1..=MOST_NODES).contains(count))
            .ok_or(LabError::Size(nodes))?;
        sweep::remove_leftovers();
        let id = fresh_id();
        let dir = tempfile::Builder::new()
            .prefix(&format!("ringlock-{id}-"))
            .tempdir()?;
        let locks = [
            RunLock::for_directory(dir.path())?,
            RunLock::for_network(&id)?,
        ];
        let lab = Self {
            bridge: Namespace::named(&id, "net"),
            nodes: (1..=count)
                .map(|number| Host::new(&id, &format!("n{number}"), number))
                .collect(),
            client: Host::new(&id, "client", CLIENT),
            _registration: cleanup::register({
                let (id, dir) = (id.clone(), dir.path().to_owned());
                move || {
                    remove_network(&id);
                    fs::remove_dir_all(dir).ok();
                }
            }),
            _locks: locks,
            id,
            dir,
        };
        lab.build()?;
        Ok(lab)
    }

    /// What the names of this lab's namespaces have in common; unique on the machine.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The nodes, in the order of their numbers.
    pub fn nodes(&self) -> &[Host] {
        &self.nodes
    }

    /// Where the load runs.
    pub fn client(&self) -> &Host {
        &self.client
    }

    /// Where the bridge is, to capture what crosses it.
    pub fn bridge(&self) -> &Namespace {
        &self.bridge
    }

    /// A directory that goes with the lab.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Joins hosts by a second network, on `eth1` of each, with these addresses and a bridge of its
    /// own. No other host reaches them there, so two such networks may number their hosts alike.
    pub fn add_network(&self, bridge: &str, members: &[(&Host, IpAddr)]) -> Result<(), LabError> {
        self.add_bridge(bridge)?;
        for (host, address) in members {
            let cable = format!("{}-{bridge}", host.name);
            host.plug("eth1", &cable, &self.bridge, &[*address])?;
            self.bridge.attach(&cable, bridge)?;
        }
        Ok(())
    }

    fn build(&self) -> Result<(), LabError> {
        self.bridge.create()?;
        self.bridge.ip_batch("link set lo up\n")?;
        self.add_bridge(BRIDGE)?;
        for host in self.nodes.iter().chain([&self.client]) {
            host.join_bridge(&self.bridge)?;
        }
        Ok(())
    }

    fn add_bridge(&self, name: &str) -> Result<(), CommandError> {
        self.bridge.ip_batch(&format!(
            "link add name {name} type bridge mcast_snooping 0\n\
             link set {name} up\n"
        ))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        remove_network(&self.id);
    }
}

impl Host {
    fn new(id: &str, name: &str, number: u8) -> Self {
        Self {
            name: name.to_owned(),
            namespace: Namespace::named(id, name),
            ipv4: Ipv4Addr::new(10, 77, 0, number),
            ipv6: Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, u16::from(number)),
        }
    }

    /// The address of that family.
    pub fn address(&self, family: Family) -> IpAddr {
        match family {
            Family::V4 => self.ipv4.into(),
            Family::V6 => self.ipv6.into(),
        }
    }

    fn join_bridge(&self, bridge: &Namespace) -> Result<(), CommandError> {
        self.namespace.create()?;
        self.namespace.ip_batch("link set lo up\n")?;
        let addresses = [self.ipv4.into(), self.ipv6.into()];
        self.plug("eth0", &self.name, bridge, &addresses)?;
        bridge.attach(&self.name, BRIDGE)
    }

    /// Lays a cable from an interface with these addresses to the namespace of the bridges.
    fn plug(
        &self,
        interface: &str,
        cable: &str,
        bridge: &Namespace,
        addresses: &[IpAddr],
    ) -> Result<(), CommandError> {
        let mut lines = format!(
            "link add {interface} type veth peer name {cable} netns {}\n",
            bridge.name()
        );
        for address in addresses {
            // Duplicate address detection would keep an IPv6 address unusable for a second or two.
            let (length, option) = if address.is_ipv4() {
                (24, "")
            } else {
                (64, "nodad")
            };
            lines += &format!("addr add {address}/{length} dev {interface} {option}\n");
        }
        lines += &format!("link set {interface} up\n");
        self.namespace.ip_batch(&lines)
    }
}

/// Process id and a letter: two labs of one process, and two processes, never meet.
fn fresh_id() -> String {
    static LABS: AtomicU32 = AtomicU32::new(0);
    let mut number = LABS.fetch_add(1, Ordering::Relaxed);
    let mut letters = String::new();
    loop {
        letters.insert(
            0,
            char::from(b'a' + u8::try_from(number % 26).unwrap_or_default()),
        );
        number /= 26;
        if number == 0 {
            return format!("{}{letters}", std::process::id());
        }
    }
}

/// Ends every process in the lab's namespaces, then removes these. Nothing is reported: whatever
/// remains is met again by the next sweep.
fn remove_network(id: &str) {
    for namespace in Namespace::of_lab(id) {
        namespace.remove();
    }
    RunLock::forget_network(id);
}

/// The program of iproute2.
pub(crate) fn ip() -> Command {
    Command::new("ip")
}

/// The names of all namespaces that `ip netns` knows.
pub(crate) fn namespace_names() -> Vec<String> {
    command::run(ip().args(["netns", "list"]))
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests;
