//! Where a value goes.

use std::ops::Range;

use super::{
    EditError, NewValue,
    commented::{self, Search},
    lines, scalar,
    scalar::Style,
    splice::{self, Splice},
};
use crate::{
    Document,
    document::{Entry, Node, QuirkKind, Value},
};

/// How deep the keys of a block are indented in a file that shows no block.
const USUAL_STEP: usize = 2;

/// The replacements that give `path` this value; none if it has it.
pub(super) fn plan(
    document: &Document,
    path: &[&str],
    value: &NewValue,
) -> Result<Vec<Splice>, EditError> {
    let reached = walk(document, path)?;
    match reached.missing {
        [] => match reached.entry {
            Some(entry) => replace(document, path, &reached, entry, value),
            None => Ok(Vec::new()),
        },
        missing => add(document, &reached, missing, value),
    }
}

/// How far a path exists.
#[derive(Debug)]
pub(super) struct Reached<'d, 'p> {
    /// The mapping that holds `entry`; the root if there is none.
    pub(super) parents: Vec<&'d Node>,
    /// The entry of the last part that exists.
    pub(super) entry: Option<&'d Entry>,
    /// The parts that do not.
    pub(super) missing: &'p [&'p str],
    /// Every entry on the way.
    pub(super) entries: Vec<&'d Entry>,
}

impl<'d> Reached<'d, '_> {
    /// What the missing keys are to be added to.
    fn holder(&self, document: &'d Document) -> &'d Node {
        self.entry.map_or(document.root(), |entry| &entry.node)
    }

    fn in_flow(&self, text: &str) -> bool {
        self.parents.last().is_some_and(|node| is_flow(text, node))
    }
}

/// Follows a path as far as it exists.
///
/// # Errors
/// A part stands twice, is brought in by an alias, or is no mapping though parts follow.
pub(super) fn walk<'d, 'p>(
    document: &'d Document,
    path: &'p [&'p str],
) -> Result<Reached<'d, 'p>, EditError> {
    let mut reached = Reached {
        parents: Vec::new(),
        entry: None,
        missing: path,
        entries: Vec::new(),
    };
    for (depth, part) in path.iter().enumerate() {
        let node = reached.holder(document);
        let so_far = || path[..depth].join(".");
        if is_alias(document.text(), &node.span) {
            return Err(alias(document, so_far(), &node.span, node.at.line));
        }
        if let Some(found) = holds_no_keys(node, reached.in_flow(document.text())) {
            return Err(EditError::NoMapping {
                key: if depth == 0 {
                    "the file".to_owned()
                } else {
                    so_far()
                },
                line: node.at.line,
                found,
            });
        }
        let Some(entry) = node.get(part) else {
            return Ok(reached);
        };
        let key = path[..=depth].join(".");
        refuse_duplicates(node, entry, &key)?;
        if is_alias(document.text(), &entry.span) {
            return Err(alias(document, key, &entry.span, entry.at.line));
        }
        reached.parents.push(node);
        reached.entries.push(entry);
        reached.entry = Some(entry);
        reached.missing = &path[depth + 1..];
    }
    Ok(reached)
}

fn refuse_duplicates(node: &Node, entry: &Entry, key: &str) -> Result<(), EditError> {
    let same = node.entries().iter().filter(|other| other.key == entry.key);
    let lines: Vec<_> = same.map(|other| other.at.line).collect();
    if lines.len() < 2 {
        return Ok(());
    }
    Err(EditError::Duplicate {
        key: key.to_owned(),
        lines,
        counts: entry.at.line,
    })
}

fn holds_no_keys(node: &Node, in_flow: bool) -> Option<&'static str> {
    match &node.value {
        Value::Mapping(_) => None,
        Value::Blank if in_flow => Some("nothing within braces"),
        Value::Blank if node.span.is_empty() => None,
        Value::Blank => Some("null"),
        Value::Scalar { .. } => Some("a single value"),
        Value::Sequence(_) => Some("a list"),
    }
}

/// What an alias brings in has the place of the alias; nothing else begins with its sign.
fn is_alias(text: &str, span: &Range<usize>) -> bool {
    text[span.clone()].starts_with('*')
}

fn alias(document: &Document, key: String, span: &Range<usize>, line: usize) -> EditError {
    let name = document.text()[span.clone()].trim_start_matches('*');
    let anchors = document.quirks().iter().rev();
    let anchor = anchors
        .filter(|quirk| quirk.kind == QuirkKind::Anchor && quirk.at.line <= line)
        .find(|quirk| names(document.text(), quirk.at.line, name));
    EditError::Alias {
        key,
        line,
        anchor: anchor.map(|quirk| quirk.at.line),
    }
}

