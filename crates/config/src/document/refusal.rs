//! What is said of a text that cannot be read.

use std::path::Path;

use ringlock_finding::{Finding, Position};
use saphyr_parser::ScanError;

/// Size, and characters that YAML forbids. The parser would take a NUL for the end of the text
/// and leave what follows unread.
pub(crate) fn unreadable(text: &str, file: &Path, max_size: usize) -> Option<Finding> {
    if text.len() > max_size {
        let message = format!("larger than {} MiB", max_size >> 20);
        return Some(Finding::error(file, Position::START, "", message).code("not-yaml"));
    }
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let forbidden = |c: char| {
        !matches!(
            c,
            '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{A0}'..='\u{FFFD}' | '\u{10000}'..
        )
    };
    let (offset, found) = text.char_indices().find(|(_, c)| forbidden(*c))?;
    let before = text[..offset].replace("\r\n", "\n").replace('\r', "\n");
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let at = Position::new(
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    );
    let message = format!(
        "the character U+{:04X} is not allowed in YAML",
        u32::from(found)
    );
    Some(Finding::error(file, at, "", message).code("not-yaml"))
}

/// The parser's error, with the usual reasons for it.
pub(crate) fn syntax(error: &ScanError, text: &str, file: &Path) -> Finding {
    let at = Position::new(error.marker().line(), error.marker().col() + 1);
    let message = format!("not valid YAML: {}", error.info());
    let finding = Finding::error(file, at, "", message).code("not-yaml");
    // A tab that continues a value is noticed only at the end of the line before it.
    let mut lines = text.lines().skip(at.line - 1).take(2).peekable();
    let line = lines.peek().copied().unwrap_or_default();
    if lines.any(indented_with_tab) {
        finding.hint("indent with blanks, not with tabs")
    } else if line.contains(": [") && line.contains("]:") {
        finding.hint("an IPv6 address with a port stands in quotes: \"[::1]:7000\"")
    } else {
        finding
    }
}

fn indented_with_tab(line: &str) -> bool {
    line[..line.len() - line.trim_start().len()].contains('\t')
}
