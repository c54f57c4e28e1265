//! What is to be said of a key: unknown, of another version, outdated, without effect.

use ringlock_finding::{Finding, Severity};

use super::{Named, Reader};
use crate::{
    dialect::{Dialect, Dialects, Product},
    document::Entry,
    key_path,
    options::{self, Kind, OptionSpec, Section, Support},
};

impl<'d> Reader<'d> {
    /// Judges all keys of a mapping called `parent`, and answers those that count: for each option
    /// the last entry, under its own name or an old one.
    pub(super) fn judge(
        &mut self,
        section: Section,
        parent: &str,
        entries: &[Named<'d>],
    ) -> Vec<(&'static OptionSpec, &'d Entry)> {
        let mut effective: Vec<(&'static OptionSpec, &'d Entry)> = Vec::new();
        for (key, entry) in entries {
            let path = key_path(parent, key);
            let Some(spec) = self.counted(section, key, entry, &path) else {
                continue;
            };
            match effective.iter_mut().find(|(of, _)| std::ptr::eq(*of, spec)) {
                Some((_, last)) => *last = entry,
                None => effective.push((spec, entry)),
            }
        }
        effective
    }

    /// The option that a key sets, if it sets one.
    fn counted(
        &mut self,
        section: Section,
        key: &str,
        entry: &Entry,
        path: &str,
    ) -> Option<&'static OptionSpec> {
        let Some(spec) = options::find(section, key) else {
            self.unknown(section, key, entry, path);
            return None;
        };
        let finding = |code, message: &str| {
            Finding::error(&*self.file, entry.at, path, message)
                .code(code)
                .requirement(spec.requirement)
        };
        match spec.support(self.dialect) {
            Support::Taken(_) => {
                if let Some(version) = spec.since_in(self.dialect) {
                    let product = self.dialect.product();
                    let message = format!("{product} knows this key since {version}");
                    let note = finding("since-version", &message).severity(Severity::Note);
                    self.findings.push(note);
                }
                Some(spec)
            }
            Support::Renamed(name) => {
                let message = format!("the old name of {name}");
                let old = finding("old-spelling", &message)
                    .severity(Severity::Warning)
                    .hint(format!("call it {name}"));
                self.findings.push(old);
                if spec.kind == Kind::Block {
                    return None;
                }
                options::find(section, name)
            }
            Support::Ignored => {
                let severity = if section == Section::Top {
                    Severity::Note
                } else {
                    Severity::Warning
                };
                let message = format!("{} accepts it and does nothing with it", self.dialect);
                let ignored = finding("without-effect", &message).severity(severity);
                self.findings.push(ignored);
                Some(spec)
            }
            Support::Doubtful(why) => {
                let message = format!("{} may not know this key: {why}", self.dialect);
                let doubt = finding("doubtful-key", &message).severity(Severity::Warning);
                self.findings.push(doubt);
                Some(spec)
            }
            Support::No => {
                self.other_version(section, spec, entry, path);
                None
            }
        }
    }

    /// A key that another product or version knows.
    fn other_version(
        &mut self,
        section: Section,
        spec: &'static OptionSpec,
        entry: &Entry,
        path: &str,
    ) {
        let near = options::other_name(section, spec, self.dialect)
            .or_else(|| options::near(section, spec.name, self.dialect));
        let known = spec.known_to();
        let mut finding = if known == Dialects::NONE {
            self.finding(entry.at, path, "unknown-key", "unknown key")
        } else {
            let message = format!("known to {known} only");
            self.finding(entry.at, path, "other-version", &message)
        };
        if let Some(near) = near {
            finding = finding.hint(format!("did you mean \"{}\"?", near.name));
        }
        let requirement = match near {
            Some(near) if spec.requirement.is_empty() => near.requirement,
            _ => spec.requirement,
        };
        self.push_unknown(section, finding.requirement(requirement));
    }

    /// A key that no row of the table names.
    fn unknown(&mut self, section: Section, key: &str, entry: &Entry, path: &str) {
        if section == Section::Top {
            return self.unknown_at_top(key, entry);
        }
        let mut finding = self.finding(entry.at, path, "unknown-key", "unknown key");
        if let Some(near) = options::near(section, key, self.dialect) {
            finding = finding
                .hint(format!("did you mean \"{}\"?", near.name))
                .requirement(near.requirement);
        }
        self.push_unknown(section, finding);
    }

    /// Most keys of the top level have nothing to do with encryption and are no business of this
    /// table. Those are told that stand outside their block, and those that resemble a block.
    fn unknown_at_top(&mut self, key: &str, entry: &Entry) {
        const BLOCKS: [Section; 2] = [Section::Server, Section::Client];
        if let Some((block, below)) = key.split_once('.') {
            let here = Section::named(block).is_some_and(|section| section.path() == block);
            if here && !Dialects::C41_ON.contains(self.dialect) {
                let message = format!("dotted keys are known to {} only", Dialects::C41_ON);
                let finding = self
                    .finding(entry.at, key, "other-version", &message)
                    .hint(format!("write {below} below {block}"));
                self.push_unknown(Section::Top, finding);
            }
            return;
        }
        let block = BLOCKS.into_iter().find(|section| {
            options::find(*section, key)
                .is_some_and(|spec| spec.support(self.dialect) != Support::No)
        });
        if let Some(block) = block {
            let finding = self
                .finding(entry.at, key, "misplaced-key", "stands outside its block")
                .hint(format!("indent it below {}", block.path()));
            return self.push_unknown(Section::Top, finding);
        }
        if let Some(near) = options::near_at_top(key, self.dialect) {
            let finding = self
                .finding(entry.at, key, "unknown-key", "unknown key")
                .hint(format!("did you mean \"{}\"?", near.name))
                .requirement(near.requirement);
            self.push_unknown(Section::Top, finding);
        }
    }

    /// Reports a key that does not count, and says what the product does about it.
    fn push_unknown(&mut self, section: Section, mut finding: Finding) {
        match self.dialect.product() {
            Product::Scylla if section == Section::Top => {
                finding.message += ", ScyllaDB logs a warning and goes on without it";
            }
            Product::Scylla => finding.message += ", ScyllaDB ignores it in silence",
            Product::Cassandra | Product::Dse | Product::Hcd => {
                return self.push_refused(finding);
            }
            Product::Ringlock => {}
        }
        if self.dialect == Dialect::Scylla
            && finding.code == "other-version"
            && section == Section::Top
        {
            finding.severity = Severity::Warning;
        }
        self.findings.push(finding);
    }
}
