use std::path::{Path, PathBuf};

use ringlock_config::{Dialect, Document, detect, resolve};
use ringlock_files::{FileError, read_limited, version_beside};
use ringlock_finding::{Finding, Position};
use time::OffsetDateTime;

use crate::{
    RULES, Report,
    accounts::Accounts,
    certificates::Stores,
    facts::Files,
    find,
    fleet::Member,
    node::Node,
    rule::Check,
    rules::{CANNOT_READ, reading},
    unlock::Keys,
};

/// The largest file that is read, in bytes; the products' own have less than 200 kB.
const MAX_BYTES: u64 = 8 << 20;

/// How to check.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whose files they are; told from each file where none is given.
    pub dialect: Option<Dialect>,
    /// What they are held to besides.
    pub profile: Option<Profile>,
    /// The time at which certificates are judged.
    pub now: OffsetDateTime,
}

/// A set of demands beyond what the products ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// What a module validated to FIPS 140-3 may do.
    Fips,
}

/// Checks everything that `paths` stand for: files, folders of a node, folders of a fleet.
pub fn check(paths: &[PathBuf], options: &Options) -> Report {
    let mut report = Report::default();
    let mut files = Vec::new();
    for path in paths {
        if let Err(error) = find::add(path, &mut files) {
            cannot_read(&mut report, path, Position::START, error.to_string());
        }
    }
    let accounts = Accounts::of_this_machine();
    let mut members = Vec::new();
    for file in &files {
        if let Some(member) = check_file(file, options, &accounts, &mut report) {
            members.push(member);
        }
    }
    report.files = members.len();
    compare(&members, &mut report);
    report.sort(&files);
    report
}

fn check_file(
    file: &Path,
    options: &Options,
    accounts: &Accounts,
    report: &mut Report,
) -> Option<Member> {
    let text = match read_text(file) {
        Ok(text) => text,
        Err((at, why)) => {
            cannot_read(report, file, at, why);
            return None;
        }
    };
    match Document::parse(&text, file) {
        Ok(document) => Some(check_document(&document, options, accounts, report)),
        Err(findings) => {
            report.add_unread(findings.into_iter().map(reading::completed));
            None
        }
    }
}

/// Judges one file by the rules of one node.
pub(crate) fn check_document(
    document: &Document,
    options: &Options,
    accounts: &Accounts,
    report: &mut Report,
) -> Member {
    let dialect = options.dialect.unwrap_or_else(|| {
        let version = version_beside(document.path());
        let detected = detect(document, version.as_deref());
        let dialect = detected.dialect;
        if !detected.certain {
            report.guess(document.path(), detected);
        }
        dialect
    });
    let resolved = resolve(document, dialect);
    let mut node = Node::new(document, &resolved, accounts, options.profile, options.now);
    let files = Files::look(&node);
    let keys = Keys::of(document, dialect.product());
    let stores: Vec<Stores> = node
        .blocks()
        .map(|block| Stores::load(&files, &block, &resolved.server, &keys, options.now))
        .collect();
    node.files = &files;
    node.stores = &stores;
    let mut found = Vec::new();
    for rule in RULES {
        if let Check::Node(check) = &rule.check {
            check(&node, &mut found);
        }
    }
    let told = reading::findings(&node);
    let told = told
        .into_iter()
        .filter(|told| !is_told_by_a_rule(told, &found));
    let told: Vec<Finding> = told.collect();
    found.extend(told);
    report.add(document, found);
    Member::of(&node)
}

/// Whether a rule says of the same place what reading says in general.
fn is_told_by_a_rule(told: &Finding, found: &[Finding]) -> bool {
    found.iter().any(|rule| {
        reading::says_more(rule.code, told.code)
            && rule.key == told.key
            && rule.at.line == told.at.line
    })
}

fn compare(members: &[Member], report: &mut Report) {
    let mut found = Vec::new();
    for rule in RULES {
        if let Check::Fleet(check) = &rule.check {
            check(members, &mut found);
        }
    }
    report.add_unread(found);
}

/// The text of a file of at most 8 MiB, or where and why it cannot be read.
pub(crate) fn read_text(file: &Path) -> Result<String, (Position, String)> {
    let bytes = read_limited(file, MAX_BYTES).map_err(|error| {
        let why = match error {
            FileError::Missing { .. } => "there is no such file or folder".to_owned(),
            other => other.to_string(),
        };
        (Position::START, why)
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let good = String::from_utf8_lossy(good);
        let line = good.matches('\n').count() + 1;
        let column = good
            .rsplit('\n')
            .next()
            .map_or(0, |last| last.chars().count())
            + 1;
        let why = "it is no text in UTF-8".to_owned();
        (Position::new(line, column), why)
    })
}

fn cannot_read(report: &mut Report, file: &Path, at: Position, why: String) {
    report.unreadable = true;
    let finding: Finding = CANNOT_READ
        .finding(file, at, "", format!("cannot be read: {why}"))
        .hint("give a file or a folder that this user may read");
    report.add_unread([finding]);
}
