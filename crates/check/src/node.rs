use ringlock_config::{Dialect, Document, dialect::Product, document::Entry};
use ringlock_finding::Position;
use time::OffsetDateTime;

use crate::{certificates::Stores, facts::Files, read::Profile, section::Section};

/// What a rule sees of one node.
#[derive(Debug)]
pub(crate) struct Node<'d> {
    pub(crate) document: &'d Document,
    pub(crate) dialect: Dialect,
    pub(crate) server: Section<'d>,
    pub(crate) client: Section<'d>,
    pub(crate) files: &'d Files,
    pub(crate) stores: &'d [Stores],
    pub(crate) profile: Option<Profile>,
    pub(crate) now: OffsetDateTime,
}

/// Which links between nodes are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    None,
    Rack,
    Dc,
    All,
    Transitional,
    /// A word that the product does not know.
    Unknown,
}

impl<'d> Node<'d> {
    /// The block about links between nodes: the older name wins where both stand and the version
    /// takes it.
    pub(crate) fn server_of(document: &'d Document, dialect: Dialect) -> Section<'d> {
        let old = Section::of(document, "encryption_options", dialect);
        let takes_old = matches!(dialect, Dialect::Cassandra30 | Dialect::Cassandra311);
        if takes_old && old.is_given() {
            old
        } else {
            Section::of(document, "server_encryption_options", dialect)
        }
    }

    pub(crate) fn is_scylla(&self) -> bool {
        self.dialect == Dialect::Scylla
    }

    pub(crate) fn is_ringlock(&self) -> bool {
        self.dialect == Dialect::Ringlock
    }

    /// Whether stores are Java's and names are JSSE's.
    pub(crate) fn is_java(&self) -> bool {
        !self.is_scylla() && !self.is_ringlock()
    }

    pub(crate) fn is_dse(&self) -> bool {
        self.dialect.product() == Product::Dse
    }

    /// Whether one port takes both TLS and plaintext: Cassandra since 4.0, and HCD.
    pub(crate) fn has_one_port(&self) -> bool {
        matches!(
            self.dialect,
            Dialect::Cassandra40
                | Dialect::Cassandra41
                | Dialect::Cassandra50
                | Dialect::Cassandra60
                | Dialect::Hcd1
        )
    }

    /// What `internode_encryption` comes to; `none` where nothing is said.
    pub(crate) fn scope(&self) -> Scope {
        let Some(entry) = self.server.entry("internode_encryption") else {
            return Scope::None;
        };
        match entry.node.scalar().unwrap_or_default() {
            "none" => Scope::None,
            "rack" => Scope::Rack,
            "dc" => Scope::Dc,
            "all" => Scope::All,
            "transitional" if self.is_scylla() || self.is_ringlock() => Scope::Transitional,
            _ => Scope::Unknown,
        }
    }

    /// Whether links between nodes are encrypted at all.
    pub(crate) fn internode_is_on(&self) -> bool {
        !matches!(self.scope(), Scope::None | Scope::Unknown)
    }

    /// Whether clients may or must use TLS.
    pub(crate) fn client_is_on(&self) -> bool {
        self.client.is_on("enabled")
    }

    /// Both blocks, each with whether it is in use.
    pub(crate) fn sections(&self) -> [(Section<'d>, bool); 2] {
        [
            (self.server, self.internode_is_on()),
            (self.client, self.client_is_on()),
        ]
    }

    /// The entry of a top-level key that has a value.
    pub(crate) fn top(&self, key: &str) -> Option<&'d Entry> {
        self.document
            .root()
            .get(key)
            .filter(|entry| !entry.node.is_blank())
    }

    /// The single value of a top-level key.
    pub(crate) fn top_text(&self, key: &str) -> Option<&'d str> {
        let text = self.top(key)?.node.scalar()?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// A port of the top level; none where it is absent or no number.
    pub(crate) fn port(&self, key: &str) -> Option<u16> {
        self.top_text(key)?.parse().ok()
    }

    /// Where a top-level key's value stands.
    pub(crate) fn top_place(&self, key: &str) -> Position {
        self.top(key).map_or(Position::START, |entry| entry.node.at)
    }
}
