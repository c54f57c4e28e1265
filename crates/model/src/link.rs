use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use crate::NodeUri;

/// Why a link is not encrypted. There is no plaintext link without one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlaintextReason {
    /// `internode_encryption: none`: this side does not dial TLS.
    EncryptionNone,
    /// The peer dialled plaintext and the policy accepts both kinds.
    PeerDialledPlaintext,
    /// TLS was tried, the peer closed or answered something else, and the policy allows to go on.
    PeerSpeaksNoTls,
    /// `internode_encryption: dc`, and the peer is of this node's datacenter (C3N-10, SCY-08).
    SameDatacenter,
    /// `internode_encryption: rack`, and the peer is of this node's rack (C3N-11, SCY-09).
    SameRack,
}

impl PlaintextReason {
    /// The reason in words, for tables and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EncryptionNone => "internode_encryption is none",
            Self::PeerDialledPlaintext => "peer dialled plaintext",
            Self::PeerSpeaksNoTls => "peer speaks no TLS",
            Self::SameDatacenter => "same datacenter",
            Self::SameRack => "same rack",
        }
    }
}

impl fmt::Display for PlaintextReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What protects a link, or why nothing does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Security {
    /// TLS that the agent terminates.
    Tls(TlsFacts),
    /// Nothing.
    Plaintext {
        /// Why.
        reason: PlaintextReason,
    },
    /// TLS that the databases do themselves; the agent only passes it through.
    Native(NativeFacts),
}

impl fmt::Display for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tls(_) => f.write_str("tls"),
            Self::Plaintext { reason } => write!(f, "plaintext ({reason})"),
            Self::Native(_) => f.write_str("native"),
        }
    }
}

/// What a TLS handshake agreed on and whom it proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsFacts {
    /// `TLSv1.3` or `TLSv1.2`, the spelling of JSSE.
    pub version: Cow<'static, str>,
    /// The cipher suite by its IANA name.
    pub suite: Cow<'static, str>,
    /// The key exchange group.
    pub key_exchange: KeyExchange,
    /// Whether an earlier session was resumed.
    pub resumed: bool,
    /// Who the peer proved to be; absent where the policy asks no certificate of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<PeerName>,
}

/// What both sides of a TLS handshake of the databases' own said in clear, as far as it was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NativeFacts {
    /// The host that the side which dialled asked for (SNI), if it named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// The versions that it offered, its favourite first, such as `TLSv1.3`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offered: Vec<Cow<'static, str>>,
    /// What the other side chose; absent as long as it has not answered.
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<NativeChoice>,
}

/// What the side that was dialled chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NativeChoice {
    /// The version, such as `TLSv1.2`.
    pub version: Cow<'static, str>,
    /// The cipher suite by its IANA name.
    pub suite: Cow<'static, str>,
    /// The key exchange group; absent where none was used, or none is seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_exchange: Option<KeyExchange>,
    /// Whether an earlier session was resumed.
    pub resumed: bool,
}

/// A key exchange group by its IANA name, such as `X25519MLKEM768`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyExchange(pub Cow<'static, str>);

impl fmt::Display for KeyExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The name in a peer's certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PeerName {
    /// A node certificate of Ringlock's own form.
    Node(NodeUri),
    /// The subject of a certificate of another CA.
    Subject(String),
}

impl fmt::Display for PeerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(uri) => uri.fmt(f),
            Self::Subject(subject) => f.pad(subject),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(security: &Security) -> serde_json::Value {
        let value = serde_json::to_value(security).unwrap();
        let back: Security = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(back, *security);
        value
    }

    #[test]
    fn a_native_link_shows_what_was_heard_and_nothing_else() {
        let nothing = round_trip(&Security::Native(NativeFacts::default()));
        assert_eq!(nothing, serde_json::json!({"state": "native"}));
        let heard = round_trip(&Security::Native(NativeFacts {
            server_name: Some("n2.example".to_owned()),
            offered: vec!["TLSv1.3".into(), "TLSv1.2".into()],
            chosen: Some(NativeChoice {
                version: "TLSv1.3".into(),
                suite: "TLS_AES_256_GCM_SHA384".into(),
                key_exchange: Some(KeyExchange("X25519".into())),
                resumed: false,
            }),
        }));
        let expected = serde_json::json!({
            "state": "native",
            "server_name": "n2.example",
            "offered": ["TLSv1.3", "TLSv1.2"],
            "version": "TLSv1.3",
            "suite": "TLS_AES_256_GCM_SHA384",
            "key_exchange": "X25519",
            "resumed": false,
        });
        assert_eq!(heard, expected);
    }
}
