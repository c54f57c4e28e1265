use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Scheme and slashes that every node URI starts with.
const PREFIX: &str = "ringlock://";

/// One node of one cluster, as the URI in its certificate names it:
/// `ringlock://CLUSTER/DATACENTER/RACK/NODE`.
///
/// The parts are percent-encoded (RFC 3986 §2.1) where they hold anything but unreserved
/// characters, so a cluster called `Test Cluster` reads `Test%20Cluster`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeUri {
    /// `cluster_name` of the database.
    pub cluster: String,
    /// The datacenter as the snitch names it.
    pub datacenter: String,
    /// The rack as the snitch names it.
    pub rack: String,
    /// The node's own name; unique within the cluster.
    pub node: String,
}

/// Why a text is no node URI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NodeUriError {
    /// It does not begin with `ringlock://`.
    #[error("\"{0}\" does not begin with \"ringlock://\"")]
    Scheme(String),
    /// It has not exactly four parts, or one of them is empty.
    #[error("\"{0}\" is not ringlock://CLUSTER/DATACENTER/RACK/NODE")]
    Parts(String),
    /// A `%` is not followed by two hexadecimal digits, or they encode no UTF-8.
    #[error("\"{0}\" holds a broken percent-encoding")]
    Encoding(String),
}

impl fmt::Display for NodeUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        for (position, part) in [&self.cluster, &self.datacenter, &self.rack, &self.node]
            .into_iter()
            .enumerate()
        {
            if position > 0 {
                f.write_str("/")?;
            }
            write_encoded(f, part)?;
        }
        Ok(())
    }
}

impl FromStr for NodeUri {
    type Err = NodeUriError;

    fn from_str(text: &str) -> Result<Self, NodeUriError> {
        let path = text
            .strip_prefix(PREFIX)
            .ok_or_else(|| NodeUriError::Scheme(text.to_owned()))?;
        let parts = path
            .split('/')
            .map(decode)
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| NodeUriError::Encoding(text.to_owned()))?;
        match <[String; 4]>::try_from(parts) {
            Ok(parts) if parts.iter().all(|part| !part.is_empty()) => {
                let [cluster, datacenter, rack, node] = parts;
                Ok(Self {
                    cluster,
                    datacenter,
                    rack,
                    node,
                })
            }
            _ => Err(NodeUriError::Parts(text.to_owned())),
        }
    }
}

impl Serialize for NodeUri {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NodeUri {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

fn write_encoded(f: &mut fmt::Formatter<'_>, part: &str) -> fmt::Result {
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            write!(f, "{}", char::from(byte))?;
        } else {
            write!(f, "%{byte:02X}")?;
        }
    }
    Ok(())
}

fn decode(part: &str) -> Option<String> {
    let mut bytes = part.bytes();
    let mut decoded = Vec::with_capacity(part.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            decoded.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_slashes_survives_the_uri() {
        let uri = NodeUri {
            cluster: "Test Cluster".into(),
            datacenter: "dc/1".into(),
            rack: "räck".into(),
            node: "n1".into(),
        };
        let text = uri.to_string();
        assert_eq!(text, "ringlock://Test%20Cluster/dc%2F1/r%C3%A4ck/n1");
        assert_eq!(text.parse(), Ok(uri));
    }

    #[test]
    fn each_broken_uri_says_what_is_wrong_with_it() {
        let parse = |text: &str| text.parse::<NodeUri>().unwrap_err();
        assert!(matches!(parse("spiffe://a/b/c/d"), NodeUriError::Scheme(_)));
        assert!(matches!(parse("ringlock://a/b/c"), NodeUriError::Parts(_)));
        assert!(matches!(parse("ringlock://a/b//d"), NodeUriError::Parts(_)));
        assert!(matches!(
            parse("ringlock://a/b/c/d/e"),
            NodeUriError::Parts(_)
        ));
        assert!(matches!(
            parse("ringlock://a/b/c/%4"),
            NodeUriError::Encoding(_)
        ));
        assert!(matches!(
            parse("ringlock://a/b/c/%FF"),
            NodeUriError::Encoding(_)
        ));
    }
}
