use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// `internode_encryption` of `server_encryption_options`: which links are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InternodeEncryption {
    /// Nothing is encrypted; the databases' default (C3N-09).
    None,
    /// Dial TLS, accept TLS and plaintext (ScyllaDB's word for the step between, B-21).
    Transitional,
    /// Links to other datacenters are encrypted, those within one are not (C3N-10, SCY-08).
    Dc,
    /// Links to other racks are encrypted, those within one are not; a rack of the same name in
    /// another datacenter is another rack (C3N-11, SCY-09).
    Rack,
    /// Every internode connection is encrypted (C3N-08).
    All,
}

impl InternodeEncryption {
    /// Every value, from the one that encrypts least to the one that encrypts most.
    pub const ALL: [Self; 5] = [
        Self::None,
        Self::Transitional,
        Self::Dc,
        Self::Rack,
        Self::All,
    ];

    /// The value as it stands in the databases' files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Transitional => "transitional",
            Self::Dc => "dc",
            Self::Rack => "rack",
            Self::All => "all",
        }
    }

    /// Whether it is for each peer to say whether it is encrypted: `dc` and `rack`.
    pub const fn is_scoped(self) -> bool {
        matches!(self, Self::Dc | Self::Rack)
    }
}

impl fmt::Display for InternodeEncryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What the agent requires of internode links: `internode_encryption` together with `optional`.
///
/// Written `none`, `none+optional`, `transitional`, `dc+optional`, `dc`, `rack+optional`, `rack`,
/// `all+optional`, `all` on the command line and in JSON. `transitional` accepts both kinds by
/// definition, so it has no `+optional` form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mode {
    /// What is dialled.
    pub encryption: InternodeEncryption,
    /// Whether the other kind is accepted as well.
    pub optional: bool,
}

impl Mode {
    /// Plaintext is dialled and accepted; TLS from a peer is left to the database.
    pub const NONE: Self = Self::new(InternodeEncryption::None, false);
    /// Plaintext is dialled, both kinds are accepted: the passive step of a rollout.
    pub const ACCEPT_BOTH: Self = Self::new(InternodeEncryption::None, true);
    /// TLS is dialled, both kinds are accepted: the active step of a rollout.
    pub const TRANSITIONAL: Self = Self::new(InternodeEncryption::Transitional, true);
    /// TLS and nothing else.
    pub const REQUIRE: Self = Self::new(InternodeEncryption::All, false);

    /// A mode from its two options; `transitional` is always optional.
    pub const fn new(encryption: InternodeEncryption, optional: bool) -> Self {
        Self {
            encryption,
            optional: optional || matches!(encryption, InternodeEncryption::Transitional),
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match (self.encryption, self.optional) {
            (InternodeEncryption::None, true) => "none+optional",
            (InternodeEncryption::Dc, true) => "dc+optional",
            (InternodeEncryption::Rack, true) => "rack+optional",
            (InternodeEncryption::All, true) => "all+optional",
            (encryption, _) => encryption.as_str(),
        };
        f.pad(text)
    }
}

/// A mode nobody knows; the text lists the known ones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown mode \"{0}\"; expected one of none, none+optional, transitional, dc+optional, dc, \
     rack+optional, rack, all+optional, all"
)]
pub struct UnknownMode(String);

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        let (name, optional) = match text.strip_suffix("+optional") {
            Some("transitional") => return Err(UnknownMode(text.to_owned())),
            Some(name) => (name, true),
            None => (text, false),
        };
        InternodeEncryption::ALL
            .into_iter()
            .find(|encryption| encryption.as_str() == name)
            .map(|encryption| Self::new(encryption, optional))
            .ok_or_else(|| UnknownMode(text.to_owned()))
    }
}

impl Serialize for Mode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_reads_back_as_it_was_written() {
        for encryption in InternodeEncryption::ALL {
            for optional in [false, true] {
                let mode = Mode::new(encryption, optional);
                assert_eq!(mode.to_string().parse(), Ok(mode));
            }
        }
    }

    #[test]
    fn a_misspelt_mode_names_the_known_ones() {
        let error = "al".parse::<Mode>().unwrap_err().to_string();
        assert_eq!(
            error,
            "unknown mode \"al\"; expected one of none, none+optional, transitional, \
             dc+optional, dc, rack+optional, rack, all+optional, all"
        );
        assert!("transitional+optional".parse::<Mode>().is_err());
    }
}
