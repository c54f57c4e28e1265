use ringlock_config::{
    Dialect, Document, Origin, Resolved,
    dialect::Product,
    options::Section,
    resolve::{InternodeScope, Policy, Setting},
};
use ringlock_finding::{Finding, Position};
use time::OffsetDateTime;

use crate::{
    accounts::Accounts,
    block::{Block, value_at},
    certificates::{Loaded, Stores},
    facts::{self, Files},
    read::Profile,
};
use ringlock_pki::{Identity, IdentityError};

/// What a rule sees of one node.
#[derive(Debug)]
pub(crate) struct Node<'d> {
    pub(crate) document: &'d Document,
    pub(crate) dialect: Dialect,
    /// The file as the product takes it.
    pub(crate) resolved: &'d Resolved,
    pub(crate) server: Block<'d>,
    pub(crate) client: Block<'d>,
    pub(crate) alternator: Option<Block<'d>>,
    pub(crate) files: &'d Files,
    pub(crate) stores: &'d [Stores],
    /// The users of this machine.
    pub(crate) accounts: &'d Accounts,
    pub(crate) profile: Option<Profile>,
    pub(crate) now: OffsetDateTime,
}

impl<'d> Node<'d> {
    /// A node of which the files are not known yet.
    pub(crate) fn new(
        document: &'d Document,
        resolved: &'d Resolved,
        accounts: &'d Accounts,
        profile: Option<Profile>,
        now: OffsetDateTime,
    ) -> Self {
        let dialect = resolved.dialect;
        let block = |section, tls, in_use| Block::of(document, dialect, section, tls, in_use);
        let server = &resolved.server;
        let encrypted = server.internode_encryption.value != InternodeScope::None;
        let client = &resolved.client;
        let enabled = client.enabled.value == Some(true);
        let https = resolved.ports.alternator_https.value;
        Self {
            document,
            dialect,
            resolved,
            server: block(Section::Server, &server.tls, encrypted),
            client: block(Section::Client, &client.tls, enabled),
            alternator: resolved.alternator.as_ref().map(|tls| {
                let in_use = https.is_some_and(|port| port != 0);
                block(Section::Alternator, tls, in_use)
            }),
            files: Files::none(),
            stores: &[],
            accounts,
            profile,
            now,
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

    /// Which links between nodes are encrypted.
    pub(crate) fn scope(&self) -> InternodeScope {
        self.resolved.server.internode_encryption.value
    }

    /// All blocks.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Block<'d>> + use<'d> {
        [Some(self.server), Some(self.client), self.alternator]
            .into_iter()
            .flatten()
    }

    /// The block's stores; none where they were not looked at.
    pub(crate) fn stores_of(&self, block: &Block<'_>) -> Option<&'d Stores> {
        self.stores.iter().find(|it| it.section == block.name)
    }

    /// Whether there is a file at the path of the block's keystore; none where that cannot be
    /// told from here.
    pub(crate) fn keystore_exists(&self, block: &Block<'_>) -> Option<bool> {
        let path = block.tls.keystore.value.as_ref()?;
        facts::exists(path)
    }

    /// What other nodes' connections are taken for, where the keystore exists or not as is seen,
    /// or as `assumed` where that cannot be seen.
    pub(crate) fn server_policy(&self, assumed: bool) -> Policy {
        let exists = self.keystore_exists(&self.server).unwrap_or(assumed);
        self.resolved.server.policy(exists)
    }

    /// Where a setting of the top level stands: its value, or the start of the file for a default.
    pub(crate) fn at<T>(&self, setting: &Setting<T>) -> Position {
        match setting.origin {
            Origin::File { line, column, .. } => value_at(
                self.document.root().entries().iter(),
                Position::new(line, column),
            ),
            Origin::Default(_) => Position::START,
        }
    }

    /// The single value of a key of the top level, as it is written.
    pub(crate) fn top_text(&self, key: &str) -> Option<&'d str> {
        self.document.root().get(key)?.node.scalar()
    }

    /// What reading says of a key.
    pub(crate) fn reading_of(&self, path: &str) -> impl Iterator<Item = &'d Finding> {
        let findings = self.resolved.findings.iter();
        findings.filter(move |finding| finding.key == path)
    }

    /// The keys and certificates that the node shows, each with the block that it is for.
    pub(crate) fn identities(
        &self,
    ) -> impl Iterator<Item = (&'d Stores, &'d Loaded<Result<Identity, IdentityError>>)> + use<'d>
    {
        let stores = self.stores.iter();
        stores.flat_map(|stores| stores.own.iter().map(move |own| (stores, own)))
    }
}
