//! `ringlock.topology`: where to learn which datacenter and rack a node stands in.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use ringlock_finding::Severity;
use ringlock_model::{Network, Place};

use super::{MINUTE, database::Database, path};
use crate::{
    Cql, CqlCredentials, SnitchFile, Topology,
    keys::{CQL, PLACE, TOPOLOGY},
    resolve::Policy,
    section::{Given, Reader, Section},
    tree::Entry,
    value,
};

const RACKDC: &str = "cassandra-rackdc.properties";
const PROPERTY: &str = "cassandra-topology.properties";
const CQL_PORT: u16 = 9042;
const REFRESH: Duration = Duration::from_secs(30);

/// The section; what it leaves out is found beside the database's own file. None if a finding was
/// reported.
pub(super) fn read(
    own: &Section<'_>,
    database: &Given<Database>,
    reader: &mut Reader,
) -> Option<Topology> {
    let database = match database {
        Given::Here(database, _) => Some(database),
        Given::Absent | Given::Wrong => None,
    };
    let mut topology = match own.below("topology", &TOPOLOGY, reader) {
        Some(section) => written(&section, database, reader)?,
        None => match own.absent::<()>("topology") {
            Given::Wrong => return None,
            Given::Here(..) | Given::Absent => Topology::default(),
        },
    };
    if let Some(database) = database {
        let snitch = Snitch::of(database);
        let beside = |name: &str| SnitchFile {
            path: database.file.path.with_file_name(name),
            is_named: false,
        };
        if snitch == Snitch::Gossiping && topology.rackdc_file.is_none() {
            topology.rackdc_file = Some(beside(RACKDC));
        }
        if snitch == Snitch::PropertyFile && topology.topology_file.is_none() {
            topology.topology_file = Some(beside(PROPERTY));
        }
    }
    Some(topology)
}

fn written(
    section: &Section<'_>,
    database: Option<&Database>,
    reader: &mut Reader,
) -> Option<Topology> {
    let own = own_place(section, reader);
    let nodes = nodes(section, reader);
    let mut file = |key| match path(section, key, reader) {
        Given::Here(path, _) => Some(Some(SnitchFile {
            path,
            is_named: true,
        })),
        Given::Absent => Some(None),
        Given::Wrong => None,
    };
    let (rackdc_file, topology_file) = (file("rackdc_file"), file("topology_file"));
    let cql = match section.below("cql", &CQL, reader) {
        Some(section) => cql(&section, database, reader).map(Some),
        None => match section.absent::<()>("cql") {
            Given::Wrong => None,
            Given::Here(..) | Given::Absent => Some(None),
        },
    };
    Some(Topology {
        own: own?,
        nodes: nodes?,
        rackdc_file: rackdc_file?,
        topology_file: topology_file?,
        cql: cql?,
    })
}

/// Both names or neither.
fn own_place(section: &Section<'_>, reader: &mut Reader) -> Option<Option<Place>> {
    let datacenter = section.get("datacenter", value::text, reader);
    let rack = section.get("rack", value::text, reader);
    let (missing, other, at) = match (datacenter, rack) {
        (Given::Here(datacenter, _), Given::Here(rack, _)) => {
            return Some(Some(Place { datacenter, rack }));
        }
        (Given::Absent, Given::Absent) => return Some(None),
        (Given::Here(_, at), Given::Absent) => ("rack", "datacenter", at),
        (Given::Absent, Given::Here(_, at)) => ("datacenter", "rack", at),
        (Given::Wrong, _) | (_, Given::Wrong) => return None,
    };
    let message = format!("missing, though {other} is given");
    let finding = reader.finding(at, &section.path_of(missing), message);
    reader.report(finding.expected("both names as the snitch has them, or neither"));
    None
}

fn nodes(section: &Section<'_>, reader: &mut Reader) -> Option<Vec<(Network, Place)>> {
    let entries = match section.entries("nodes", reader) {
        Given::Here(entries, _) => entries,
        Given::Absent => return Some(Vec::new()),
        Given::Wrong => return None,
    };
    let mut lines = HashMap::new();
    let mut nodes = Vec::with_capacity(entries.len());
    for entry in entries {
        let path = crate::key_path(&section.path_of("nodes"), &entry.key);
        let network = network(entry, &path, &mut lines, reader);
        let place = Section::open(&entry.node, entry.at, path, &PLACE, reader);
        let mut name = |key, what| place.required(key, what, value::text, reader);
        let datacenter = name("datacenter", "the datacenter as the snitch names it");
        let rack = name("rack", "the rack as the snitch names it");
        if let (Some(network), Some(datacenter), Some(rack)) = (network, datacenter, rack) {
            nodes.push((network, Place { datacenter, rack }));
        }
    }
    (nodes.len() == entries.len()).then_some(nodes)
}

