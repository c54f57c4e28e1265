//! Java's properties (`java.util.Properties.load(InputStream)`), with the line of each entry.
//!
//! Bytes are ISO 8859-1, so a name in UTF-8 comes out as Cassandra itself reads it.

use std::path::Path;

use ringlock_finding::{Finding, Findings, Position};

/// One key with its value, unescaped.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Property {
    pub(crate) key: String,
    pub(crate) value: String,
    /// The natural line that it begins on, from 1.
    pub(crate) line: usize,
}

impl Property {
    pub(crate) fn at(&self) -> Position {
        Position::new(self.line, 1)
    }
}

/// Every entry, in the order of the file; of a key that is given twice, both.
pub(crate) fn read(bytes: &[u8], path: &Path) -> Result<Vec<Property>, Findings> {
    let mut properties = Vec::new();
    let mut findings = Findings::new();
    for (line, text) in logical_lines(bytes) {
        let (key, value) = split(&text);
        match (unescape(key), unescape(value)) {
            (Some(key), Some(value)) => properties.push(Property { key, value, line }),
            _ => {
                let at = Position::new(line, 1);
                let finding = Finding::error(path, at, "", "a broken \\u escape");
                findings.push(finding.expected("\\u with four hexadecimal digits"));
            }
        }
    }
    if findings.is_empty() {
        Ok(properties)
    } else {
        Err(findings)
    }
}

/// Lines that hold an entry, joined where they end in a backslash, with the number of the first.
fn logical_lines(bytes: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let mut lines = Vec::new();
    let mut open: Option<(usize, Vec<u8>)> = None;
    for (number, natural) in (1..).zip(natural_lines(bytes)) {
        let text = natural.trim_ascii_start();
        // A continuation may be blank or begin with #; an entry may not.
        let is_none = text.is_empty() || matches!(text.first(), Some(b'#' | b'!'));
        let (first, mut joined) = match open.take() {
            Some(open) => open,
            None if is_none => continue,
            None => (number, Vec::new()),
        };
        let backslashes = text.iter().rev().take_while(|byte| **byte == b'\\').count();
        if backslashes % 2 == 1 {
            joined.extend_from_slice(&text[..text.len() - 1]);
            open = Some((first, joined));
        } else {
            joined.extend_from_slice(text);
            lines.push((first, joined));
        }
    }
    lines.extend(open.filter(|(_, text)| !text.is_empty()));
    lines
}

/// Ended by `\n`, `\r` or both.
fn natural_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
            rest = None;
            return Some(text);
        };
        let after = if text[end..].starts_with(b"\r\n") {
            2
        } else {
            1
        };
        rest = Some(&text[end + after..]);
        Some(&text[..end])
    })
}

/// The key ends at the first `=`, `:` or blank that is not escaped; one `=` or `:` among the
/// blanks behind it belongs to neither side.
fn split(line: &[u8]) -> (&[u8], &[u8]) {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\x0c');
    let mut escaped = false;
    let end = line.iter().position(|byte| {
        let ends = !escaped && (is_blank(byte) || matches!(byte, b'=' | b':'));
        escaped = !escaped && *byte == b'\\';
        ends
    });
    let (key, rest) = line.split_at(end.unwrap_or(line.len()));
    let blanks = |text: &[u8]| text.iter().take_while(|byte| is_blank(byte)).count();
    let rest = &rest[blanks(rest)..];
    let rest = match rest.first() {
        Some(b'=' | b':') => &rest[1..],
        _ => rest,
    };
    (key, &rest[blanks(rest)..])
}

