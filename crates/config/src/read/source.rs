//! A file with the databases' words, read in its dialect: the block and the ports that the agent
//! goes by, and those mistakes of the file that concern it.

use ringlock_finding::{Finding, Findings, Position, Severity};

use crate::{
    Dialect, Document, Entry, Origin, Resolved, key_path,
    options::{self, Section, Support},
    resolve,
    resolve::{FilePath, ServerOptions, Setting},
    section::Given,
    value::{self, Wrong},
};

const BLOCK: &str = "server_encryption_options";
const OLD_BLOCK: &str = "encryption_options";

/// One file in one dialect.
pub(super) struct Source {
    document: Document,
    pub(super) resolved: Resolved,
}

impl Source {
    pub(super) fn new(document: Document, dialect: Dialect) -> Self {
        let resolved = resolve(&document, dialect);
        Self { document, resolved }
    }

    pub(super) fn document(&self) -> &Document {
        &self.document
    }

    /// Whether the file says anything of links between nodes.
    pub(super) fn has_block(&self) -> bool {
        self.block().is_some_and(|entry| !entry.node.is_blank())
            || self.lines(BLOCK).any(|(_, origin)| is_place(origin))
    }

    /// The one value of a key at the top level.
    pub(super) fn top_scalar(&self, key: &str) -> Option<&str> {
        self.document.root().get(key)?.node.scalar()
    }

    /// Where the block is called by its name; the file's start if it has none.
    pub(super) fn block_at(&self) -> Position {
        self.block().map_or(Position::START, |entry| entry.at)
    }

    /// Where the block is, for a message about another file.
    pub(super) fn block_place(&self) -> String {
        format!("{}:{}", self.document.path().display(), self.block_at())
    }

    /// Every option of the block and every port of nodes, with its origin.
    pub(super) fn origins(&self, wanted: &'static str) -> impl Iterator<Item = (String, Origin)> {
        self.lines(wanted)
            .map(|(key, origin)| (key.to_owned(), origin.clone()))
    }

    /// The mistakes that concern the agent. Of a database's own file that is the block, what was
    /// meant to stand in it, and the ports; of `ringlock.yaml` the block alone, as the rest of it is
    /// read more strictly elsewhere.
    pub(super) fn findings(&self) -> Findings {
        let findings = self.resolved.findings.iter();
        findings
            .filter(|finding| finding.severity > Severity::Note && self.concerns(finding))
            .cloned()
            .collect()
    }

    fn concerns(&self, finding: &Finding) -> bool {
        let dialect = self.resolved.dialect;
        let top = finding.key.split(['.', '[']).next().unwrap_or_default();
        if dialect == Dialect::Ringlock {
            return is_block(top) && finding.code != "duplicate-key";
        }
        match finding.code {
            _ if is_block(top) || is_port(top) || top.is_empty() => true,
            "misplaced-key" => options::find(Section::Server, top).is_some(),
            "unknown-key" => options::near_at_top(top, dialect)
                .is_some_and(|near| is_block(near.name) || is_port(near.name)),
            _ => false,
        }
    }

    fn lines(&self, wanted: &'static str) -> impl Iterator<Item = (&str, &Origin)> {
        self.resolved
            .lines()
            .iter()
            .map(|line| (line.key(), line.origin()))
            .filter(move |(key, _)| key.split('.').next() == Some(wanted))
    }

    /// The entry of the block that counts; the old name wins where it is known.
    fn block(&self) -> Option<&Entry> {
        let root = self.document.root();
        let knows_old = options::find(Section::Top, OLD_BLOCK).is_some_and(|spec| {
            let support = spec.support(self.resolved.dialect);
            matches!(support, Support::Renamed(_))
        });
        root.get(OLD_BLOCK)
            .filter(|_| knows_old)
            .or_else(|| root.get(BLOCK))
    }
}

fn is_block(key: &str) -> bool {
    key == BLOCK || key == OLD_BLOCK
}

fn is_port(key: &str) -> bool {
    key == "storage_port" || key == "ssl_storage_port"
}

