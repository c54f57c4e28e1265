use std::fmt::Write as _;

use crate::{RULES, Rule};

/// A code that no rule has.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownCode {
    /// What was asked for.
    pub code: String,
    /// The most similar code, if one is similar enough to have been meant.
    pub nearest: Option<&'static str>,
}

impl std::fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no finding has the code \"{}\"", self.code)?;
        match self.nearest {
            Some(nearest) => write!(f, "; did you mean \"{nearest}\"?"),
            None => f.write_str("; docs/reference/findings.md lists them all"),
        }
    }
}

impl std::error::Error for UnknownCode {}

/// The long text about one code.
///
/// # Errors
/// No rule has it; the error names the nearest code.
pub fn explain(code: &str) -> Result<String, UnknownCode> {
    let wanted = code.to_ascii_lowercase();
    match RULES.iter().find(|rule| rule.code == wanted) {
        Some(rule) => Ok(long_text(rule)),
        None => Err(UnknownCode {
            code: code.to_owned(),
            nearest: nearest(&wanted),
        }),
    }
}

fn long_text(rule: &Rule) -> String {
    let mut text = format!("{}: {}\n", rule.code, rule.title);
    let _infallible = write!(text, "Severity: {}", word(rule.severity));
    if !rule.requirement.is_empty() {
        let _infallible = write!(text, " · requirement: {}", rule.requirement);
    }
    text.push_str("\n\n");
    text.push_str(rule.explanation);
    text
}

/// A severity as the command line spells it.
pub(crate) fn word(severity: ringlock_finding::Severity) -> &'static str {
    match severity {
        ringlock_finding::Severity::Note => "note",
        ringlock_finding::Severity::Warning => "warning",
        ringlock_finding::Severity::Error => "error",
    }
}

fn nearest(wanted: &str) -> Option<&'static str> {
    RULES
        .iter()
        .map(|rule| {
            (
                strsim::normalized_damerau_levenshtein(wanted, rule.code),
                rule.code,
            )
        })
        .filter(|(similarity, _)| *similarity >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, code)| code)
}
