//! Which keys of the file count, and what is to be said of the others.

mod factory;
mod judge;
mod kinds;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use ringlock_finding::{Finding, Findings, Position, Severity};

use super::{
    scalar::Unfit,
    setting::{Setting, Settings, Value},
};
use crate::{
    Origin,
    dialect::{Dialect, Dialects, Product},
    document::{self, Document, Entry, QuirkKind},
    key_path,
    options::{self, Kind, OptionSpec, Section, Support},
    shortened,
};

/// Reads all options; what the file does not give has its default.
pub(super) fn read(document: &Document, dialect: Dialect, base: &Path) -> (Settings, Findings) {
    let mut reader = Reader {
        document,
        dialect,
        base,
        settings: Settings {
            dialect,
            values: BTreeMap::new(),
        },
        file: Arc::from(document.path()),
        findings: Findings::new(),
    };
    reader.defaults();
    reader.top();
    reader.duplicates();
    (reader.settings, reader.findings)
}

struct Reader<'d> {
    document: &'d Document,
    dialect: Dialect,
    base: &'d Path,
    file: Arc<Path>,
    settings: Settings,
    findings: Findings,
}

/// A key of a block: its name there, and its entry. The two differ where the entry is a dotted key
/// of the top level.
type Named<'d> = (&'d str, &'d Entry);

impl<'d> Reader<'d> {
    fn defaults(&mut self) {
        for spec in options::all() {
            for section in spec.sections {
                let text = spec.default_in(self.dialect);
                let value = text
                    .and_then(|text| kinds::default(self, spec, text))
                    .unwrap_or(Value::Unset);
                let origin = Origin::Default(self.dialect);
                self.settings
                    .insert(*section, spec, Setting { value, origin });
            }
        }
    }

    fn top(&mut self) {
        let root = self.document.root();
        match &root.value {
            document::Value::Mapping(_) => {}
            document::Value::Blank => {
                if self.dialect == Dialect::Cassandra41 {
                    self.refused(root.at, "", "empty-file", "nothing is in it");
                }
                return;
            }
            document::Value::Scalar { .. } | document::Value::Sequence(_) => {
                return self.refused(root.at, "", "bad-value", "there are no keys in it");
            }
        }
        let entries: Vec<_> = root
            .entries()
            .iter()
            .map(|entry| (&*entry.key, entry))
            .collect();
        let effective = self.judge(Section::Top, "", &entries);
        for (spec, entry) in effective {
            if spec.kind != Kind::Block {
                self.take(Section::Top, spec, entry, spec.name);
            }
        }
        for section in [Section::Server, Section::Client, Section::Alternator] {
            self.block(section);
        }
    }

    /// Reads one block, which may be absent.
    fn block(&mut self, section: Section) {
        let Some((name, mut entries)) = self.entries_of(section) else {
            return;
        };
        if self.dialect == Dialect::Scylla && self.is_dropped(name, &entries) {
            return;
        }
        if Dialects::C41_ON.contains(self.dialect) {
            let dotted = self.document.root().entries().iter();
            entries.extend(dotted.filter_map(|entry| {
                let below = entry.key.strip_prefix(section.path())?.strip_prefix('.')?;
                (!below.contains('.')).then_some((below, entry))
            }));
            entries.sort_by_key(|(_, entry)| entry.at);
        }
        for (spec, entry) in self.judge(section, name, &entries) {
            let path = key_path(name, spec.name);
            self.take(section, spec, entry, &path);
        }
    }

    /// The keys of a block and the block's name; none if it cannot be used.
    fn entries_of(&mut self, section: Section) -> Option<(&'static str, Vec<Named<'d>>)> {
        let root = self.document.root();
        let (name, entry) = self.block_entry(section);
        let Some(entry) = entry else {
            let dotted = format!("{}.", section.path());
            let any = root
                .entries()
                .iter()
                .any(|entry| entry.key.starts_with(&dotted));
            return any.then(|| (name, Vec::new()));
        };
        options::find(Section::Top, name)
            .filter(|spec| !matches!(spec.support(self.dialect), Support::No))?;
        let lenient = self.dialect.product() == Product::Scylla
            || options::find(Section::Top, section.path())
                .is_some_and(|spec| spec.takes_blank(self.dialect));
        match &entry.node.value {
            document::Value::Mapping(entries) => {
                let named = entries.iter().map(|entry| (&*entry.key, entry));
                return Some((name, named.collect()));
            }
            document::Value::Blank if lenient => {}
            document::Value::Blank => {
                self.refused(entry.at, name, "blank-value", "the block is empty");
            }
            document::Value::Scalar { .. } | document::Value::Sequence(_) => {
                let finding = self
                    .finding(entry.node.at, name, "bad-value", "not a mapping")
                    .expected("keys with their values");
                self.push_refused(finding);
            }
        }
        None
    }

    /// The entry that opens a block. Cassandra 3 prefers the old name.
    fn block_entry(&mut self, section: Section) -> (&'static str, Option<&'d Entry>) {
        const OLD: &str = "encryption_options";
        let root = self.document.root();
        let (name, current) = (section.path(), root.get(section.path()));
        let old = (section == Section::Server)
            .then(|| root.get(OLD))
            .flatten()
            .filter(|_| {
                options::find(Section::Top, OLD)
                    .is_some_and(|spec| matches!(spec.support(self.dialect), Support::Renamed(_)))
            });
        let Some(old) = old else {
            return (name, current);
        };
        if let Some(current) = current {
            let message = format!("does not count beside {OLD} (line {})", old.at.line);
            let finding = self
                .finding(current.at, name, "old-spelling", &message)
                .requirement("B-43");
            self.findings
                .push(finding.hint("remove one of the two blocks"));
        }
        (OLD, Some(old))
    }

