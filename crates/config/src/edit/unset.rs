//! What goes with a key.

use std::ops::Range;

use super::{
    EditError, lines,
    set::{Reached, is_flow, walk},
    splice::{self, Splice},
};
use crate::{
    Document,
    document::{Entry, Node},
};

/// The replacements that remove `path`; none if it is absent.
pub(super) fn plan(document: &Document, path: &[&str]) -> Result<Vec<Splice>, EditError> {
    let reached = walk(document, path)?;
    if !reached.missing.is_empty() {
        return Ok(Vec::new());
    }
    let text = document.text();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut splices = Vec::new();
    for (depth, (entry, parent)) in on_the_way(&reached).enumerate() {
        let above = path.len() - depth - 1;
        let holder = above.checked_sub(1).map(|above| reached.entries[above]);
        let last_of = holder.filter(|_| parent.entries().len() == 1);
        if is_flow(text, parent) {
            let outer = above.checked_sub(1).map(|above| reached.parents[above]);
            let nested = last_of.is_some() && outer.is_some_and(|outer| is_flow(text, outer));
            let gap = entry.span.start - parent.span.start - 1;
            if nested && gap == 0 {
                continue;
            }
            let mut splice = remove_from_flow(text, parent, entry);
            splice.range.start -= usize::from(nested);
            splices.push(splice);
            break;
        }
        let whole = if depth == 0 {
            entry.span.clone()
        } else {
            entry.span.start..lines::end(text, entry.span.start)
        };
        if lines::indentation(text, entry.span.start).is_none() {
            return Err(EditError::SharedLine {
                key: path[..path.len() - depth].join("."),
                line: entry.at.line,
            });
        }
        ranges.insert(0, whole);
        match last_of {
            Some(holder) if goes_along(text, holder) => {}
            Some(holder) => {
                splices.extend(unmark(text, holder));
                break;
            }
            None => break,
        }
    }
    splices.extend(splice::remove_lines(text, &ranges));
    Ok(splices)
}

/// The entry and what holds it, from the last part of the path to the first.
fn on_the_way<'d>(reached: &Reached<'d, '_>) -> impl Iterator<Item = (&'d Entry, &'d Node)> {
    let entries = reached.entries.iter().rev();
    std::iter::zip(entries.copied(), reached.parents.iter().rev().copied())
}

/// Whether a key that holds nothing any more goes with what it held: nothing else stands on its
/// line, not even the blank by which `set` marks a key that it found.
fn goes_along(text: &str, holder: &Entry) -> bool {
    text[holder.span.start..lines::end(text, holder.span.start)].ends_with(':')
}

/// Removes the blank by which `set` marks a key that it found without a value.
fn unmark(text: &str, holder: &Entry) -> Option<Splice> {
    let end = lines::end(text, holder.span.start);
    let line = &text[holder.span.start..end];
    let colon = holder.span.start + line.trim_end().len();
    let marked = line.trim_end().ends_with(':') && colon < end;
    marked.then(|| Splice::remove(colon..colon + 1))
}

/// With the comma before it, else with the one behind.
fn remove_from_flow(text: &str, parent: &Node, entry: &Entry) -> Splice {
    let own = || {
        let entries = parent.entries().iter().map(|entry| &entry.span);
        entries.filter(|span| !text[(*span).clone()].starts_with('*'))
    };
    let before = own()
        .map(|span| span.end)
        .filter(|end| *end <= entry.span.start)
        .max();
    let after = own()
        .map(|span| span.start)
        .filter(|start| *start >= entry.span.end)
        .min();
    Splice::remove(match (before, after) {
        (Some(before), _) => before..entry.span.end,
        (None, Some(after)) => entry.span.start..after,
        (None, None) => entry.span.clone(),
    })
}
