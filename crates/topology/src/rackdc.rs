use std::path::Path;

use ringlock_finding::{Finding, Findings, Position};
use ringlock_model::Place;

use crate::properties::{self, Property};

/// `cassandra-rackdc.properties`: this node's own place, as `GossipingPropertyFileSnitch` of
/// Cassandra, DSE and ScyllaDB reads it (`SnitchProperties`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RackdcFile {
    /// `dc` and `rack`; none where neither is written, as with the snitches of the clouds.
    pub place: Option<Place>,
    /// `dc_suffix`: what the snitches of the clouds add to the region's name.
    pub dc_suffix: Option<String>,
    /// `prefer_local`: whether peers of the same datacenter are dialled at their local address.
    /// Default false.
    pub prefer_local: bool,
}

impl RackdcFile {
    /// Reads the bytes of the file at `path`. Of a key that is given twice the last counts, and
    /// keys that nobody knows are passed over, as in the databases.
    ///
    /// # Errors
    /// An escape is broken, or one of `dc` and `rack` is missing or blank: `SnitchProperties`
    /// refuses the file likewise.
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self, Findings> {
        let properties = properties::read(bytes, path)?;
        let last = |key: &str| properties.iter().rfind(|property| property.key == key);
        let mut findings = Findings::new();
        let mut name = |key: &str, other: Option<&Property>| match (last(key), other) {
            (Some(property), _) if !property.value.trim().is_empty() => {
                Some(property.value.trim().to_owned())
            }
            (Some(property), _) => {
                let finding = Finding::error(path, property.at(), key, "blank");
                findings.push(finding.expected("a name"));
                None
            }
            (None, Some(other)) => {
                let message = format!("missing, though {} is given", other.key);
                findings
                    .push(Finding::error(path, Position::START, key, message).expected("a name"));
                None
            }
            (None, None) => None,
        };
        let datacenter = name("dc", last("rack"));
        let rack = name("rack", last("dc"));
        if !findings.is_empty() {
            return Err(findings);
        }
        let place = datacenter.zip(rack);
        Ok(Self {
            place: place.map(|(datacenter, rack)| Place { datacenter, rack }),
            dc_suffix: last("dc_suffix")
                .map(|property| property.value.trim().to_owned())
                .filter(|suffix| !suffix.is_empty()),
            prefer_local: last("prefer_local")
                .is_some_and(|property| property.value.eq_ignore_ascii_case("true")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<RackdcFile, String> {
        let path = Path::new("cassandra-rackdc.properties");
        RackdcFile::parse(text.as_bytes(), path).map_err(|findings| findings.to_string())
    }

    #[test]
    fn dc_and_rack_are_the_nodes_place() {
        let read =
            parse("# These properties\ndc=dc1\nrack = rack 1 \nprefer_local=TRUE\n").unwrap();
        assert_eq!(read.place.unwrap().to_string(), "dc1:rack 1");
        assert!(read.prefer_local);
    }

    #[test]
    fn the_snitches_of_the_clouds_write_no_place() {
        let read = parse("dc_suffix=_1_cassandra\n").unwrap();
        assert_eq!(read.place, None);
        assert_eq!(read.dc_suffix.as_deref(), Some("_1_cassandra"));
        assert_eq!(parse("").unwrap(), RackdcFile::default());
    }

    #[test]
    fn half_a_place_is_refused_with_the_half_that_is_missing() {
        assert_eq!(
            parse("dc=dc1\n").unwrap_err(),
            "cassandra-rackdc.properties:1:1: rack: missing, though dc is given (expected a name)"
        );
        assert_eq!(
            parse("rack=r1\n\ndc=\n").unwrap_err(),
            "cassandra-rackdc.properties:3:1: dc: blank (expected a name)"
        );
    }

    #[test]
    fn of_two_the_last_counts() {
        let read = parse("dc=a\nrack=b\ndc=c\n").unwrap();
        assert_eq!(read.place.unwrap().to_string(), "c:b");
    }
}
