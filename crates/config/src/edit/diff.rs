//! What an edit changes, for people.

use std::ops::Range;

use similar::{ChangeTag, TextDiff};

use super::{is_secret, lines};
use crate::{
    Document,
    document::{Node, Value},
};

const HIDDEN: &str = "****";

/// The differences between two texts of the file `name` as a unified diff with three lines of
/// context; nothing if there are none. Values of secret keys ([`is_secret`]) are shown as `****`,
/// also where they are commented out.
pub fn unified_diff(before: &Document, after: &Document, name: &str) -> String {
    let (old, new) = (hidden(before), hidden(after));
    let diff = TextDiff::from_lines(before.text(), after.text());
    let mut out = String::new();
    for (number, group) in diff.grouped_ops(3).iter().enumerate() {
        if number == 0 {
            out.push_str(&format!("--- {name}\n+++ {name}\n"));
        }
        out.push_str(&header(group));
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (sign, line) = match change.tag() {
                ChangeTag::Equal => (' ', change.old_index().and_then(|i| old.get(i))),
                ChangeTag::Delete => ('-', change.old_index().and_then(|i| old.get(i))),
                ChangeTag::Insert => ('+', change.new_index().and_then(|i| new.get(i))),
            };
            out.push(sign);
            out.push_str(line.map_or(HIDDEN, String::as_str));
            out.push('\n');
            if change.missing_newline() {
                out.push_str("\\ No newline at end of file\n");
            }
        }
    }
    out
}

fn header(group: &[similar::DiffOp]) -> String {
    let (Some(first), Some(last)) = (group.first(), group.last()) else {
        return String::new();
    };
    let part = |from: usize, to: usize| match to - from {
        0 => format!("{from},0"),
        1 => format!("{}", from + 1),
        count => format!("{},{count}", from + 1),
    };
    format!(
        "@@ -{} +{} @@\n",
        part(first.old_range().start, last.old_range().end),
        part(first.new_range().start, last.new_range().end)
    )
}

/// Every line without its end, with secrets hidden.
fn hidden(document: &Document) -> Vec<String> {
    let text = document.text();
    let mut spans = Vec::new();
    collect(document.root(), false, &mut spans);
    spans.sort_by_key(|span| span.start);
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let end = lines::end(text, at);
        out.push(line(text, at..end, &spans));
        at = lines::next(text, at);
    }
    out
}

fn line(text: &str, bytes: Range<usize>, secrets: &[Range<usize>]) -> String {
    let whole = &text[bytes.clone()];
    if let Some(comment) = whole.trim_start().strip_prefix('#') {
        return hide_comment(whole, comment);
    }
    let mut out = String::new();
    let mut done = bytes.start;
    for span in secrets {
        let (start, end) = (span.start.max(done), span.end.min(bytes.end));
        if start < end && start < bytes.end {
            out.push_str(&text[done..start]);
            out.push_str(HIDDEN);
            done = end;
        }
    }
    out + &text[done..bytes.end]
}

fn hide_comment(whole: &str, comment: &str) -> String {
    match comment.split_once(':') {
        Some((key, value)) if is_secret(key.trim()) && !value.trim().is_empty() => {
            format!("{}: {HIDDEN}", &whole[..whole.len() - value.len() - 1])
        }
        _ => whole.to_owned(),
    }
}

fn collect(node: &Node, secret: bool, spans: &mut Vec<Range<usize>>) {
    match &node.value {
        Value::Mapping(entries) => {
            for entry in entries {
                collect(&entry.node, secret || is_secret(&entry.key), spans);
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| collect(item, secret, spans)),
        Value::Scalar { .. } if secret => spans.push(node.span.clone()),
        Value::Scalar { .. } | Value::Blank => {}
    }
}
