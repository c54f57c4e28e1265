use std::{error, fmt, ops::Deref, slice, vec};

use serde::Serialize;

use crate::{Finding, Severity};

/// Everything one reading found; displayed with one finding a line and no line end after the last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// No finding yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one.
    pub fn push(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    /// Whether any of them is an error, so that what was read must not be used.
    pub fn has_errors(&self) -> bool {
        self.0
            .iter()
            .any(|finding| finding.severity == Severity::Error)
    }

    /// Puts them into the order of the files' names and lines; what stands at the same place
    /// stays in the order in which it was found.
    pub fn sort(&mut self) {
        self.0.sort_by(|a, b| (&a.file, a.at).cmp(&(&b.file, b.at)));
    }
}

impl Deref for Findings {
    type Target = [Finding];

    fn deref(&self) -> &[Finding] {
        &self.0
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, finding) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str("\n")?;
            }
            finding.fmt(f)?;
        }
        Ok(())
    }
}

impl error::Error for Findings {}

impl From<Finding> for Findings {
    fn from(finding: Finding) -> Self {
        Self(vec![finding])
    }
}

impl Extend<Finding> for Findings {
    fn extend<I: IntoIterator<Item = Finding>>(&mut self, findings: I) {
        self.0.extend(findings);
    }
}

impl FromIterator<Finding> for Findings {
    fn from_iter<I: IntoIterator<Item = Finding>>(findings: I) -> Self {
        Self(Vec::from_iter(findings))
    }
}

impl IntoIterator for Findings {
    type Item = Finding;
    type IntoIter = vec::IntoIter<Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Findings {
    type Item = &'a Finding;
    type IntoIter = slice::Iter<'a, Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Position;

    fn at(file: &str, line: usize, column: usize, message: &str) -> Finding {
        Finding::error(file, Position::new(line, column), "", message)
    }

    #[test]
    fn all_of_them_are_printed_one_a_line_in_the_order_of_the_file() {
        let mut findings = Findings::new();
        findings.push(at("b", 1, 1, "last"));
        findings.push(at("a", 10, 1, "fourth"));
        findings.push(at("a", 2, 5, "second"));
        findings.push(at("a", 2, 5, "third"));
        findings.push(at("a", 2, 4, "first"));
        findings.sort();
        assert_eq!(
            findings.to_string(),
            "a:2:4: first\na:2:5: second\na:2:5: third\na:10:1: fourth\nb:1:1: last"
        );
    }

    #[test]
    fn warnings_alone_are_no_errors() {
        let mut findings = Findings::new();
        assert!(!findings.has_errors());
        let mut warning = at("a", 1, 1, "weak");
        warning.severity = Severity::Warning;
        findings.push(warning);
        assert!(!findings.has_errors());
        findings.push(at("a", 1, 1, "wrong"));
        assert!(findings.has_errors());
    }
}
