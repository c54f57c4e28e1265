//! From the characters the parser counts to the bytes of the text.

use ringlock_finding::Position;

/// How many characters lie between two that are remembered.
const STRIDE: usize = 64;

/// Where the characters and lines of one text begin.
#[derive(Debug)]
pub(super) struct Places<'t> {
    text: &'t str,
    /// Of the byte order mark.
    skipped: usize,
    /// The byte of every 64th character; empty where each character is one byte.
    bytes: Vec<usize>,
    /// The first byte of every line.
    lines: Vec<usize>,
}

impl<'t> Places<'t> {
    /// Of `text`, whose first `skipped` bytes the parser does not see.
    pub(super) fn new(text: &'t str, skipped: usize) -> Self {
        let seen = &text[skipped..];
        let bytes = if seen.is_ascii() {
            Vec::new()
        } else {
            let indices = seen.char_indices().step_by(STRIDE);
            indices.map(|(byte, _)| skipped + byte).collect()
        };
        let ends = seen
            .bytes()
            .enumerate()
            .filter(|(byte, found)| match found {
                b'\n' => true,
                b'\r' => seen.as_bytes().get(byte + 1) != Some(&b'\n'),
                _ => false,
            });
        let lines = std::iter::once(skipped)
            .chain(ends.map(|(byte, _)| skipped + byte + 1))
            .collect();
        Self {
            text,
            skipped,
            bytes,
            lines,
        }
    }

    /// The byte at which the character with this number begins, counted from 0.
    pub(super) fn byte(&self, index: usize) -> usize {
        if self.bytes.is_empty() {
            return self.text.len().min(self.skipped + index);
        }
        let Some(near) = self.bytes.get(index / STRIDE) else {
            return self.text.len();
        };
        self.text[*near..]
            .char_indices()
            .nth(index % STRIDE)
            .map_or(self.text.len(), |(byte, _)| near + byte)
    }

    /// The line and column of a byte.
    pub(super) fn position(&self, byte: usize) -> Position {
        let line = self.lines.partition_point(|start| *start <= byte).max(1);
        let start = self.lines[line - 1];
        let column = self.text.get(start..byte).map_or(0, |s| s.chars().count());
        Position::new(line, column + 1)
    }
}
