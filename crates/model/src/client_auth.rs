use std::fmt;

use serde::{Deserialize, Serialize};

/// `require_client_auth`: whether a node that dials must show a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ClientAuth {
    /// No, and it is not asked for one.
    #[default]
    #[serde(rename = "false")]
    NotRequired,
    /// No, but one that it shows must be good.
    #[serde(rename = "optional")]
    Optional,
    /// Yes.
    #[serde(rename = "true")]
    Required,
}

impl ClientAuth {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotRequired => "false",
            Self::Optional => "optional",
            Self::Required => "true",
        }
    }

    /// Whether whoever dials is asked for a certificate.
    pub const fn is_asked_for(self) -> bool {
        !matches!(self, Self::NotRequired)
    }

    /// Whether nobody gets in without one.
    pub const fn is_required(self) -> bool {
        matches!(self, Self::Required)
    }
}

impl fmt::Display for ClientAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
