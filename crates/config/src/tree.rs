//! YAML text as a tree in which every key and value knows its place.
//!
//! The subset is what a configuration needs: mappings with plain keys, sequences, scalars. What
//! would let one place of a file speak for another (anchors, aliases, tags, a second document, a
//! key given twice) is a finding, because a reader of the file would be misled by it.

use std::{collections::HashMap, path::Path, str::Chars};

use ringlock_finding::{Finding, Findings, Position};
use saphyr_parser::{BufferedInput, Event, Parser, ScalarStyle, Span};

use crate::{document::refusal, key_path};

/// The longest text that is read, in bytes.
const MAX_SIZE: usize = 1 << 20;
/// How deep mappings and sequences may stand within each other.
const MAX_DEPTH: usize = 16;

/// A value and where it stands.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) at: Position,
    pub(crate) value: Value,
}

/// What a value is made of.
#[derive(Debug)]
pub(crate) enum Value {
    /// Absent, `~`, `null` or nothing but blanks.
    Blank,
    /// Any other scalar, without blanks at its end.
    Scalar(String),
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>),
    /// Nothing that could be read; a finding says why.
    Unusable,
}

/// A key with its value; within one mapping no key occurs twice.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) at: Position,
    pub(crate) node: Node,
}

/// Reads one document. Without a tree the findings hold the one that made it impossible.
pub(crate) fn read(text: &str, file: &Path) -> (Option<Node>, Findings) {
    if let Some(unreadable) = refusal::unreadable(text, file, MAX_SIZE) {
        return (None, unreadable.into());
    }
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut builder = Builder {
        parser: Parser::new(BufferedInput::new(text.chars())),
        file,
        text,
        findings: Findings::new(),
    };
    match builder.stream() {
        Ok(node) => (Some(node), builder.findings),
        Err(fatal) => {
            builder.findings.push(*fatal);
            (None, builder.findings)
        }
    }
}

/// Boxed: it is what ends the reading.
type Fatal = Box<Finding>;

struct Builder<'t> {
    parser: Parser<'t, BufferedInput<Chars<'t>>>,
    file: &'t Path,
    text: &'t str,
    findings: Findings,
}

impl<'t> Builder<'t> {
    fn stream(&mut self) -> Result<Node, Fatal> {
        let mut root = None;
        while let Some((event, at)) = self.next()? {
            match event {
                Event::DocumentStart(_) if root.is_some() => {
                    let second = *self.fatal(at, "", "a second document begins here");
                    return Err(Box::new(second.hint("keep one document in the file")));
                }
                Event::Nothing
                | Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentStart(_)
                | Event::DocumentEnd => {}
                event => root = Some(self.node(event, at, "", 0)?),
            }
        }
        Ok(root.unwrap_or(Node {
            at: Position::START,
            value: Value::Blank,
        }))
    }

    fn node(
        &mut self,
        event: Event<'t>,
        at: Position,
        path: &str,
        depth: usize,
    ) -> Result<Node, Fatal> {
        if depth > MAX_DEPTH {
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            return Err(self.fatal(at, path, message));
        }
        let (value, anchor, tagged) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                (scalar(&text, style), anchor, tag.is_some())
            }
            Event::SequenceStart(anchor, tag) => {
                let items = self.sequence(path, depth)?;
                (Value::Sequence(items), anchor, tag.is_some())
            }
            Event::MappingStart(anchor, tag) => {
                let entries = self.mapping(path, depth)?;
                (Value::Mapping(entries), anchor, tag.is_some())
            }
            Event::Alias(_) => {
                self.refuse(at, path, "an alias (*) is not taken", "write the value out");
                (Value::Unusable, 0, false)
            }
            _ => return Err(self.fatal(at, path, "not valid YAML: a value is missing")),
        };
        if anchor > 0 {
            self.refuse(at, path, "an anchor (&) is not taken", "remove it");
        }
        if tagged {
            self.refuse(at, path, "a tag (!) is not taken", "remove it");
        }
        Ok(Node { at, value })
    }

    fn sequence(&mut self, path: &str, depth: usize) -> Result<Vec<Node>, Fatal> {
        let mut items = Vec::new();
        loop {
            match self.must_have_next(path)? {
                (Event::SequenceEnd, _) => return Ok(items),
                (event, at) => {
                    let path = format!("{path}[{}]", items.len());
                    items.push(self.node(event, at, &path, depth + 1)?);
                }
            }
        }
    }

    fn mapping(&mut self, path: &str, depth: usize) -> Result<Vec<Entry>, Fatal> {
        let mut entries = Vec::new();
        let mut lines = HashMap::new();
        loop {
            let (event, at) = self.must_have_next(path)?;
            if event == Event::MappingEnd {
                return Ok(entries);
            }
            let key = self.node(event, at, path, depth + 1)?;
            let value_path = match &key.value {
                Value::Scalar(key) => key_path(path, key),
                _ => path.to_owned(),
            };
            let (event, value_at) = self.must_have_next(&value_path)?;
            let node = self.node(event, value_at, &value_path, depth + 1)?;
            match key.value {
                Value::Scalar(key) => match lines.insert(key.clone(), at.line) {
                    Some(first) => {
                        lines.insert(key, first);
                        let message = format!("given twice, on lines {first} and {}", at.line);
                        self.refuse(at, &value_path, &message, "keep one of them");
                    }
                    None => entries.push(Entry { key, at, node }),
                },
                Value::Unusable => {}
                _ => self.refuse(at, path, "not a word, so it cannot be a key", "remove it"),
            }
        }
    }

    fn must_have_next(&mut self, path: &str) -> Result<(Event<'t>, Position), Fatal> {
        match self.next()? {
            Some(next) => Ok(next),
            None => Err(self.fatal(Position::START, path, "not valid YAML: it ends too early")),
        }
    }

    fn next(&mut self) -> Result<Option<(Event<'t>, Position)>, Fatal> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok((event, span))) => Ok(Some((event, start(&span)))),
            Some(Err(error)) => Err(Box::new(refusal::syntax(&error, self.text, self.file))),
        }
    }

    fn fatal(&self, at: Position, key: &str, message: impl Into<String>) -> Fatal {
        Box::new(Finding::error(self.file, at, key, message))
    }

    fn refuse(&mut self, at: Position, key: &str, message: &str, hint: &str) {
        self.findings
            .push(Finding::error(self.file, at, key, message).hint(hint));
    }
}

/// The parser counts lines from 1 and columns from 0.
fn start(span: &Span) -> Position {
    Position::new(span.start.line(), span.start.col() + 1)
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    let trimmed = text.trim_end();
    let plain_null =
        style == ScalarStyle::Plain && matches!(trimmed, "~" | "null" | "Null" | "NULL");
    if trimmed.is_empty() || plain_null {
        Value::Blank
    } else {
        Value::Scalar(trimmed.to_owned())
    }
}
