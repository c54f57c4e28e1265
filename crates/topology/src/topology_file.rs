use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::Path,
};

use ringlock_finding::{Finding, Findings};
use ringlock_model::Place;

use crate::properties::{self, Property};

/// `cassandra-topology.properties`: every node's place by its address, as `PropertyFileSnitch`
/// reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopologyFile {
    /// The place of each address that is written.
    pub nodes: BTreeMap<IpAddr, Place>,
    /// `default`: the place of every other address.
    pub default: Option<Place>,
}

impl TopologyFile {
    /// Reads the bytes of the file at `path`: lines such as `10.0.0.1=DC1:RAC1`,
    /// `fd00\:\:1=DC1:RAC1` and `default=DC1:RAC1`. A port behind an address is passed over, and
    /// of an address that is given twice the last counts, as in the databases.
    ///
    /// # Errors
    /// A key is no IP address (names of hosts are not looked up), or a value is not a datacenter
    /// and a rack; `PropertyFileSnitch` silently takes the latter for `default:default`.
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self, Findings> {
        let mut file = Self::default();
        let mut findings = Findings::new();
        for property in properties::read(bytes, path)? {
            let place = place(&property.value);
            match (key(&property.key), place) {
                (Some(Key::Default), Some(place)) => file.default = Some(place),
                (Some(Key::Node(address)), Some(place)) => {
                    file.nodes.insert(address, place);
                }
                (None, _) => findings.push(no_address(&property, path)),
                (Some(_), None) => findings.push(no_place(&property, path)),
            }
        }
        if findings.is_empty() {
            Ok(file)
        } else {
            Err(findings)
        }
    }
}

enum Key {
    Default,
    Node(IpAddr),
}

fn key(text: &str) -> Option<Key> {
    if text == "default" {
        return Some(Key::Default);
    }
    // Cassandra takes the slash that Java puts before an address away again.
    let text = text.replace('/', "");
    let address = text.parse().or_else(|_| {
        let with_port = text.parse::<SocketAddr>();
        with_port.map(|address| address.ip())
    });
    let bracketed = || {
        let inner = text.strip_prefix('[')?.strip_suffix(']')?;
        inner.parse().ok()
    };
    let address = address.ok().or_else(bracketed)?;
    Some(Key::Node(address.to_canonical()))
}

/// What stands behind a second colon is passed over, as in `PropertyFileSnitch`.
fn place(text: &str) -> Option<Place> {
    let mut parts = text.split(':').map(str::trim);
    let (datacenter, rack) = (parts.next()?, parts.next()?);
    let given = !datacenter.is_empty() && !rack.is_empty();
    given.then(|| Place {
        datacenter: datacenter.to_owned(),
        rack: rack.to_owned(),
    })
}

fn no_address(property: &Property, path: &Path) -> Finding {
    Finding::error(
        path,
        property.at(),
        short(&property.key),
        "not an IP address",
    )
    .expected("an address such as 10.0.0.1 or fd00\\:\\:1, or default")
    .hint("names of hosts are not looked up; write the address")
}

fn no_place(property: &Property, path: &Path) -> Finding {
    Finding::error(path, property.at(), short(&property.key), "no place")
        .found(short(&property.value))
        .expected("DATACENTER:RACK")
        .hint("the database takes it for default:default")
}

/// At most 80 characters of what the file holds.
fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<TopologyFile, String> {
        let path = Path::new("cassandra-topology.properties");
        TopologyFile::parse(text.as_bytes(), path).map_err(|findings| findings.to_string())
    }

    #[test]
    fn each_address_has_its_place_and_the_rest_the_default() {
        let text = "\
# Cassandra Node IP=Data Center:Rack
192.168.1.100=DC1:RAC1
/10.0.0.10 = DC1 : RAC 2
10.0.0.11\\:7000=DC1:RAC3
fe80\\:0\\:0\\:0\\:202\\:b3ff\\:fe1e\\:8329=DC2:RAC1
\\[fd00\\:\\:1\\]\\:7000=DC2:RAC2
\\:\\:ffff\\:10.0.0.12=DC3:RAC1:x
default=DC0:r0
";
        let file = parse(text).unwrap();
        let listed: Vec<_> = file
            .nodes
            .iter()
            .map(|(address, place)| format!("{address} {place}"))
            .collect();
        assert_eq!(
            listed,
            [
                "10.0.0.10 DC1:RAC 2",
                "10.0.0.11 DC1:RAC3",
                "10.0.0.12 DC3:RAC1",
                "192.168.1.100 DC1:RAC1",
                "fd00::1 DC2:RAC2",
                "fe80::202:b3ff:fe1e:8329 DC2:RAC1",
            ]
        );
        assert_eq!(file.default.unwrap().to_string(), "DC0:r0");
    }

    #[test]
    fn what_the_database_would_guess_at_is_refused() {
        assert_eq!(
            parse("10.0.0.1=DC1\n\nnode1=DC1:R1\n10.0.0.2=:R1\n").unwrap_err(),
            "\
cassandra-topology.properties:1:1: 10.0.0.1: no place (found \"DC1\", expected DATACENTER:RACK); the database takes it for default:default
cassandra-topology.properties:3:1: node1: not an IP address (expected an address such as 10.0.0.1 or fd00\\:\\:1, or default); names of hosts are not looked up; write the address
cassandra-topology.properties:4:1: 10.0.0.2: no place (found \":R1\", expected DATACENTER:RACK); the database takes it for default:default"
        );
    }

    #[test]
    fn an_unescaped_colon_ends_the_key_as_java_has_it() {
        let error = parse("fd00::1=DC1:R1\n").unwrap_err();
        assert!(error.contains("fd00: not an IP address"), "{error}");
    }

    proptest! {
        #[test]
        fn every_address_of_either_family_reads_back(
            nodes in prop::collection::btree_map(any::<IpAddr>(), ("[a-z][a-z0-9_-]{0,9}", "[a-z0-9]{1,9}"), 0..8)
        ) {
            let mut text = String::new();
            let mut expected = BTreeMap::new();
            for (address, (datacenter, rack)) in nodes {
                let key = address.to_string().replace(':', "\\:");
                text.push_str(&format!("{key}={datacenter}:{rack}\n"));
                expected.insert(address.to_canonical(), Place { datacenter, rack });
            }
            prop_assert_eq!(parse(&text).unwrap().nodes.len(), expected.len());
        }

        #[test]
        fn arbitrary_bytes_end_in_a_file_or_in_findings(
            bytes in prop::collection::vec(any::<u8>(), 0..200)
        ) {
            crate::read_anything(&bytes);
        }
    }
}
