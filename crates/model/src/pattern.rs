use std::{fmt, str::FromStr};

use crate::{NodeUri, NodeUriError};

/// The word for a part that may be anything.
const ANY: &str = "*";

/// Whom a certificate may name: one item of `ringlock.trusted_peers`.
///
/// - `ringlock://CLUSTER/DATACENTER/RACK/NODE`, where each part may be `*`: the node URI.
/// - Another URI, such as `spiffe://example.org/db/*`, where each part between slashes may be `*`:
///   any URI of the certificate, compared byte by byte.
/// - Anything else: the subject, in the form in which it is shown (`CN=n1, O=Example`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerPattern(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// Each part, decoded; none stands for any.
    Node {
        text: String,
        parts: [Option<String>; 4],
    },
    Uri(String),
    Subject(String),
}

impl PeerPattern {
    /// Whether a certificate with this node URI, these URIs and this subject is meant.
    pub fn matches(&self, node: Option<&NodeUri>, uris: &[String], subject: &str) -> bool {
        match &self.0 {
            Kind::Node { parts, .. } => node.is_some_and(|node| fits(parts, node)),
            Kind::Uri(pattern) => uris.iter().any(|uri| resembles(pattern, uri)),
            Kind::Subject(expected) => expected == subject,
        }
    }
}

impl FromStr for PeerPattern {
    type Err = NodeUriError;

    fn from_str(text: &str) -> Result<Self, NodeUriError> {
        if !text.contains("://") {
            return Ok(Self(Kind::Subject(text.to_owned())));
        }
        if !text.starts_with("ringlock://") {
            return Ok(Self(Kind::Uri(text.to_owned())));
        }
        let written: Vec<_> = text.split('/').skip(2).collect();
        let uri: NodeUri = text.parse()?;
        let given = [uri.cluster, uri.datacenter, uri.rack, uri.node];
        let mut parts = given.map(Some);
        for (part, written) in parts.iter_mut().zip(written) {
            if written == ANY {
                *part = None;
            }
        }
        Ok(Self(Kind::Node {
            text: text.to_owned(),
            parts,
        }))
    }
}

impl fmt::Display for PeerPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Node { text, .. } | Kind::Uri(text) | Kind::Subject(text) => f.pad(text),
        }
    }
}

fn fits(parts: &[Option<String>; 4], node: &NodeUri) -> bool {
    let named = [&node.cluster, &node.datacenter, &node.rack, &node.node];
    let mut pairs = parts.iter().zip(named);
    pairs.all(|(part, named)| part.as_ref().is_none_or(|part| part == named))
}

fn resembles(pattern: &str, uri: &str) -> bool {
    let (mut expected, mut found) = (pattern.split('/'), uri.split('/'));
    loop {
        match (expected.next(), found.next()) {
            (None, None) => return true,
            (Some(expected), Some(found)) if expected == found => {}
            (Some(ANY), Some(found)) if !found.is_empty() => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, node: Option<&str>, uris: &[&str], subject: &str) -> bool {
        let node = node.map(|node| node.parse().unwrap());
        let uris: Vec<_> = uris.iter().map(ToString::to_string).collect();
        let pattern: PeerPattern = pattern.parse().unwrap();
        pattern.matches(node.as_ref(), &uris, subject)
    }

    #[test]
    fn each_part_of_a_node_uri_may_be_any() {
        const N1: &str = "ringlock://Test%20Cluster/dc1/r1/n1";
        for (pattern, expected) in [
            (N1, true),
            ("ringlock://Test%20Cluster/%64c1/r1/n1", true),
            ("ringlock://Test%20Cluster/dc1/*/*", true),
            ("ringlock://*/*/*/*", true),
            ("ringlock://Test%20Cluster/dc2/*/*", false),
            ("ringlock://Test%20Cluster/*/*/n2", false),
            ("ringlock://Test%20Cluster/dc*/r1/n1", false),
            ("ringlock://Test%20Cluster/%2A/r1/n1", false),
        ] {
            assert_eq!(
                matches(pattern, Some(N1), &[], "CN=n1"),
                expected,
                "{pattern}"
            );
            assert!(!matches(pattern, None, &[], "CN=n1"), "{pattern}");
        }
    }

    #[test]
    fn another_uri_is_compared_part_by_part() {
        const URIS: [&str; 2] = ["https://example.org", "spiffe://example.org/db/n1"];
        for (pattern, expected) in [
            ("spiffe://example.org/db/n1", true),
            ("spiffe://example.org/db/*", true),
            ("spiffe://example.org/*/n1", true),
            ("spiffe://*/db/n1", true),
            ("spiffe://example.org/*", false),
            ("spiffe://example.org/db/*/*", false),
            ("spiffe://example.org/db/n", false),
            ("spiffe://example.com/db/*", false),
            ("SPIFFE://example.org/db/n1", false),
        ] {
            assert_eq!(
                matches(pattern, None, &URIS, "CN=n1"),
                expected,
                "{pattern}"
            );
        }
        assert!(!matches("spiffe://a/*", None, &["spiffe://a/"], "CN=n1"));
    }

    #[test]
    fn a_subject_is_compared_as_it_is_shown() {
        assert!(matches("CN=n1, O=Example", None, &[], "CN=n1, O=Example"));
        for other in ["CN=n1", "*", "CN=*, O=Example"] {
            assert!(
                !matches(other, None, &["CN=n1"], "CN=n1, O=Example"),
                "{other}"
            );
        }
    }

    #[test]
    fn a_pattern_of_our_own_scheme_has_four_parts_and_is_shown_as_it_was_written() {
        for wrong in ["ringlock://a/*", "ringlock://a/b/c/", "ringlock://a/b/c/%"] {
            assert!(wrong.parse::<PeerPattern>().is_err(), "{wrong}");
        }
        for text in ["ringlock://a/*/r%201/*", "spiffe://a/*", "CN=n1"] {
            assert_eq!(text.parse::<PeerPattern>().unwrap().to_string(), text);
        }
    }
}
