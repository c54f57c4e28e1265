//! One mapping of the file, read key by key against the keys there are.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use ringlock_finding::{Finding, Findings, Position};

use crate::{
    Dialect, Origin, key_path,
    keys::{Keys, Standing},
    shortened,
    tree::{Entry, Node, Value},
    value::Wrong,
};

/// Collects findings and origins while a file is read.
#[derive(Debug)]
pub(crate) struct Reader {
    file: Arc<Path>,
    findings: Findings,
    origins: BTreeMap<String, Origin>,
}

impl Reader {
    pub(crate) fn new(file: &Path) -> Self {
        Self {
            file: Arc::from(file),
            findings: Findings::new(),
            origins: BTreeMap::new(),
        }
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Where the file lies; empty if it was named without a folder.
    pub(crate) fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    pub(crate) fn origin(&self, at: Option<Position>) -> Origin {
        at.map_or(Origin::Default(Dialect::Ringlock), |at| Origin::File {
            file: Arc::clone(&self.file),
            line: at.line,
            column: at.column,
        })
    }

    pub(crate) fn take_origins(&mut self) -> BTreeMap<String, Origin> {
        std::mem::take(&mut self.origins)
    }

    pub(crate) fn add_origins(&mut self, origins: impl Iterator<Item = (String, Origin)>) {
        self.origins.extend(origins);
    }

    pub(crate) fn into_findings(self) -> Findings {
        self.findings
    }

    /// A finding in this file, to be completed and handed to [`Reader::report`].
    pub(crate) fn finding(&self, at: Position, key: &str, message: impl Into<String>) -> Finding {
        Finding::error(&*self.file, at, key, message)
    }

    pub(crate) fn report(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Adds the findings of another reader.
    pub(crate) fn report_all(&mut self, findings: Findings) {
        self.findings.extend(findings);
    }

    fn wrong(&mut self, at: Position, key: &str, found: &str, wrong: Wrong) {
        let mut finding = self
            .finding(at, key, wrong.message)
            .found(shortened(found))
            .expected(wrong.expected);
        finding.hint = wrong.hint;
        self.report(finding);
    }
}

/// What a mapping gives for one key.
#[derive(Debug)]
pub(crate) enum Given<T> {
    /// A value, and where its key stands.
    Here(T, Position),
    /// Nothing, or a blank.
    Absent,
    /// Something that a finding was reported of.
    Wrong,
}

/// A value that is settled, and where its key stands unless it is the default.
#[derive(Debug)]
pub(crate) struct Settled<T> {
    pub(crate) value: T,
    pub(crate) at: Option<Position>,
}

impl<T> Given<T> {
    /// The value or the default; none if a finding was reported.
    pub(crate) fn or(self, default: T) -> Option<Settled<T>> {
        match self {
            Self::Here(value, at) => Some(Settled {
                value,
                at: Some(at),
            }),
            Self::Absent => Some(Settled {
                value: default,
                at: None,
            }),
            Self::Wrong => None,
        }
    }

    /// Where the key stands, if it has a value.
    pub(crate) fn at(&self) -> Option<Position> {
        match self {
            Self::Here(_, at) => Some(*at),
            Self::Absent | Self::Wrong => None,
        }
    }
}

/// One mapping; all its keys have been judged.
#[derive(Debug)]
pub(crate) struct Section<'t> {
    path: String,
    at: Position,
    entries: &'t [Entry],
    /// Whether it is a mapping, or at least absent. Otherwise nothing in it can be told missing.
    usable: bool,
    /// Keys that were written with a mistake and reported: they are not missing.
    misspelt: Vec<&'static str>,
}

impl<'t> Section<'t> {
    /// The mapping `node`, whose dotted path is `path`; `at` is where it is called by its name.
    pub(crate) fn open(
        node: &'t Node,
        at: Position,
        path: String,
        keys: &Keys,
        reader: &mut Reader,
    ) -> Self {
        let mut section = Self {
            path,
            at,
            entries: &[],
            usable: true,
            misspelt: Vec::new(),
        };
        match &node.value {
            Value::Mapping(entries) => section.entries = entries,
            Value::Blank => {}
            Value::Unusable => section.usable = false,
            Value::Scalar(_) | Value::Sequence(_) => {
                section.usable = false;
                let finding = reader
                    .finding(node.at, &section.path, not_this(&node.value))
                    .expected("keys with their values");
                reader.report(finding);
            }
        }
        section.judge_keys(keys, reader);
        section
    }

    /// The mapping below `keys.path`; an absent one is empty.
    pub(crate) fn section(&self, keys: &'static Keys, reader: &mut Reader) -> Self {
        match self.entry(keys.path) {
            Some(entry) => {
                let path = self.path_of(keys.path);
                Self::open(&entry.node, entry.at, path, keys, reader)
            }
            None => Self {
                path: self.path_of(keys.path),
                at: self.at,
                entries: &[],
                usable: self.usable && !self.misspelt.contains(&keys.path),
                misspelt: Vec::new(),
            },
        }
    }

    /// The mapping at `key`, with these keys in it; none if it is absent.
    pub(crate) fn below(
        &self,
        key: &'static str,
        keys: &'static Keys,
        reader: &mut Reader,
    ) -> Option<Self> {
        let entry = self.entry(key)?;
        let path = self.path_of(key);
        Some(Self::open(&entry.node, entry.at, path, keys, reader))
    }

