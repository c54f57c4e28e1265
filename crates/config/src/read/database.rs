//! `database_config`: the database's own file, from which the block and the ports are read.

use ringlock_finding::Position;

use super::{path, source::Source};
use crate::{
    DatabaseFile, DatabaseText, Dialect, Document, detect,
    section::{Given, Reader, Section},
    value::Wrong,
};

const KEY: &str = "database_config";
const DIALECT: &str = "database_dialect";

/// The file, read in its dialect.
pub(super) struct Database {
    pub(super) file: DatabaseFile,
    pub(super) source: Source,
}

/// Reads the file that `database_config` names.
pub(super) fn read(
    top: &Section<'_>,
    file: Option<DatabaseText<'_>>,
    reader: &mut Reader,
) -> Given<Database> {
    let dialect = top.get(DIALECT, dialect, reader);
    let at = match path(top, KEY, reader) {
        Given::Here(_, at) => at,
        Given::Wrong => return Given::Wrong,
        Given::Absent => {
            if let Some(at) = dialect.at() {
                let finding = reader.finding(at, DIALECT, "goes only with database_config");
                reader.report(finding.hint("name the database's file, or remove it"));
            }
            return Given::Absent;
        }
    };
    let Some(file) = file else {
        let finding = reader.finding(at, KEY, "the file that it names was not read");
        reader.report(finding.code("database-config-unread"));
        return Given::Wrong;
    };
    let document = match Document::parse(file.text, file.path) {
        Ok(document) => document,
        Err(findings) => {
            reader.report_all(findings);
            return Given::Wrong;
        }
    };
    let told = match dialect {
        Given::Here(dialect, _) => (dialect, "as database_dialect says".to_owned()),
        Given::Absent => {
            let detected = detect(&document, file.version);
            (detected.dialect, detected.because)
        }
        Given::Wrong => return Given::Wrong,
    };
    take(document, at, told, reader)
}

fn take(
    document: Document,
    at: Position,
    (dialect, because): (Dialect, String),
    reader: &mut Reader,
) -> Given<Database> {
    if dialect == Dialect::Ringlock {
        let finding = reader.finding(at, KEY, "names a file of Ringlock's own");
        reader.report(finding.expected("the yaml of a database"));
        return Given::Wrong;
    }
    let file = DatabaseFile {
        path: document.path().to_owned(),
        dialect,
        because,
    };
    let source = Source::new(document, dialect);
    Given::Here(Database { file, source }, at)
}

/// The word of a database's dialect, as `--dialect` takes it.
fn dialect(text: &str) -> Result<Dialect, Wrong> {
    let words = Dialect::WORDS
        .iter()
        .filter(|(_, dialect)| *dialect != Dialect::Ringlock);
    let mut known = words.clone();
    known
        .find(|(word, _)| *word == text)
        .map(|(_, dialect)| *dialect)
        .ok_or_else(|| {
            let words: Vec<_> = words.map(|(word, _)| *word).collect();
            Wrong::new("no dialect", format!("one of {}", words.join(", ")))
        })
}