fn is_place(origin: &Origin) -> bool {
    matches!(origin, Origin::File { .. })
}

/// Where a value stands, if it is written.
pub(super) fn place(origin: &Origin) -> Option<Position> {
    match origin {
        Origin::File { line, column, .. } => Some(Position::new(*line, *column)),
        Origin::Default(_) => None,
    }
}

/// `server_encryption_options` of one file while it is read.
pub(super) struct Block<'s> {
    source: &'s Source,
    name: &'s str,
    findings: Findings,
    /// Options that were written with a mistake: they are not missing.
    misspelt: Vec<&'static str>,
}

impl<'s> Block<'s> {
    pub(super) fn new(source: &'s Source) -> Self {
        let entry = source.block();
        let entries = entry.map_or(&[][..], |entry| entry.node.entries());
        let dialect = source.resolved.dialect;
        let unknown = entries.iter().filter(|entry| {
            options::find(Section::Server, &entry.key)
                .is_none_or(|spec| spec.support(dialect) == Support::No)
        });
        let misspelt =
            unknown.filter_map(|entry| options::near(Section::Server, &entry.key, dialect));
        Self {
            misspelt: misspelt.map(|spec| spec.name).collect(),
            name: entry.map_or(BLOCK, |entry| &entry.key),
            findings: source.findings(),
            source,
        }
    }

    pub(super) fn options(&self) -> &'s ServerOptions {
        &self.source.resolved.server
    }

    pub(super) fn at(&self) -> Position {
        self.source.block_at()
    }

    pub(super) fn into_findings(self) -> Findings {
        self.findings
    }

    /// The dotted path of one of its keys.
    pub(super) fn path_of(&self, key: &str) -> String {
        key_path(self.name, key)
    }

    /// What the block gives for an option, or the product's default.
    pub(super) fn given<T: Clone>(&self, key: &str, setting: &Setting<Option<T>>) -> Given<T> {
        if self.is_wrong(key) {
            return Given::Wrong;
        }
        match &setting.value {
            Some(value) => Given::Here(value.clone(), self.key_at(setting)),
            None => Given::Absent,
        }
    }

    /// The file that an option names.
    pub(super) fn file(
        &mut self,
        key: &str,
        setting: &Setting<Option<FilePath>>,
    ) -> Given<FilePath> {
        match self.given(key, setting) {
            Given::Here(file, at) => match value::text(&file.text) {
                Ok(_) => Given::Here(file, at),
                Err(wrong) => {
                    self.wrong(self.value_at(key, at), key, &file.text, wrong);
                    Given::Wrong
                }
            },
            other => other,
        }
    }

    /// Whether something is wrong with this key, of which a finding was reported.
    pub(super) fn is_wrong(&self, key: &str) -> bool {
        let path = self.path_of(key);
        let told = self.findings.iter().any(|finding| {
            finding.severity == Severity::Error
                && (finding.key == path || finding.key == self.name && finding.code == "bad-value")
        });
        told || self.misspelt.contains(&key)
    }

    /// Where the key of a setting stands; of a default, where the block does.
    pub(super) fn key_at<T>(&self, setting: &Setting<T>) -> Position {
        place(&setting.origin).unwrap_or_else(|| self.at())
    }

    /// Where the value of a key stands.
    pub(super) fn value_at(&self, key: &str, otherwise: Position) -> Position {
        let entry = self.source.document.root().find(&[self.name, key]);
        entry.map_or(otherwise, |entry| entry.node.at)
    }

    /// A finding in this file, to be completed and handed to [`Block::report`].
    pub(super) fn finding(&self, at: Position, key: &str, message: impl Into<String>) -> Finding {
        Finding::error(self.source.document.path(), at, self.path_of(key), message)
    }

    pub(super) fn report(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    pub(super) fn wrong(&mut self, at: Position, key: &str, found: &str, wrong: Wrong) {
        let mut finding = self
            .finding(at, key, wrong.message)
            .found(crate::shortened(found))
            .expected(wrong.expected);
        finding.hint = wrong.hint;
        self.report(finding);
    }
}