    /// Whether ScyllaDB drops the whole block: its values are read as text, all or none.
    fn is_dropped(&mut self, name: &str, entries: &[Named<'_>]) -> bool {
        let merged = self
            .document
            .quirks()
            .iter()
            .find(|quirk| quirk.kind == QuirkKind::MergeKey && quirk.key.starts_with(name))
            .map(|quirk| (quirk.at, "<<", "a merge key"));
        let odd = entries.iter().find_map(|(key, entry)| {
            let what = match &entry.node.value {
                document::Value::Scalar { .. } => return None,
                document::Value::Blank => "blank",
                document::Value::Sequence(_) => "a list",
                document::Value::Mapping(_) => "a mapping",
            };
            Some((entry.at, *key, what))
        });
        let Some((at, key, what)) = merged.or(odd) else {
            return false;
        };
        let message =
            format!("{what}, so ScyllaDB drops the whole block and goes on with defaults");
        let code = if what == "blank" {
            "blank-value"
        } else {
            "bad-value"
        };
        let finding = self
            .finding(at, &key_path(name, key), code, &message)
            .expected("one value")
            .hint("give it a value or remove the key")
            .requirement("G-25");
        self.findings.push(finding);
        true
    }

    /// Reads the value of one key that counts.
    fn take(&mut self, section: Section, spec: &'static OptionSpec, entry: &Entry, path: &str) {
        let blanks_only = |text: &str| self.dialect == Dialect::Ringlock && text.trim().is_empty();
        if entry.node.is_blank() || entry.node.scalar().is_some_and(blanks_only) {
            return self.blank(spec, entry, path);
        }
        match kinds::read(self, section, spec, entry, path) {
            Ok(value) => {
                kinds::remark(self, spec, entry, path);
                self.insert(section, spec, entry, value);
            }
            Err(Unfit { wrong, instead }) => {
                let mut finding = self
                    .finding(entry.node.at, path, "bad-value", &wrong.message)
                    .expected(wrong.expected)
                    .requirement(spec.requirement);
                finding.hint = wrong.hint;
                finding.found = entry.node.scalar().filter(|_| !spec.secret).map(shortened);
                match instead {
                    Some(value) => {
                        self.findings.push(finding);
                        self.insert(section, spec, entry, value);
                    }
                    None => self.push_refused(finding),
                }
            }
        }
    }

    fn insert(&mut self, section: Section, spec: &'static OptionSpec, entry: &Entry, value: Value) {
        let setting = Setting {
            value,
            origin: self.origin(entry.at),
        };
        self.settings.insert(section, spec, setting);
    }

    /// A blank value of a key that counts.
    fn blank(&mut self, spec: &OptionSpec, entry: &Entry, path: &str) {
        const TEXT: [Kind; 4] = [Kind::Path, Kind::Text, Kind::List, Kind::Scope];
        if spec.takes_blank(self.dialect) || self.dialect == Dialect::Scylla {
            return;
        }
        let hint = "remove the key for its default, or give it a value";
        // A blank is null in the oldest, which has no check for that.
        if self.dialect == Dialect::Cassandra30 && TEXT.contains(&spec.kind) {
            let message = "blank, Cassandra 3.0 fails where it uses it";
            let finding = self.finding(entry.at, path, "blank-value", message);
            self.findings
                .push(finding.hint(hint).requirement(spec.requirement));
            return;
        }
        let finding = self
            .finding(entry.at, path, "blank-value", "blank")
            .hint(hint)
            .requirement(spec.requirement);
        self.push_refused(finding);
    }

    /// Tells of keys given twice, of the blocks and in them.
    fn duplicates(&mut self) {
        for quirk in self.document.quirks() {
            let QuirkKind::DuplicateKey { first } = quirk.kind else {
                continue;
            };
            let (top, below) = quirk.key.split_once('.').unwrap_or((&quirk.key, ""));
            let message = match Section::named(top) {
                Some(_) if below.is_empty() => format!(
                    "given twice, nothing of the first block counts (line {})",
                    first.line
                ),
                Some(_) => format!(
                    "given twice, the first does not count (line {})",
                    first.line
                ),
                None if options::find(Section::Top, &quirk.key).is_some() => {
                    format!(
                        "given twice, the first does not count (line {})",
                        first.line
                    )
                }
                None => continue,
            };
            let mut finding = self
                .finding(quirk.at, &quirk.key, "duplicate-key", &message)
                .hint("keep one of them");
            if self.dialect != Dialect::Ringlock {
                finding.severity = Severity::Warning;
            }
            self.findings.push(finding);
        }
    }

    fn origin(&self, at: Position) -> Origin {
        Origin::File {
            file: Arc::clone(&self.file),
            line: at.line,
            column: at.column,
        }
    }

    fn finding(&self, at: Position, key: &str, code: &'static str, message: &str) -> Finding {
        Finding::error(&*self.file, at, key, message).code(code)
    }

    fn refused(&mut self, at: Position, key: &str, code: &'static str, message: &str) {
        let finding = self.finding(at, key, code, message);
        self.push_refused(finding);
    }

    /// Reports what the product stumbles over, and says so.
    fn push_refused(&mut self, mut finding: Finding) {
        let consequence = match self.dialect.product() {
            Product::Cassandra | Product::Dse | Product::Hcd => {
                format!(", {} refuses to start", self.dialect)
            }
            Product::Scylla => ", ScyllaDB logs it and goes on with the default".to_owned(),
            Product::Ringlock => String::new(),
        };
        finding.message += &consequence;
        self.findings.push(finding);
    }
}