/// Whether this line has the anchor of that name.
fn names(text: &str, line: usize, name: &str) -> bool {
    let line = text.lines().nth(line - 1).unwrap_or_default();
    let found = line.split(&['&', ' ', ',', '{', '[', '}', ']'][..]);
    line.contains('&') && found.into_iter().any(|word| word == name)
}

fn replace(
    document: &Document,
    path: &[&str],
    reached: &Reached<'_, '_>,
    entry: &Entry,
    value: &NewValue,
) -> Result<Vec<Splice>, EditError> {
    let text = document.text();
    let node = &entry.node;
    if is_alias(text, &node.span) {
        return Err(alias(document, path.join("."), &node.span, node.at.line));
    }
    if value.is(node) {
        return Ok(Vec::new());
    }
    let written = &text[node.span.clone()];
    let new = scalar::value(value, Style::of(written), reached.in_flow(text));
    match &node.value {
        Value::Mapping(_) => Err(EditError::HoldsKeys {
            key: path.join("."),
            line: entry.at.line,
        }),
        Value::Blank if node.span.is_empty() => {
            Ok(vec![Splice::insert(node.span.start, format!(" {new}"))])
        }
        Value::Sequence(_) if !is_flow(text, node) => Ok(replace_block_list(text, entry, &new)),
        Value::Blank | Value::Scalar { .. } | Value::Sequence(_) if new.is_empty() => {
            let before = text[..node.span.start].trim_end_matches([' ', '\t']).len();
            let start = if before == lines::start(text, before) {
                node.span.start
            } else {
                before
            };
            Ok(vec![Splice::remove(start..node.span.end)])
        }
        Value::Blank | Value::Scalar { .. } | Value::Sequence(_) => {
            Ok(vec![Splice::replace(node.span.clone(), new)])
        }
    }
}

/// A list with an item a line becomes one behind the key; comments between stay.
fn replace_block_list(text: &str, entry: &Entry, new: &str) -> Vec<Splice> {
    let span = &entry.node.span;
    let mut splices = splice::remove_lines(text, std::slice::from_ref(span));
    let key_line = lines::start(text, entry.span.start)..lines::end(text, entry.span.start);
    let head = &text[entry.span.start..key_line.end];
    let colon = head
        .find(':')
        .map_or(key_line.end, |at| entry.span.start + at + 1);
    let gap = if new.is_empty() { "" } else { " " };
    splices.push(Splice::insert(colon, format!("{gap}{new}")));
    splices
}

fn add(
    document: &Document,
    reached: &Reached<'_, '_>,
    missing: &[&str],
    value: &NewValue,
) -> Result<Vec<Splice>, EditError> {
    let holder = reached.holder(document);
    if is_flow(document.text(), holder) {
        let nested = reached.in_flow(document.text());
        return Ok(add_in_flow(document.text(), holder, nested, missing, value));
    }
    match (reached.entry, &holder.value) {
        (None, _) => Ok(add_at_top(document, missing, value)),
        (Some(entry), Value::Mapping(_)) => add_to_block(document, entry, missing, value),
        (Some(entry), _) => Ok(begin_block(document, entry, missing, value)),
    }
}

/// Within a mapping that is `nested` in braces, a blank tells `unset` that empty braces were there
/// before.
fn add_in_flow(
    text: &str,
    holder: &Node,
    nested: bool,
    missing: &[&str],
    value: &NewValue,
) -> Vec<Splice> {
    let new = in_flow(missing, value);
    let own = holder.entries().iter().filter(|e| !is_alias(text, &e.span));
    let (at, before) = match own.max_by_key(|entry| entry.span.end) {
        // A comma right behind a colon would belong to the key.
        Some(last) if text[..last.span.end].ends_with(':') => (last.span.end, " , "),
        Some(last) => (last.span.end, ", "),
        None => (holder.span.start + 1, if nested { " " } else { "" }),
    };
    vec![Splice::insert(at, format!("{before}{new}"))]
}

fn in_flow(keys: &[&str], value: &NewValue) -> String {
    let value = scalar::value(value, Style::AsNeeded, true);
    let mut new = String::new();
    for key in keys {
        new.push_str(&scalar::scalar(key, Style::AsNeeded, true));
        new.push_str(": {");
    }
    new.truncate(new.len().saturating_sub(1));
    new + &value + &"}".repeat(keys.len() - 1)
}

