use std::{
    fmt::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Serialize, Serializer};

/// One mistake: where it is, what it is, what to do about it.
///
/// Displayed as one line, whatever the file held:
/// `file:line:column: key: message (found "…", expected …); hint`, where parts that are absent are
/// left out. Secrets must be kept out of every field by whoever makes the finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of mistake it is: a stable word in kebab case, explained by
    /// `ringlock check --explain`; empty where the message is all there is.
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The file, as it was named to the reader.
    #[serde(serialize_with = "as_text")]
    pub file: PathBuf,
    /// Where in the file.
    #[serde(flatten)]
    pub at: Position,
    /// The dotted path of the key, such as `server_encryption_options.optional`; empty where the
    /// file as a whole is meant.
    pub key: String,
    /// What is wrong, without the key.
    pub message: String,
    /// What the file holds, as it is written there.
    pub found: Option<String>,
    /// What should stand there, as a phrase.
    pub expected: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// The requirements that it breaks, such as `SCY-14`; empty where there is none.
    pub requirement: &'static str,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Works, but should not stay so.
    Warning,
    /// Cannot be obeyed.
    Error,
}

/// A place in a text file; both numbers count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Finding {
    /// A finding of [`Severity::Error`] that says nothing yet of what was found or expected.
    pub fn error(
        file: impl Into<PathBuf>,
        at: Position,
        key: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code: "",
            severity: Severity::Error,
            file: file.into(),
            at,
            key: key.into(),
            message: message.into(),
            found: None,
            expected: None,
            hint: None,
            requirement: "",
        }
    }

    /// The same finding with the kind of mistake.
    #[must_use]
    pub fn code(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }

    /// The same finding, which matters more or less than an error.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The same finding with the requirements that it breaks.
    #[must_use]
    pub fn requirement(mut self, requirement: &'static str) -> Self {
        self.requirement = requirement;
        self
    }

    /// The same finding with what the file holds.
    #[must_use]
    pub fn found(mut self, found: impl Into<String>) -> Self {
        self.found = Some(found.into());
        self
    }

    /// The same finding with what should stand there.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// The same finding with what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn write(&self, f: &mut impl Write) -> fmt::Result {
        write!(f, "{}:{}: ", self.file.display(), self.at)?;
        match self.severity {
            Severity::Note => f.write_str("note: ")?,
            Severity::Warning => f.write_str("warning: ")?,
            Severity::Error => {}
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)?;
        match (&self.found, &self.expected) {
            (Some(found), Some(expected)) => {
                write!(f, " (found \"{found}\", expected {expected})")?;
            }
            (Some(found), None) => write!(f, " (found \"{found}\")")?,
            (None, Some(expected)) => write!(f, " (expected {expected})")?,
            (None, None) => {}
        }
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(&mut OneLine(f))
    }
}

impl Position {
    /// Where a file begins; the place of what is missing from the whole of it.
    pub const START: Self = Self::new(1, 1);

    /// A place by its numbers, both counted from 1.
    pub const fn new(line: usize, column: usize) -> Self {
        Self { line, column }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Writes control characters as escapes: what a file holds must neither start a line of its own
/// in a log nor drive the operator's terminal.
struct OneLine<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl Write for OneLine<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(must_escape) {
            match part.chars().next_back().filter(|last| must_escape(*last)) {
                Some(last) => {
                    self.0.write_str(&part[..part.len() - last.len_utf8()])?;
                    write!(self.0, "{}", last.escape_default())?;
                }
                None => self.0.write_str(part)?,
            }
        }
        Ok(())
    }
}

/// Control characters, and the invisible ones that break lines or turn the writing direction.
fn must_escape(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}'
        )
}

fn as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port() -> Finding {
        Finding::error(
            "etc/ringlock.yaml",
            Position::new(4, 17),
            "ringlock.inbound_port",
            "not a port",
        )
    }

    #[test]
    fn a_finding_with_every_part_is_one_sober_line() {
        let finding = port()
            .found("70000")
            .expected("a number from 1 to 65535")
            .hint("leave it out for 17000");
        assert_eq!(
            finding.to_string(),
            "etc/ringlock.yaml:4:17: ringlock.inbound_port: not a port \
             (found \"70000\", expected a number from 1 to 65535); leave it out for 17000"
        );
    }

    #[test]
    fn parts_that_are_absent_leave_no_trace() {
        assert_eq!(
            port().to_string(),
            "etc/ringlock.yaml:4:17: ringlock.inbound_port: not a port"
        );
        assert_eq!(
            Finding::error("a", Position::START, "", "larger than 1 MiB").to_string(),
            "a:1:1: larger than 1 MiB"
        );
        assert!(
            port()
                .found("x")
                .to_string()
                .ends_with("not a port (found \"x\")")
        );
        assert!(
            port()
                .expected("y")
                .to_string()
                .ends_with("not a port (expected y)")
        );
    }

    #[test]
    fn a_warning_says_that_it_is_one() {
        let mut finding = port();
        finding.severity = Severity::Warning;
        assert_eq!(
            finding.to_string(),
            "etc/ringlock.yaml:4:17: warning: ringlock.inbound_port: not a port"
        );
    }

    #[test]
    fn line_ends_and_terminal_escapes_of_the_file_do_not_reach_the_log() {
        let finding = port().found("a\nb\u{1b}[2J\u{2028}\u{202e}é");
        assert!(
            finding
                .to_string()
                .ends_with(r#"(found "a\nb\u{1b}[2J\u{2028}\u{202e}é")"#),
            "{finding}"
        );
    }

    #[test]
    fn json_holds_every_part_under_its_own_name() {
        let json = serde_json::to_value(
            port()
                .found("70000")
                .code("not-a-port")
                .requirement("C3C-20"),
        )
        .unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "code": "not-a-port",
                "severity": "error",
                "file": "etc/ringlock.yaml",
                "line": 4,
                "column": 17,
                "key": "ringlock.inbound_port",
                "message": "not a port",
                "found": "70000",
                "expected": null,
                "hint": null,
                "requirement": "C3C-20",
            })
        );
    }
}