    /// The one value of `key`, read by `parse`.
    pub(crate) fn get<T>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Wrong>,
        reader: &mut Reader,
    ) -> Given<T> {
        let Some(entry) = self.entry(key) else {
            return self.absent(key);
        };
        let path = self.path_of(key);
        let node = &entry.node;
        match &node.value {
            Value::Blank => Given::Absent,
            Value::Unusable => Given::Wrong,
            Value::Scalar(text) => match parse(text) {
                Ok(value) => {
                    let origin = reader.origin(Some(entry.at));
                    reader.origins.insert(path, origin);
                    Given::Here(value, entry.at)
                }
                Err(wrong) => {
                    reader.wrong(node.at, &path, text, wrong);
                    Given::Wrong
                }
            },
            value @ (Value::Sequence(_) | Value::Mapping(_)) => {
                let finding = reader
                    .finding(node.at, &path, not_this(value))
                    .expected("one value");
                reader.report(finding);
                Given::Wrong
            }
        }
    }

    /// The one value of `key`, which must be given; `expected` says what it is.
    pub(crate) fn required<T>(
        &self,
        key: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Result<T, Wrong>,
        reader: &mut Reader,
    ) -> Option<T> {
        match self.get(key, parse, reader) {
            Given::Here(value, _) => Some(value),
            Given::Wrong => None,
            Given::Absent => {
                let finding = reader
                    .finding(self.at, &self.path_of(key), "missing")
                    .expected(expected);
                reader.report(finding);
                None
            }
        }
    }

    /// The items of the list `key`.
    pub(crate) fn list(&self, key: &'static str, reader: &mut Reader) -> Given<&'t [Node]> {
        let Some(entry) = self.entry(key) else {
            return self.absent(key);
        };
        match &entry.node.value {
            Value::Blank => Given::Absent,
            Value::Unusable => Given::Wrong,
            Value::Sequence(items) => {
                let origin = reader.origin(Some(entry.at));
                reader.origins.insert(self.path_of(key), origin);
                Given::Here(items, entry.at)
            }
            value @ (Value::Scalar(_) | Value::Mapping(_)) => {
                let finding = reader
                    .finding(entry.node.at, &self.path_of(key), not_this(value))
                    .expected("a list");
                reader.report(finding);
                Given::Wrong
            }
        }
    }

    /// The entries of the mapping `key`, whose keys are values themselves.
    pub(crate) fn entries(&self, key: &'static str, reader: &mut Reader) -> Given<&'t [Entry]> {
        let Some(entry) = self.entry(key) else {
            return self.absent(key);
        };
        match &entry.node.value {
            Value::Blank => Given::Absent,
            Value::Unusable => Given::Wrong,
            Value::Mapping(entries) => Given::Here(entries, entry.at),
            value @ (Value::Scalar(_) | Value::Sequence(_)) => {
                let finding = reader
                    .finding(entry.node.at, &self.path_of(key), not_this(value))
                    .expected("keys with their values");
                reader.report(finding);
                Given::Wrong
            }
        }
    }

    /// Whether nothing can be said of `key`, because it was misspelt or this is no mapping.
    pub(crate) fn is_unclear(&self, key: &str) -> bool {
        !self.usable || self.misspelt.contains(&key)
    }

    /// The dotted path of one of its keys.
    pub(crate) fn path_of(&self, key: &str) -> String {
        key_path(&self.path, key)
    }

    /// Where it is called by its name.
    pub(crate) fn at(&self) -> Position {
        self.at
    }

    fn entry(&self, key: &str) -> Option<&'t Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// What is to be said of a key that is not there.
    pub(crate) fn absent<T>(&self, key: &'static str) -> Given<T> {
        if self.usable && !self.misspelt.contains(&key) {
            Given::Absent
        } else {
            Given::Wrong
        }
    }

    fn judge_keys(&mut self, keys: &Keys, reader: &mut Reader) {
        const NOT_YET: &str = "not obeyed by this version yet";
        for entry in self.entries {
            let finding = reader.finding(entry.at, &self.path_of(&entry.key), "unknown key");
            reader.report(match keys.judge(&entry.key) {
                Standing::Obeyed => continue,
                Standing::Unknown => finding,
                Standing::Elsewhere("") => finding.hint("it belongs at the top level"),
                Standing::Elsewhere(path) => finding.hint(format!("it belongs under \"{path}\"")),
                Standing::Misspelt(near) => {
                    self.misspelt.push(near);
                    finding.hint(format!("did you mean \"{near}\"?"))
                }
                Standing::MisspeltNotYet(near) => {
                    finding.hint(format!("\"{near}\" is {NOT_YET}; remove it"))
                }
                Standing::NotYet => {
                    let mut finding = finding.hint("remove it");
                    NOT_YET.clone_into(&mut finding.message);
                    finding
                }
            });
        }
    }
}

/// Names a value of the wrong kind.
fn not_this(value: &Value) -> &'static str {
    match value {
        Value::Sequence(_) => "a list",
        Value::Mapping(_) => "keys with values of their own",
        Value::Blank | Value::Scalar(_) | Value::Unusable => "a single value",
    }
}
