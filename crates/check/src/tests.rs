//! Each rule is shown by a file that has the mistake and by one that has not.

mod encrypted;
mod mutations;
mod owners;
mod rules;
mod stores;
mod whole;

use std::path::Path;

use ringlock_config::{Dialect, Document};
use time::{OffsetDateTime, macros::datetime};

use crate::{Options, Profile, Report, accounts::Accounts, read::check_document};

const NOW: OffsetDateTime = datetime!(2026-06-01 12:00 UTC);

/// How tests check.
fn options(dialect: Option<Dialect>) -> Options {
    Options {
        dialect,
        profile: Some(Profile::Fips),
        now: NOW,
    }
}

/// What is told of one text.
#[track_caller]
fn told(dialect: Dialect, text: &str) -> Report {
    told_at(Path::new("/nowhere/conf/node.yaml"), dialect, text)
}

/// What is told of a text that lies at a path.
#[track_caller]
fn told_at(path: &Path, dialect: Dialect, text: &str) -> Report {
    let document = Document::parse(text, path).unwrap();
    let mut report = Report::default();
    let accounts = Accounts::default();
    check_document(&document, &options(Some(dialect)), &accounts, &mut report);
    report
}