fn network(
    entry: &Entry,
    path: &str,
    lines: &mut HashMap<Network, usize>,
    reader: &mut Reader,
) -> Option<Network> {
    let network: Network = match entry.key.parse() {
        Ok(network) => network,
        Err(error) => {
            let finding = reader.finding(entry.at, path, format!("{error}"));
            reader.report(finding.expected("an IP address, or a network such as 10.0.1.0/24"));
            return None;
        }
    };
    if let Some(line) = lines.insert(network, entry.at.line) {
        let message = format!("the same as on line {line}");
        let finding = reader.finding(entry.at, path, message);
        reader.report(finding.hint("keep one of them"));
        return None;
    }
    Some(network)
}

fn cql(section: &Section<'_>, database: Option<&Database>, reader: &mut Reader) -> Option<Cql> {
    let address = match section.get("address", value::target, reader) {
        Given::Here(address, _) => Some(address),
        Given::Wrong => None,
        Given::Absent => match database {
            None => Some(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), CQL_PORT)),
            Some(database) => clients_of(database).or_else(|| {
                let key = section.path_of("address");
                let finding = reader.finding(section.at(), &key, "missing");
                reader.report(finding.expected(
                    "an IP address and a port, since database_config tells none for clients",
                ));
                None
            }),
        },
    };
    let username = section.get("username", value::text, reader);
    let password = path(section, "password_file", reader);
    let credentials = credentials(section, username, password, reader);
    let refresh = section.get(
        "refresh",
        |text| value::duration(text, 1000, 60 * MINUTE),
        reader,
    );
    if let Some(database) = database.filter(|database| wants_tls(database)) {
        let at = database.file.path.display();
        let message = format!(
            "client_encryption_options of {at} wants TLS, and this version asks the node without"
        );
        let finding = reader.finding(section.at(), &section.path_of("address"), message);
        let hint = "set optional: true there, or tell places with ringlock.topology.nodes";
        reader.report(finding.severity(Severity::Warning).hint(hint));
    }
    Some(Cql {
        address: address?,
        credentials: credentials?,
        refresh: refresh.or(REFRESH)?.value,
    })
}

fn credentials(
    section: &Section<'_>,
    username: Given<String>,
    password: Given<PathBuf>,
    reader: &mut Reader,
) -> Option<Option<CqlCredentials>> {
    let (missing, other, at) = match (username, password) {
        (Given::Here(username, _), Given::Here(password_file, _)) => {
            return Some(Some(CqlCredentials {
                username,
                password_file,
            }));
        }
        (Given::Absent, Given::Absent) => return Some(None),
        (Given::Here(_, at), Given::Absent) => ("password_file", "username", at),
        (Given::Absent, Given::Here(_, at)) => ("username", "password_file", at),
        (Given::Wrong, _) | (_, Given::Wrong) => return None,
    };
    let message = format!("missing, though {other} is given");
    let finding = reader.finding(at, &section.path_of(missing), message);
    reader.report(finding.expected("both, or neither"));
    None
}

/// Where the database's clients connect, seen from its own machine.
fn clients_of(database: &Database) -> Option<SocketAddr> {
    let resolved = &database.source.resolved;
    let port = resolved.ports.native_transport.value;
    let address = match resolved.addresses.client.value.as_deref() {
        None | Some("localhost") => Ipv4Addr::LOCALHOST.into(),
        Some(text) => match text.parse::<IpAddr>().ok()? {
            IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            address => address,
        },
    };
    let by_interface = resolved.addresses.client_interface.value.is_some();
    (port != 0 && !by_interface).then(|| SocketAddr::new(address, port))
}

/// Whether the database takes its clients by TLS alone.
fn wants_tls(database: &Database) -> bool {
    let resolved = &database.source.resolved;
    let has_second_port = resolved.ports.native_transport_ssl.value.is_some();
    !has_second_port && resolved.client.policy(true) == Policy::Encrypted
}

/// The snitches that read a file of places.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Snitch {
    Gossiping,
    PropertyFile,
    Other,
}

impl Snitch {
    /// By `endpoint_snitch`, with or without its package.
    fn of(database: &Database) -> Self {
        let class = database.source.top_scalar("endpoint_snitch");
        match class.and_then(|class| class.rsplit('.').next()) {
            Some("GossipingPropertyFileSnitch") => Self::Gossiping,
            Some("PropertyFileSnitch") => Self::PropertyFile,
            _ => Self::Other,
        }
    }
}
