//! Events of the parser into a tree.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    path::Path,
    str::Chars,
};

use ringlock_finding::{Finding, Findings, Position};
use saphyr_parser::{BufferedInput, Event, Parser, ScalarStyle, Span};

use super::{Entry, Node, Quirk, QuirkKind, Value, places::Places, refusal};
use crate::key_path;

/// How deep mappings and sequences may stand within each other.
const MAX_DEPTH: usize = 64;
/// How many keys, values and items there may be, those that aliases repeat included.
const MAX_NODES: usize = 250_000;
const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// The tree of a text and what may mislead its reader.
pub(super) fn build(text: &str, file: &Path) -> Result<(Node, Vec<Quirk>), Findings> {
    let mut builder = Builder::new(text, file);
    match builder.stream() {
        Ok(root) if builder.findings.is_empty() => {
            builder.quirks.sort_by_key(|quirk| quirk.at);
            Ok((root, builder.quirks))
        }
        Ok(_) => Err(builder.findings),
        Err(fatal) => {
            builder.findings.push(*fatal);
            builder.findings.sort();
            Err(builder.findings)
        }
    }
}

/// Boxed: it is what ends the reading.
type Fatal = Box<Finding>;
/// An event and the bytes it stands for.
type Located<'t> = (Event<'t>, Range<usize>);

