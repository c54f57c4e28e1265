//! Bytes that take the place of others.

use std::ops::Range;

use super::lines;

/// One replacement in a text.
#[derive(Debug)]
pub(super) struct Splice {
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

impl Splice {
    pub(super) fn replace(range: Range<usize>, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { range, text }
    }

    pub(super) fn insert(at: usize, text: impl Into<String>) -> Self {
        Self::replace(at..at, text)
    }

    pub(super) fn remove(range: Range<usize>) -> Self {
        Self::replace(range, "")
    }
}

/// The text with all of them made; they do not overlap.
pub(super) fn apply(text: &str, mut splices: Vec<Splice>) -> String {
    splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for splice in &splices {
        out.push_str(&text[done..splice.range.start]);
        out.push_str(&splice.text);
        done = splice.range.end;
    }
    out.push_str(&text[done..]);
    out
}

/// Whole lines at the beginning of a line. At the end of a text that lacks its last line end the
/// new lines lack theirs.
pub(super) fn insert_lines(text: &str, at: usize, new: &[String]) -> Splice {
    let end = lines::style(text);
    let unfinished = at == text.len() && at > 0 && lines::break_before(text, at).is_empty();
    let mut out = String::new();
    for line in new {
        let parts = if unfinished { [end, line] } else { [line, end] };
        out.extend(parts);
    }
    Splice::insert(at, out)
}

/// Removes the lines that these ranges begin and end on. If the text lacked its last line end it
/// still does.
pub(super) fn remove_lines(text: &str, ranges: &[Range<usize>]) -> Vec<Splice> {
    let mut whole: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        let range = lines::start(text, range.start)..lines::next(text, range.end);
        match whole.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => whole.push(range),
        }
    }
    if let Some(last) = whole.last_mut() {
        let unfinished = lines::break_before(text, last.end).is_empty();
        if last.end == text.len() && unfinished {
            last.start -= lines::break_before(text, last.start).len();
        }
    }
    whole.into_iter().map(Splice::remove).collect()
}
