use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use crate::StoreError;

/// One section, its boundaries taken off.
pub(super) struct Section<'a> {
    /// Where it begins, counted from 1.
    pub(super) line: usize,
    pub(super) label: &'a str,
    /// Whether a header says that the data is encrypted (RFC 1421 §4.6.1.1).
    pub(super) encrypted: bool,
    /// The header that says how (RFC 1421 §4.6.1.3): a cipher and its vector.
    pub(super) dek_info: Option<&'a [u8]>,
    /// Its lines: headers and base64.
    lines: &'a [u8],
}

/// Walks through the sections of a file.
pub(super) struct Sections<'a> {
    rest: &'a [u8],
    /// The line read last, counted from 1.
    line: usize,
}

impl<'a> Sections<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";
        Self {
            rest: bytes.strip_prefix(UTF8_MARK).unwrap_or(bytes),
            line: 0,
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<Section<'a>>, StoreError> {
        while let Some(text) = self.next_line() {
            let boundary = StoreError::Boundary { line: self.line };
            if text.starts_with(b"-----BEGIN") {
                let label = label(text, "-----BEGIN ").ok_or(boundary)?;
                return self.section(label).map(Some);
            }
            if text.starts_with(b"-----END") {
                return Err(boundary);
            }
        }
        Ok(None)
    }

    fn section(&mut self, begun: &'a str) -> Result<Section<'a>, StoreError> {
        let mut section = Section {
            line: self.line,
            label: begun,
            encrypted: false,
            dek_info: None,
            lines: self.rest,
        };
        loop {
            let before = self.rest.len();
            let Some(text) = self.next_line().filter(|it| !it.starts_with(b"-----BEGIN")) else {
                return Err(StoreError::NoEnd {
                    line: section.line,
                    label: begun.to_owned(),
                });
            };
            if text.starts_with(b"-----END") {
                section.lines = &section.lines[..section.lines.len() - before];
                return match label(text, "-----END ") {
                    Some(ended) if ended == begun => Ok(section),
                    _ => Err(StoreError::Boundary { line: self.line }),
                };
            }
            if is_header(text) {
                section.header(text);
            }
        }
    }

    /// The next line without the white space around it.
    fn next_line(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        let (text, rest) = match end {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None => (self.rest, &self.rest[self.rest.len()..]),
        };
        self.rest = rest;
        self.line += 1;
        Some(text.trim_ascii())
    }
}

impl<'a> Section<'a> {
    fn header(&mut self, text: &'a [u8]) {
        if let Some(value) = text.strip_prefix(b"Proc-Type:") {
            self.encrypted |= value.ends_with(b"ENCRYPTED");
        } else if let Some(value) = text.strip_prefix(b"DEK-Info:") {
            self.dek_info = Some(value.trim_ascii());
        }
    }

    pub(super) fn decode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        // Room for all at once: a key that grows would leave copies behind.
        let mut base64 = Zeroizing::new(Vec::with_capacity(self.lines.len()));
        for text in self.lines.split(|byte| *byte == b'\n') {
            let text = text.trim_ascii();
            if !is_header(text) {
                base64.extend_from_slice(text);
            }
        }
        let mut der = Zeroizing::new(vec![0; base64.len() / 4 * 3]);
        let length = Base64::decode(base64.as_slice(), &mut der)
            .map_err(|_| StoreError::Base64 {
                line: self.line,
                label: self.label.to_owned(),
            })?
            .len();
        der.truncate(length);
        Ok(der)
    }

    pub(super) fn damaged(&self, reason: String) -> StoreError {
        StoreError::Content {
            line: self.line,
            label: self.label.to_owned(),
            reason,
        }
    }
}

/// RFC 1421 §4.6: a name, a colon and a value; base64 has no colon.
fn is_header(text: &[u8]) -> bool {
    text.contains(&b':')
}

/// The label of a boundary line; printable ASCII of at most 64 characters, as it is shown.
fn label<'a>(text: &'a [u8], start: &str) -> Option<&'a str> {
    let label = text
        .strip_prefix(start.as_bytes())?
        .strip_suffix(b"-----")?;
    let label = std::str::from_utf8(label).ok()?;
    let printable = label
        .bytes()
        .all(|byte| byte == b' ' || byte.is_ascii_graphic());
    (printable && (1..=64).contains(&label.len())).then_some(label)
}