struct Builder<'t> {
    parser: Parser<'t, BufferedInput<Chars<'t>>>,
    file: &'t Path,
    text: &'t str,
    places: Places<'t>,
    /// By the parser's number; none while the anchored value is still being read.
    anchors: HashMap<usize, Option<Node>>,
    quirks: Vec<Quirk>,
    findings: Findings,
    nodes: usize,
    /// Where the last event ended.
    last: usize,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str, file: &'t Path) -> Self {
        let marked = text.starts_with(BYTE_ORDER_MARK);
        let skipped = if marked {
            BYTE_ORDER_MARK.len_utf8()
        } else {
            0
        };
        let mut builder = Self {
            parser: Parser::new(BufferedInput::new(text[skipped..].chars())),
            file,
            text,
            places: Places::new(text, skipped),
            anchors: HashMap::new(),
            quirks: Vec::new(),
            findings: Findings::new(),
            nodes: 0,
            last: skipped,
        };
        if marked {
            builder.quirk(Position::START, "", QuirkKind::ByteOrderMark);
        }
        if let Some(first) = text.find('\r') {
            let at = builder.places.position(first);
            builder.quirk(at, "", QuirkKind::CarriageReturns);
        }
        builder
    }

    fn stream(&mut self) -> Result<Node, Fatal> {
        let mut root = None;
        while let Some((event, span)) = self.next()? {
            match event {
                Event::DocumentStart(_) if root.is_some() => {
                    let second = *self.fatal(span.start, "", "a second document begins here");
                    return Err(Box::new(second.hint("keep one document in the file")));
                }
                Event::Nothing
                | Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentStart(_)
                | Event::DocumentEnd => {}
                event => root = Some(self.node((event, span), "", 0)?),
            }
        }
        let end = self.text.len();
        Ok(root.unwrap_or(Node {
            at: Position::START,
            span: end..end,
            value: Value::Blank,
        }))
    }

    fn node(
        &mut self,
        (event, span): Located<'t>,
        path: &str,
        depth: usize,
    ) -> Result<Node, Fatal> {
        if depth > MAX_DEPTH {
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            return Err(self.fatal(span.start, path, message));
        }
        self.count(1, span.start, path)?;
        let from = self.last;
        self.last = from.max(span.end);
        let (anchor, tagged) = match &event {
            Event::Scalar(_, _, anchor, tag)
            | Event::SequenceStart(anchor, tag)
            | Event::MappingStart(anchor, tag) => (*anchor, tag.is_some()),
            _ => (0, false),
        };
        if tagged {
            self.property(from..span.start, '!', path, QuirkKind::Tag);
        }
        if anchor > 0 {
            self.property(from..span.start, '&', path, QuirkKind::Anchor);
            self.anchors.insert(anchor, None);
        }
        let start = span.start;
        let (span, value) = match event {
            Event::Scalar(text, style, ..) => {
                self.scalar((&text, style), (anchor > 0, tagged), from, span)
            }
            Event::SequenceStart(..) => {
                let (end, items) = self.sequence(span, path, depth)?;
                (start..end, Value::Sequence(items))
            }
            Event::MappingStart(..) => {
                let (end, entries) = self.mapping(span, path, depth)?;
                (start..end, Value::Mapping(entries))
            }
            Event::Alias(anchor) => return self.alias(anchor, span, path),
            _ => return Err(self.fatal(start, path, "not valid YAML: a value is missing")),
        };
        self.last = self.last.max(span.end);
        let at = self.places.position(span.start);
        let node = Node { at, span, value };
        if anchor > 0 {
            self.count(node.size(), start, path)?;
            self.anchors.insert(anchor, Some(node.clone()));
        }
        Ok(node)
    }

    /// The parser gives an absent value as a `~` at a place that does not hold one. It gives
    /// a block the place of its first line. `from` is where the event before ended.
    fn scalar(
        &self,
        (text, style): (&str, ScalarStyle),
        (anchored, tagged): (bool, bool),
        from: usize,
        mut span: Range<usize>,
    ) -> (Range<usize>, Value) {
        let plain = style == ScalarStyle::Plain;
        let absent = plain && (text.is_empty() || (text == "~" && self.text[span.clone()] != *"~"));
        if absent {
            let place = if anchored || tagged {
                from + self.text[from..span.start].trim_end().len()
            } else {
                span.start
            };
            return (place..place, Value::Blank);
        }
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            let start = self.text[from..span.start].find(['|', '>']);
            let start = start.map_or(span.start, |offset| from + offset);
            let end = start + self.text[start..span.end].trim_end().len();
            span = start..end;
        } else if !plain {
            span.end = quote_end(self.text, span.start);
        }
        let null = plain && !tagged && matches!(text, "~" | "null" | "Null" | "NULL");
        if null {
            return (span, Value::Blank);
        }
        let value = Value::Scalar {
            text: text.to_owned(),
            quoted: !plain,
        };
        (span, value)
    }

    fn sequence(
        &mut self,
        open: Range<usize>,
        path: &str,
        depth: usize,
    ) -> Result<(usize, Vec<Node>), Fatal> {
        let mut items: Vec<Node> = Vec::new();
        loop {
            let (event, span) = self.must_have_next(path)?;
            if event == Event::SequenceEnd {
                let last = items.last().map_or(open.end, |item| item.span.end);
                return Ok((self.end_of(open.start, last, &span), items));
            }
            let path = format!("{path}[{}]", items.len());
            let mut item = self.node((event, span), &path, depth + 1)?;
            if item.span.is_empty() {
                self.place_absent_item(&mut item);
            }
            items.push(item);
        }
    }

    fn mapping(
        &mut self,
        open: Range<usize>,
        path: &str,
        depth: usize,
    ) -> Result<(usize, Vec<Entry>), Fatal> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut places = HashMap::new();
        let mut merged = Vec::new();
        let mut last = open.end;
        loop {
            let (event, span) = self.must_have_next(path)?;
            if event == Event::MappingEnd {
                add_merged(&mut entries, merged);
                return Ok((self.end_of(open.start, last, &span), entries));
            }
            let key = self.node((event, span), path, depth + 1)?;
            let key_end = key.span.end;
            let (word, quoted) = match key.value {
                Value::Scalar { text, quoted } => (text, quoted),
                _ => {
                    self.refuse(key.at, path, "not a word, so it cannot be a key");
                    (String::new(), true)
                }
            };
            let value_path = key_path(path, &word);
            let next = self.must_have_next(&value_path)?;
            let mut node = self.node(next, &value_path, depth + 1)?;
            let colon = self.colon_after(key_end);
            self.begin_at_dash(&mut node, colon);
            if node.span.is_empty() && !self.is_property(colon..node.span.start) {
                node.span = colon..colon;
                node.at = self.places.position(colon);
            }
            last = last.max(node.span.end).max(colon);
            if word == "<<" && !quoted {
                self.quirk(key.at, &value_path, QuirkKind::MergeKey);
                self.merge(node, &value_path, &mut merged)?;
                continue;
            }
            match places.get(&word) {
                Some(first) => {
                    let kind = QuirkKind::DuplicateKey { first: *first };
                    self.quirk(key.at, &value_path, kind);
                }
                None => {
                    places.insert(word.clone(), key.at);
                }
            }
            entries.push(Entry {
                key: word,
                at: key.at,
                span: key.span.start..colon.max(node.span.end),
                node,
            });
        }
    }

    /// Collects the entries of `<<: *one` or `<<: [*one, *other]`; the first of several counts.
    fn merge(&mut self, node: Node, path: &str, merged: &mut Vec<Entry>) -> Result<(), Fatal> {
        match node.value {
            Value::Mapping(entries) => {
                merged.extend(entries.into_iter().rev());
                Ok(())
            }
            Value::Sequence(items) => items.into_iter().try_for_each(|item| match item.value {
                Value::Mapping(_) => self.merge(item, path, merged),
                _ => Err(self.not_mergeable(item.span.start, path)),
            }),
            Value::Blank | Value::Scalar { .. } => Err(self.not_mergeable(node.span.start, path)),
        }
    }

    fn alias(&mut self, anchor: usize, span: Range<usize>, path: &str) -> Result<Node, Fatal> {
        let at = self.places.position(span.start);
        self.quirk(at, path, QuirkKind::Alias);
        let Some(Some(node)) = self.anchors.get(&anchor) else {
            return Err(self.fatal(span.start, path, "an alias (*) to what it is a part of"));
        };
        let mut node = node.clone();
        self.count(node.size(), span.start, path)?;
        node.move_to(at, &span);
        Ok(node)
    }

    /// The end of a collection: of its bracket, else of what it holds.
    fn end_of(&self, start: usize, last: usize, end: &Range<usize>) -> usize {
        let opened = self.text[start..].starts_with(['[', '{']);
        if opened && self.text[end.start..].starts_with([']', '}']) {
            end.start + 1
        } else {
            last
        }
    }

    /// The byte behind the colon that follows a key; the end of the key where there is none.
    fn colon_after(&self, key_end: usize) -> usize {
        let place = next_visible(self.text, key_end);
        if self.text[place..].starts_with(':') {
            place + 1
        } else {
            key_end
        }
    }

    /// The parser gives a list that is indented no deeper than its key the place of its first
    /// item. It begins at the dash before that.
    fn begin_at_dash(&self, node: &mut Node, colon: usize) {
        if !matches!(node.value, Value::Sequence(_))
            || self.text[node.span.start..].starts_with('[')
        {
            return;
        }
        let mut place = next_visible(self.text, colon);
        while self.text[place..].starts_with(['&', '!']) {
            let end = self.text[place..].find(char::is_whitespace);
            place = next_visible(self.text, end.map_or(self.text.len(), |end| place + end));
        }
        if self.text[place..].starts_with('-') && place < node.span.start {
            node.span.start = place;
            node.at = self.places.position(place);
        }
    }

    /// Puts a list item that is absent right behind its dash.
    fn place_absent_item(&self, item: &mut Node) {
        if self.text[item.span.start..].starts_with('-') {
            let place = item.span.start + 1;
            item.span = place..place;
            item.at = self.places.position(place);
        }
    }

    /// Whether these bytes begin with an anchor or a tag.
    fn is_property(&self, bytes: Range<usize>) -> bool {
        let bytes = self.text.get(bytes).unwrap_or_default();
        bytes.trim_start().starts_with(['&', '!'])
    }

    fn property(&mut self, between: Range<usize>, sign: char, path: &str, kind: QuirkKind) {
        let start = between.start.min(between.end);
        let found = self.text[start..between.end].find(sign);
        let at = self
            .places
            .position(found.map_or(between.end, |offset| start + offset));
        self.quirk(at, path, kind);
    }

    fn count(&mut self, more: usize, byte: usize, path: &str) -> Result<(), Fatal> {
        self.nodes += more;
        if self.nodes <= MAX_NODES {
            return Ok(());
        }
        let message = format!("more than {MAX_NODES} values, those that aliases repeat included");
        Err(self.fatal(byte, path, message))
    }

    fn must_have_next(&mut self, path: &str) -> Result<Located<'t>, Fatal> {
        match self.next()? {
            Some(next) => Ok(next),
            None => Err(self.fatal(self.text.len(), path, "not valid YAML: it ends too early")),
        }
    }

    fn next(&mut self) -> Result<Option<Located<'t>>, Fatal> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok((event, span))) => Ok(Some((event, self.bytes(&span)))),
            Some(Err(error)) => Err(Box::new(refusal::syntax(&error, self.text, self.file))),
        }
    }

    fn bytes(&self, span: &Span) -> Range<usize> {
        self.places.byte(span.start.index())..self.places.byte(span.end.index())
    }

    fn quirk(&mut self, at: Position, key: &str, kind: QuirkKind) {
        self.quirks.push(Quirk {
            at,
            key: key.to_owned(),
            kind,
        });
    }

    fn not_mergeable(&self, byte: usize, path: &str) -> Fatal {
        let finding = *self.fatal(byte, path, "not keys with values, so it cannot be merged");
        Box::new(finding.expected("an alias to a mapping"))
    }

    fn fatal(&self, byte: usize, key: &str, message: impl Into<String>) -> Fatal {
        let at = self.places.position(byte);
        Box::new(Finding::error(self.file, at, key, message).code("not-yaml"))
    }

    fn refuse(&mut self, at: Position, key: &str, message: &str) {
        let finding = Finding::error(self.file, at, key, message).code("not-yaml");
        self.findings
            .push(finding.hint("put it in quotes, or remove it"));
    }
}

