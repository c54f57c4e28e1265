//! Values that are more than one word, and the words that stand for more than text.

use std::fmt;

use super::{secret::Secret, setting::Setting};

/// `internode_encryption`: which links between nodes are encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum InternodeScope {
    /// None.
    #[default]
    None,
    /// Those to other datacenters.
    Dc,
    /// Those to other racks, and so to other datacenters.
    Rack,
    /// All.
    All,
    /// Those that this node makes; what comes in may be plaintext. ScyllaDB since 2025.1.
    Transitional,
}

/// `ssl_context_factory`: what makes TLS contexts in Cassandra 4.1 and later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factory {
    /// `class_name`; one without a dot is of Cassandra's own package.
    pub class_name: String,
    /// `parameters`, in the order of the file. Any of them may be a secret.
    pub parameters: Vec<Parameter>,
}

/// One of `parameters`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value and place.
    pub value: Setting<Secret>,
}

impl InternodeScope {
    /// Every value, in the order in which the products list them.
    pub const ALL: [Self; 5] = [
        Self::All,
        Self::None,
        Self::Dc,
        Self::Rack,
        Self::Transitional,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Dc => "dc",
            Self::Rack => "rack",
            Self::All => "all",
            Self::Transitional => "transitional",
        }
    }
}

impl fmt::Display for InternodeScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl Factory {
    /// Whether it is Cassandra's own for PEM, so that the parameters are those of
    /// [`Section::PemParameters`](crate::options::Section::PemParameters), and `keystore` and
    /// `truststore` name PEM files.
    pub fn is_pem(&self) -> bool {
        let name = &self.class_name;
        name.strip_prefix("org.apache.cassandra.security.")
            .unwrap_or(name)
            == "PEMBasedSslContextFactory"
    }

    /// The value of a parameter; the last counts.
    pub fn parameter(&self, name: &str) -> Option<&Setting<Secret>> {
        self.parameters
            .iter()
            .rfind(|parameter| parameter.name == name)
            .map(|parameter| &parameter.value)
    }
}

impl super::TlsOptions {
    /// The key and certificates that stand in the file itself, as the PEM factory takes them.
    pub fn inline(&self, parameter: &str) -> Option<&Setting<Secret>> {
        self.ssl_context_factory
            .value
            .as_ref()
            .filter(|factory| factory.is_pem())?
            .parameter(parameter)
    }

    /// Whether the private key stands in the file itself.
    pub fn has_inline_key(&self) -> bool {
        self.inline("private_key")
            .is_some_and(|key| !key.value.reveal().trim().is_empty())
    }
}
