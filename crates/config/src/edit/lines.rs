//! Lines of a text, by bytes. A line ends with LF, CR LF or CR, or with the text.

/// The first byte of the line that `at` is on; behind a byte order mark.
pub(super) fn start(text: &str, at: usize) -> usize {
    let mark = if text.starts_with('\u{FEFF}') { 3 } else { 0 };
    text[..at]
        .rfind(['\n', '\r'])
        .map_or(mark, |end| end + 1)
        .min(at)
}

/// The byte behind the last one of the line that `at` is on, without its end.
pub(super) fn end(text: &str, at: usize) -> usize {
    text[at..]
        .find(['\n', '\r'])
        .map_or(text.len(), |end| at + end)
}

/// The first byte of the next line; the end of the text where there is none.
pub(super) fn next(text: &str, at: usize) -> usize {
    let end = end(text, at);
    end + break_at(text, end).len()
}

/// The line end that ends right before `at`.
pub(super) fn break_before(text: &str, at: usize) -> &str {
    let before = &text[..at];
    let length = match before.as_bytes() {
        [.., b'\r', b'\n'] => 2,
        [.., b'\n' | b'\r'] => 1,
        _ => 0,
    };
    &before[at - length..]
}

/// The line end that new lines get: that of the first line.
pub(super) fn style(text: &str) -> &str {
    match break_at(text, end(text, 0)) {
        "" => "\n",
        found => found,
    }
}

/// The blanks before `at` on its line; none if anything else stands there.
pub(super) fn indentation(text: &str, at: usize) -> Option<&str> {
    let before = &text[start(text, at)..at];
    before.chars().all(|c| c == ' ').then_some(before)
}

fn break_at(text: &str, at: usize) -> &str {
    let length = match &text.as_bytes()[at..] {
        [b'\r', b'\n', ..] => 2,
        [b'\n' | b'\r', ..] => 1,
        _ => 0,
    };
    &text[at..at + length]
}