impl Node {
    fn size(&self) -> usize {
        1 + match &self.value {
            Value::Blank | Value::Scalar { .. } => 0,
            Value::Sequence(items) => items.iter().map(Self::size).sum(),
            Value::Mapping(entries) => entries.iter().map(|entry| 1 + entry.node.size()).sum(),
        }
    }

    /// Gives it and all it holds the place of the alias that repeats it.
    fn move_to(&mut self, at: Position, span: &Range<usize>) {
        self.at = at;
        self.span = span.clone();
        match &mut self.value {
            Value::Blank | Value::Scalar { .. } => {}
            Value::Sequence(items) => items.iter_mut().for_each(|item| item.move_to(at, span)),
            Value::Mapping(entries) => entries.iter_mut().for_each(|entry| {
                entry.at = at;
                entry.span = span.clone();
                entry.node.move_to(at, span);
            }),
        }
    }
}

/// The first byte from here on that is neither blank nor comment.
fn next_visible(text: &str, from: usize) -> usize {
    let mut rest = &text[from..];
    loop {
        rest = rest.trim_start();
        if !rest.starts_with('#') {
            return text.len() - rest.len();
        }
        rest = rest.find(['\n', '\r']).map_or("", |end| &rest[end..]);
    }
}

/// The byte behind the quote that ends what begins here; the parser counts the blanks and the
/// comment that follow it as well.
fn quote_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let quote = bytes[start];
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        let escapes = match byte {
            b'\\' => quote == b'"',
            byte if *byte == quote => {
                if quote == b'"' || bytes.get(at + 1) != Some(&quote) {
                    return at + 1;
                }
                true
            }
            _ => false,
        };
        at += if escapes { 2 } else { 1 };
    }
    text.len()
}

fn add_merged(entries: &mut Vec<Entry>, merged: Vec<Entry>) {
    let mut known: HashSet<_> = entries.iter().map(|entry| entry.key.clone()).collect();
    for entry in merged {
        if known.insert(entry.key.clone()) {
            entries.push(entry);
        }
    }
}