fn add_at_top(document: &Document, missing: &[&str], value: &NewValue) -> Vec<Splice> {
    let (text, root) = (document.text(), document.root());
    let indent = match root.value {
        Value::Mapping(_) => lines::indentation(text, root.span.start).unwrap_or(""),
        _ => "",
    };
    let search = Search {
        text,
        root,
        region: lines::start(text, 0)..text.len(),
        indent: indent.len(),
        among: root,
        block: missing.len() > 1,
    };
    let found = search.find(missing[0]);
    let step = found.as_ref().and_then(|found| found.step);
    let at = found.map_or_else(|| end_of_document(document), |found| found.next);
    let new = block(
        indent,
        step.unwrap_or_else(|| usual_step(document)),
        missing,
        value,
    );
    vec![splice::insert_lines(text, at, &new)]
}

/// The end of the text, or the line that says that the document ends.
fn end_of_document(document: &Document) -> usize {
    let text = document.text();
    let mut at = document.root().span.end.min(text.len());
    if document.root().is_blank() {
        at = 0;
    }
    while at < text.len() {
        if lines::start(text, at) == at && text[at..lines::end(text, at)].trim_end() == "..." {
            return at;
        }
        at = lines::next(text, at);
    }
    text.len()
}

fn add_to_block(
    document: &Document,
    entry: &Entry,
    missing: &[&str],
    value: &NewValue,
) -> Result<Vec<Splice>, EditError> {
    let text = document.text();
    let holder = &entry.node;
    let Some(indent) = lines::indentation(text, holder.span.start) else {
        return Err(EditError::SharedLine {
            key: entry.key.clone(),
            line: holder.at.line,
        });
    };
    let end = commented::end_of_block(text, holder.span.end, indent.len());
    let search = Search {
        text,
        root: document.root(),
        region: lines::next(text, entry.span.start)..end,
        indent: indent.len(),
        among: holder,
        block: missing.len() > 1,
    };
    let found = search.find(missing[0]);
    let step = found.as_ref().and_then(|found| found.step);
    let at = found.map_or_else(|| lines::next(text, holder.span.end), |found| found.next);
    let step = step.unwrap_or_else(|| usual_step(document));
    Ok(vec![splice::insert_lines(
        text,
        at,
        &block(indent, step, missing, value),
    )])
}

/// The first keys below a key that has nothing. One blank behind its colon tells `unset` that the
/// key was there before: without it the key would go with the last one below it.
fn begin_block(
    document: &Document,
    entry: &Entry,
    missing: &[&str],
    value: &NewValue,
) -> Vec<Splice> {
    let text = document.text();
    let line_end = lines::end(text, entry.node.span.start);
    let outer = lines::indentation(text, entry.span.start).unwrap_or("");
    let step = usual_step(document);
    let indent = format!("{outer}{}", " ".repeat(step));
    let search = Search {
        text,
        root: document.root(),
        region: lines::next(text, line_end)..commented::end_of_block(text, line_end, indent.len()),
        indent: indent.len(),
        among: &entry.node,
        block: missing.len() > 1,
    };
    let at = search
        .find(missing[0])
        .map_or_else(|| lines::next(text, line_end), |found| found.next);
    let mut splices = vec![splice::insert_lines(
        text,
        at,
        &block(&indent, step, missing, value),
    )];
    let colon = entry.node.span.start;
    if text[colon..line_end].trim().is_empty() && text[..colon].ends_with(':') {
        splices.insert(0, Splice::insert(colon, " "));
    }
    splices
}

/// A line for each key, the last one with the value.
fn block(indent: &str, step: usize, keys: &[&str], value: &NewValue) -> Vec<String> {
    let value = scalar::value(value, Style::AsNeeded, false);
    let gap = if value.is_empty() { "" } else { " " };
    let last = keys.len() - 1;
    keys.iter()
        .enumerate()
        .map(|(depth, key)| {
            let key = scalar::scalar(key, Style::AsNeeded, false);
            let deeper = " ".repeat(step * depth);
            let tail = if depth == last {
                format!("{gap}{value}")
            } else {
                String::new()
            };
            format!("{indent}{deeper}{key}:{tail}")
        })
        .collect()
}

/// How much deeper the first block of the file is indented than what holds it.
fn usual_step(document: &Document) -> usize {
    let text = document.text();
    let steps = document.root().entries().iter().filter_map(|entry| {
        let outer = lines::indentation(text, entry.span.start)?.len();
        let is_block = matches!(entry.node.value, Value::Mapping(_)) && !is_flow(text, &entry.node);
        let inner = lines::indentation(text, entry.node.span.start)?.len();
        is_block.then(|| inner.checked_sub(outer)).flatten()
    });
    steps
        .into_iter()
        .find(|step| *step > 0)
        .unwrap_or(USUAL_STEP)
}

pub(super) fn is_flow(text: &str, node: &Node) -> bool {
    text[node.span.clone()].starts_with(['{', '['])
}
