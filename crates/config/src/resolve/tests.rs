//! What each product makes of its yaml, row by row.

mod defaults;
mod findings;
mod values;

use std::path::Path;

use ringlock_finding::Severity;

use super::{Resolved, resolve};
use crate::{dialect::Dialect, document::Document};

const C30: Dialect = Dialect::Cassandra30;
const C311: Dialect = Dialect::Cassandra311;
const C40: Dialect = Dialect::Cassandra40;
const C41: Dialect = Dialect::Cassandra41;
const C50: Dialect = Dialect::Cassandra50;
const C60: Dialect = Dialect::Cassandra60;

fn read_as(dialect: Dialect, text: &str) -> Resolved {
    let document = Document::parse(text, Path::new("/etc/db/db.yaml")).unwrap();
    resolve(&document, dialect)
}

/// One line in `server_encryption_options`.
fn server(dialect: Dialect, line: &str) -> Resolved {
    read_as(dialect, &format!("server_encryption_options:\n  {line}\n"))
}

/// One line in `client_encryption_options`.
fn client(dialect: Dialect, line: &str) -> Resolved {
    read_as(dialect, &format!("client_encryption_options:\n  {line}\n"))
}

/// The codes of the findings that are errors, or worse than a note.
fn codes(resolved: &Resolved) -> Vec<&'static str> {
    let findings = resolved.findings.iter();
    findings
        .filter(|finding| finding.severity > Severity::Note)
        .map(|finding| finding.code)
        .collect()
}

fn messages(resolved: &Resolved) -> String {
    resolved.findings.to_string().replace("/etc/db/", "")
}
