//! Keys and blocks that are commented out.

use std::ops::Range;

use super::lines;
use crate::document::{Node, Value};

/// A key that is commented out, with the lines that belong to it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Commented {
    /// Where the line after it begins; the end of the text if there is none.
    pub(super) next: usize,
    /// How much deeper the keys below it are indented, if there are any.
    pub(super) step: Option<usize>,
    /// Whether what follows the colon may be a value; it may be prose otherwise.
    likely: bool,
}

/// Where one looks for a key.
#[derive(Debug)]
pub(super) struct Search<'d> {
    pub(super) text: &'d str,
    pub(super) root: &'d Node,
    /// Whole lines.
    pub(super) region: Range<usize>,
    /// The indentation that the key would have if it were not commented out.
    pub(super) indent: usize,
    /// The entries among which the key would stand; nothing can be inserted within one.
    pub(super) among: &'d Node,
    /// Whether what is meant is a block with keys of its own.
    pub(super) block: bool,
}

/// A line that is nothing but a comment.
struct Comment<'d> {
    next: usize,
    /// The column of what is commented out, from 0.
    column: usize,
    content: &'d str,
}

impl Search<'_> {
    /// The first place where `key` is commented out with what looks like a value, else the first
    /// one at all.
    pub(super) fn find(&self, key: &str) -> Option<Commented> {
        const DEEPEST: usize = 2;
        let blocks = multiline_scalars(self.root);
        let mut found: Option<Commented> = None;
        let mut at = self.region.start;
        while at < self.region.end {
            let Some(comment) = Comment::read(self.text, at) else {
                at = lines::next(self.text, at);
                continue;
            };
            let within_scalar = blocks.iter().any(|span| span.contains(&at));
            at = comment.next;
            let Some(value) = comment.value_of(key) else {
                continue;
            };
            if within_scalar || comment.column > self.indent + DEEPEST {
                continue;
            }
            let commented = self.extent(&comment, value);
            if self.block && self.indent == 0 && commented.step.is_none() {
                continue;
            }
            if self.splits_entry(commented.next) {
                continue;
            }
            if commented.likely {
                return Some(commented);
            }
            found.get_or_insert(commented);
        }
        found
    }

    /// The lines below that belong to the value: up to the closing bracket of a list, or the keys
    /// of a block.
    fn extent(&self, key: &Comment<'_>, value: &str) -> Commented {
        let mut commented = Commented {
            next: key.next,
            step: None,
            likely: is_value(value),
        };
        let mut open = balance(value);
        if value.starts_with(['[', '{']) && open > 0 {
            while let Some(line) = self.comment_at(commented.next) {
                open += balance(line.content);
                commented.next = line.next;
                if open <= 0 {
                    return commented;
                }
            }
            commented.next = key.next;
        } else if value.is_empty() {
            while let Some(line) = self.comment_at(commented.next) {
                let below = line.column > key.column && !line.content.is_empty();
                if !below {
                    break;
                }
                if commented.step.is_none() && is_key(line.content) {
                    commented.step = Some(line.column - key.column);
                }
                commented.next = line.next;
            }
        }
        commented
    }

    fn comment_at(&self, at: usize) -> Option<Comment<'_>> {
        Comment::read(self.text, at)
    }

    fn splits_entry(&self, at: usize) -> bool {
        let entries = self.among.entries().iter();
        entries
            .map(|entry| &entry.span)
            .any(|span| span.start < at && at < span.end)
    }
}

impl<'d> Comment<'d> {
    fn read(text: &'d str, at: usize) -> Option<Self> {
        let line = &text[at..lines::end(text, at)];
        let marked = line.trim_start_matches([' ', '\t']);
        let content = marked.trim_start_matches('#');
        if marked.len() == content.len() {
            return None;
        }
        let content = content.trim_start();
        Some(Self {
            next: lines::next(text, at),
            column: line.len() - content.len(),
            content: content.trim_end(),
        })
    }

    /// What follows the colon if this is `key`.
    fn value_of(&self, key: &str) -> Option<&'d str> {
        let rest = self.content.strip_prefix(key)?.trim_start();
        let value = rest.strip_prefix(':')?;
        let ends = value.is_empty() || value.starts_with([' ', '\t']);
        ends.then(|| value.split(" #").next().unwrap_or(value).trim())
    }
}

/// The comments after the last key of a block that still belong to it: those indented like it,
/// and those right below it.
pub(super) fn end_of_block(text: &str, last_key: usize, indent: usize) -> usize {
    let mut at = lines::next(text, last_key);
    let mut end = at;
    let mut apart = false;
    while at < text.len() {
        let line = &text[at..lines::end(text, at)];
        let content = line.trim_start();
        if content.is_empty() {
            apart = true;
        } else if !content.starts_with('#') || (apart && line.len() - content.len() < indent) {
            break;
        } else {
            end = lines::next(text, at);
        }
        at = lines::next(text, at);
    }
    end
}

fn multiline_scalars(root: &Node) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        match &node.value {
            Value::Blank => {}
            Value::Scalar { .. } => spans.push(node.span.clone()),
            Value::Sequence(items) => open.extend(items),
            Value::Mapping(entries) => open.extend(entries.iter().map(|entry| &entry.node)),
        }
    }
    spans
}

fn is_value(text: &str) -> bool {
    text.starts_with(['[', '{', '<', '"', '\'']) || !text.contains(' ')
}

fn is_key(content: &str) -> bool {
    content
        .split_once(':')
        .is_some_and(|(key, _)| !key.is_empty() && !key.contains(' '))
}

fn balance(text: &str) -> isize {
    let count =
        |signs: [char; 2]| isize::try_from(text.matches(signs).count()).unwrap_or(isize::MAX);
    count(['[', '{']) - count([']', '}'])
}
