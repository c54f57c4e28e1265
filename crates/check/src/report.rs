use std::{
    collections::HashMap,
    ops::Range,
    path::{Path, PathBuf},
};

use ringlock_config::{Detected, Dialect, Document};
use ringlock_finding::{Finding, Findings, Position, Severity};

use crate::secrets::{MASK, Places, mask};

/// Everything a run found.
#[derive(Debug, Default)]
pub struct Report {
    /// The findings, in the order of the files as they were given, and of the lines in each.
    pub told: Vec<Told>,
    /// How many files were read.
    pub files: usize,
    /// Whether a file could not be read at all.
    pub unreadable: bool,
    /// The files of which it is not certain whose they are, in the order of the files.
    pub guesses: Vec<Guess>,
}

/// What a file was taken for without certainty.
#[derive(Debug, PartialEq, Eq)]
pub struct Guess {
    /// The file.
    pub file: PathBuf,
    /// What it was read as.
    pub dialect: Dialect,
    /// The evidence, as a phrase.
    pub because: String,
}

/// A finding with the line that it is about.
#[derive(Debug)]
pub struct Told {
    /// The finding; nothing in it is secret.
    pub finding: Finding,
    /// The line, unless there is none to show.
    pub excerpt: Option<Excerpt>,
}

/// One line of a file, secrets masked.
#[derive(Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The line without its end.
    pub line: String,
    /// The bytes of the line to point at.
    pub span: Range<usize>,
}

impl Report {
    /// How many findings have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        let same = |told: &&Told| told.finding.severity == severity;
        self.told.iter().filter(same).count()
    }

    /// Whether any finding is at least this severe.
    pub fn reaches(&self, severity: Severity) -> bool {
        self.told
            .iter()
            .any(|told| told.finding.severity >= severity)
    }

    /// Adds what a file was taken for.
    pub(crate) fn guess(&mut self, file: &Path, detected: Detected) {
        self.guesses.push(Guess {
            file: file.to_owned(),
            dialect: detected.dialect,
            because: detected.because,
        });
    }

    /// Adds what was found in a file that was understood.
    pub(crate) fn add(&mut self, document: &Document, findings: Vec<Finding>) {
        if findings.is_empty() {
            return;
        }
        let places = Places::of(document);
        let text = document.text();
        let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
        for finding in in_order(findings) {
            let finding = mask(finding);
            let excerpt = (finding.file == document.path())
                .then(|| excerpt(text, &ends, finding.at, &places))
                .flatten();
            self.told.push(Told { finding, excerpt });
        }
    }

    /// Adds what was found in a file whose secrets could not be told from the rest.
    pub(crate) fn add_unread(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.told.extend(findings.into_iter().map(|finding| Told {
            finding: mask(finding),
            excerpt: None,
        }));
    }

    /// The findings of one file.
    #[cfg(test)]
    pub(crate) fn codes(&self) -> Vec<&'static str> {
        self.told.iter().map(|told| told.finding.code).collect()
    }

    /// Puts the files into the order in which they were given.
    pub(crate) fn sort(&mut self, files: &[impl AsRef<Path>]) {
        let places: HashMap<&Path, usize> = files
            .iter()
            .enumerate()
            .map(|(place, file)| (file.as_ref(), place))
            .collect();
        let place = |told: &Told| places.get(told.finding.file.as_path()).copied();
        self.told
            .sort_by_cached_key(|told| (place(told).unwrap_or(usize::MAX), told.finding.at));
    }
}

/// By line; what is told twice at one place is told once.
fn in_order(findings: Vec<Finding>) -> Findings {
    let mut findings: Findings = findings.into_iter().collect();
    findings.sort();
    let mut once: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        if !once.contains(&finding) {
            once.push(finding);
        }
    }
    once.into_iter().collect()
}

fn excerpt(text: &str, ends: &[usize], at: Position, places: &Places) -> Option<Excerpt> {
    let start = match at.line {
        0 => return None,
        1 => 0,
        line => ends.get(line - 2)? + 1,
    };
    let end = ends.get(at.line - 1).copied().unwrap_or(text.len());
    let line = text[start..end].trim_end_matches('\r');
    let end = start + line.len();
    let offset = line
        .char_indices()
        .nth(at.column.saturating_sub(1))
        .map_or(line.len(), |(offset, _)| offset);
    let pointed = places
        .span(at)
        .filter(|span| span.start == start + offset)
        .map_or(0..0, |span| span.start..span.end.min(end).max(span.start));
    let pointed = offset..offset + pointed.len();
    Some(masked(line, start, pointed, places))
}

/// The line with secrets replaced, and the bytes to point at moved along.
fn masked(line: &str, start: usize, pointed: Range<usize>, places: &Places) -> Excerpt {
    let mut secrets: Vec<Range<usize>> = places
        .secrets()
        .iter()
        .filter(|secret| secret.start < start + line.len() && secret.end > start)
        .map(|secret| secret.start.saturating_sub(start)..(secret.end - start).min(line.len()))
        .collect();
    secrets.extend(secret_comment(line));
    secrets.sort_by_key(|secret| secret.start);
    let mut shown = String::with_capacity(line.len());
    let (mut done, mut span) = (0, pointed.clone());
    for secret in secrets {
        if secret.start < done {
            continue;
        }
        shown.push_str(&line[done..secret.start]);
        let before = shown.len();
        shown.push_str(MASK);
        if secret.start == pointed.start {
            span = before..shown.len();
        } else if secret.end <= pointed.start {
            let (grown, gone) = (shown.len(), secret.end);
            span = pointed.start + grown - gone..pointed.end + grown - gone;
        }
        done = secret.end;
    }
    shown.push_str(&line[done..]);
    let end = span.end.min(shown.len());
    Excerpt {
        span: span.start.min(end)..end,
        line: shown,
    }
}

/// A comment that speaks of passwords may hold one.
fn secret_comment(line: &str) -> Option<Range<usize>> {
    let comment = line.find('#')?;
    let said = line[comment..].to_ascii_lowercase();
    let speaks = ["pass", "secret", "key"]
        .iter()
        .any(|word| said.contains(word));
    speaks.then_some(comment + 1..line.len())
}