/// None if a `\u` is not followed by four hexadecimal digits, which Java refuses.
fn unescape(text: &[u8]) -> Option<String> {
    let mut units = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            units.push(u16::from(byte));
            continue;
        }
        match bytes.next() {
            Some(b't') => units.push(0x09),
            Some(b'n') => units.push(0x0a),
            Some(b'r') => units.push(0x0d),
            Some(b'f') => units.push(0x0c),
            Some(b'u') => {
                let mut unit = 0;
                for _ in 0..4 {
                    let digit = char::from(bytes.next()?).to_digit(16)?;
                    unit = unit << 4 | u16::try_from(digit).ok()?;
                }
                units.push(unit);
            }
            Some(other) => units.push(u16::from(other)),
            None => {}
        }
    }
    // A surrogate without its other half has no meaning in a name either.
    Some(String::from_utf16_lossy(&units))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entries(text: &str) -> Vec<(String, String, usize)> {
        let properties = read(text.as_bytes(), Path::new("f")).unwrap();
        let entry = |property: Property| (property.key, property.value, property.line);
        properties.into_iter().map(entry).collect()
    }

    fn entry(key: &str, value: &str, line: usize) -> (String, String, usize) {
        (key.into(), value.into(), line)
    }

    #[test]
    fn every_separator_of_java_ends_the_key() {
        for text in ["a=b", "a:b", "a b", "  a = b", "a\t:\tb", "a\\\n  = b"] {
            assert_eq!(entries(text), [entry("a", "b", 1)], "{text:?}");
        }
        assert_eq!(entries("a"), [entry("a", "", 1)]);
        assert_eq!(entries("a==b"), [entry("a", "=b", 1)]);
        assert_eq!(entries("a=b "), [entry("a", "b ", 1)]);
    }

    #[test]
    fn comments_and_blank_lines_are_passed_over_and_counted() {
        let text = "# one\r\n! two\r\n\r\n  # four\ra=b\nc=d # no comment";
        assert_eq!(
            entries(text),
            [entry("a", "b", 5), entry("c", "d # no comment", 6)]
        );
    }

    #[test]
    fn a_line_goes_on_after_an_odd_number_of_backslashes() {
        assert_eq!(
            entries("a=b\\\n   c\nd=e"),
            [entry("a", "bc", 1), entry("d", "e", 3)]
        );
        assert_eq!(
            entries("a=b\\\\\nd=e"),
            [entry("a", "b\\", 1), entry("d", "e", 2)]
        );
        assert_eq!(entries("a=b\\\n#c"), [entry("a", "b#c", 1)]);
        assert_eq!(entries("a=b\\"), [entry("a", "b", 1)]);
    }

    #[test]
    fn escapes_are_those_of_java() {
        assert_eq!(entries("fd00\\:\\:1=x"), [entry("fd00::1", "x", 1)]);
        assert_eq!(entries("\\u0061\\=\\q=\\t"), [entry("a=q", "\t", 1)]);
        let error = read(b"a=b\nc=\\u00g0", Path::new("f")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "f:2:1: a broken \\u escape (expected \\u with four hexadecimal digits)"
        );
    }

    #[test]
    fn bytes_are_latin_1() {
        let properties = read(b"dc=r\xe4ck", Path::new("f")).unwrap();
        assert_eq!(properties[0].value, "räck");
    }

    /// As `java.util.Properties.store` writes a text.
    fn written(text: &str) -> String {
        let mut out = String::new();
        for unit in text.encode_utf16() {
            match u8::try_from(unit).map(char::from) {
                Ok(letter) if letter.is_ascii_alphanumeric() => out.push(letter),
                Ok(letter) if letter.is_ascii_graphic() => out.extend(['\\', letter]),
                _ => out.push_str(&format!("\\u{unit:04x}")),
            }
        }
        out
    }

    proptest! {
        #[test]
        fn whatever_is_written_reads_back(entries in prop::collection::vec((".+", ".*"), 0..8)) {
            let line = |(key, value): &(String, String)| {
                format!("{} = {}\n", written(key), written(value))
            };
            let text: String = entries.iter().map(line).collect();
            let read = read(text.as_bytes(), Path::new("f")).unwrap();
            let read: Vec<_> = read.into_iter().map(|read| (read.key, read.value)).collect();
            prop_assert_eq!(read, entries);
        }

        #[test]
        fn arbitrary_bytes_end_in_entries_or_in_findings(
            bytes in prop::collection::vec(any::<u8>(), 0..200)
        ) {
            let lines = natural_lines(&bytes).count();
            if let Ok(properties) = read(&bytes, Path::new("f")) {
                for property in properties {
                    prop_assert!((1..=lines).contains(&property.line));
                }
            }
        }
    }
}
