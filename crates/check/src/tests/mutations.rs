//! Whatever becomes of a file, checking it ends, and no password is shown.

use std::path::Path;

use fs_err as fs;
use proptest::{prelude::*, sample::Index};
use ringlock_config::{Dialect, Document};

use super::options;
use crate::{
    Report, accounts::Accounts, json, read::check_document, rules::reading::completed, sarif, text,
};

const SECRET: &str = "hunter2-Xk29";

/// The shipped shapes, their blocks uncommented and their passwords replaced by [`SECRET`].
fn fixtures() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/tests/fixtures");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let live = |file: &Path| {
        let text = fs::read_to_string(file).unwrap();
        text.lines().map(with_secret).collect()
    };
    files.iter().map(|file| live(file)).collect()
}

fn with_secret(line: &str) -> String {
    match line.split_once("_password:") {
        Some((before, _)) if !before.trim_start().starts_with('#') => {
            format!("{before}_password: {SECRET}\n")
        }
        _ => format!("{line}\n"),
    }
}

/// One slip of an editor.
#[derive(Clone, Debug)]
enum Slip {
    Insert(Index, char),
    Replace(Index, char),
    Delete(Index),
    DeleteLine(Index),
    DoubleLine(Index),
    Indent(Index, usize),
    Uncomment(Index),
    Cut(Index),
}

fn slip() -> impl Strategy<Value = Slip> {
    let letter = || prop_oneof![any::<char>(), proptest::sample::select(SIGNS)];
    prop_oneof![
        (any::<Index>(), letter()).prop_map(|(at, letter)| Slip::Insert(at, letter)),
        (any::<Index>(), letter()).prop_map(|(at, letter)| Slip::Replace(at, letter)),
        any::<Index>().prop_map(Slip::Delete),
        any::<Index>().prop_map(Slip::DeleteLine),
        any::<Index>().prop_map(Slip::DoubleLine),
        (any::<Index>(), 1..9_usize).prop_map(|(at, by)| Slip::Indent(at, by)),
        any::<Index>().prop_map(Slip::Uncomment),
        any::<Index>().prop_map(Slip::Cut),
    ]
}

const SIGNS: &[char] = &[
    ':', '#', '-', '[', ']', '{', '}', ',', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', '?',
    ' ', '\t', '\n', '\r', '<', '~', '\u{FEFF}', '\0',
];

impl Slip {
    /// Slips go where the encryption blocks are, which are a small part of the file.
    fn happen(&self, text: &str) -> String {
        let lines: Vec<&str> = text.lines().collect();
        let near: Vec<usize> = (0..lines.len())
            .filter(|line| is_near_a_block(&lines, *line))
            .collect();
        let line_of = |at: &Index| near[at.index(near.len())];
        let edit = |at: &Index, change: &dyn Fn(&str) -> String| {
            let place = line_of(at);
            let changed = |(number, line): (usize, &&str)| match number == place {
                true => change(line),
                false => format!("{line}\n"),
            };
            lines.iter().enumerate().map(changed).collect::<String>()
        };
        match self {
            Self::Insert(at, letter) => edit(at, &|line| spliced(line, at, 0, Some(*letter))),
            Self::Replace(at, letter) => edit(at, &|line| spliced(line, at, 1, Some(*letter))),
            Self::Delete(at) => edit(at, &|line| spliced(line, at, 1, None)),
            Self::DeleteLine(at) => edit(at, &|_| String::new()),
            Self::DoubleLine(at) => edit(at, &|line| format!("{line}\n{line}\n")),
            Self::Indent(at, by) => edit(at, &|line| format!("{}{line}\n", " ".repeat(*by))),
            Self::Uncomment(at) => edit(at, &|line| format!("{}\n", line.replacen("# ", "", 1))),
            Self::Cut(at) => lines[..line_of(at)].join("\n"),
        }
    }
}

fn is_near_a_block(lines: &[&str], line: usize) -> bool {
    const REACH: usize = 60;
    lines[line.saturating_sub(REACH)..=line]
        .iter()
        .any(|line| line.contains("_encryption_options:"))
}

/// The line with `gone` characters replaced at a place; the end of the line is one of them.
fn spliced(line: &str, at: &Index, gone: usize, letter: Option<char>) -> String {
    let mut letters: Vec<char> = line.chars().chain(['\n']).collect();
    let place = at.index(letters.len());
    letters.splice(place..place + gone, letter);
    letters.into_iter().collect()
}

fn shows_no_secret(text_of_file: &str, dialect: Dialect) -> Result<(), TestCaseError> {
    let mut report = Report::default();
    match Document::parse(text_of_file, Path::new("/nowhere/conf/node.yaml")) {
        Ok(document) => {
            let (options, accounts) = (options(Some(dialect)), Accounts::default());
            check_document(&document, &options, &accounts, &mut report);
        }
        Err(findings) => report.add_unread(findings.into_iter().map(completed)),
    }
    for form in [
        text(&report, false),
        json(&report).unwrap(),
        sarif(&report).unwrap(),
        format!("{report:?}"),
    ] {
        prop_assert!(!form.contains(SECRET), "{dialect}: {form}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_slip_in_a_file_neither_ends_the_check_nor_shows_a_password(
        file in any::<Index>(),
        slip in slip(),
        dialect in any::<Index>(),
    ) {
        let files = fixtures();
        let damaged = slip.happen(&files[file.index(files.len())]);
        shows_no_secret(&damaged, Dialect::ALL[dialect.index(Dialect::ALL.len())])?;
    }

    #[test]
    fn any_text_is_checked_to_the_end(text in any::<String>(), dialect in any::<Index>()) {
        shows_no_secret(&text, Dialect::ALL[dialect.index(Dialect::ALL.len())])?;
    }
}

#[test]
fn every_fixture_is_checked_in_every_dialect_without_a_password_shown() {
    for file in fixtures() {
        for dialect in Dialect::ALL {
            shows_no_secret(&file, dialect).unwrap();
        }
    }
}
