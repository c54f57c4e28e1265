//! One value, by the kind that the table names.

use ringlock_finding::Severity;

use super::Reader;
use crate::{
    dialect::{Dialect, Dialects, Product},
    document::{Entry, Node, Value as Written},
    options::{Kind, OptionSpec, Section},
    resolve::{
        place::FilePath,
        scalar::{self, Unfit},
        secret::Secret,
        setting::{Setting, Value},
    },
    value::Wrong,
};

type Reading = Result<Value, Unfit<Value>>;

/// The value that the text of a default stands for; none if it stands for none.
pub(super) fn default(reader: &Reader<'_>, spec: &OptionSpec, text: &str) -> Option<Value> {
    let dialect = reader.dialect;
    let value = match spec.kind {
        Kind::Path => Value::Path(path(reader, text, true)),
        Kind::Factory => Value::Factory(super::factory::bare(text)),
        _ => of_text(reader, Section::Top, spec, text, dialect).ok()?,
    };
    Some(value)
}

/// The value of an entry that is not blank.
pub(super) fn read(
    reader: &mut Reader<'_>,
    section: Section,
    spec: &OptionSpec,
    entry: &Entry,
    at: &str,
) -> Reading {
    let dialect = reader.dialect;
    match (spec.kind, &entry.node.value) {
        (Kind::Factory, _) => reader.factory(&entry.node, at),
        (Kind::Class, _) => class(&entry.node, dialect),
        (Kind::List, Written::Sequence(items)) => list(reader, items, dialect),
        (Kind::List, _) => Err(Wrong::new("not a list", "a list such as [A, B]").into()),
        (Kind::Opaque, _) => Ok(Value::Opaque),
        (_, Written::Scalar { text, .. }) => of_text(reader, section, spec, text, dialect),
        (_, Written::Sequence(_)) => Err(Wrong::new("a list", "one value").into()),
        (_, Written::Mapping(_) | Written::Blank) => {
            Err(Wrong::new("a mapping", "one value").into())
        }
    }
}

/// What is taken as it stands, and should not be left so.
pub(super) fn remark(reader: &mut Reader<'_>, spec: &OptionSpec, entry: &Entry, at: &str) {
    let Some(text) = entry.node.scalar() else {
        return;
    };
    let dse = reader.dialect.product() == Product::Dse;
    if dse && spec.name == "protocol" && text.eq_ignore_ascii_case("ssl") {
        let finding = reader
            .finding(entry.node.at, at, "old-spelling", "the old word for TLS")
            .severity(Severity::Warning)
            .found(text)
            .expected("TLS")
            .requirement("B-43");
        reader.findings.push(finding);
    }
    let kept = reader.dialect != Dialect::Ringlock && !spec.secret && text.trim_end() != text;
    if kept && matches!(spec.kind, Kind::Path | Kind::Text) {
        let message = format!(
            "{} takes the blank at its end as part of it",
            reader.dialect
        );
        let finding = reader
            .finding(entry.node.at, at, "trailing-blank", &message)
            .severity(Severity::Warning)
            .found(text)
            .hint("remove the blank")
            .requirement("C3C-15");
        reader.findings.push(finding);
    }
}

fn of_text(
    reader: &Reader<'_>,
    section: Section,
    spec: &OptionSpec,
    text: &str,
    dialect: Dialect,
) -> Reading {
    let text = if dialect == Dialect::Ringlock && !spec.secret {
        text.trim_end()
    } else {
        text
    };
    match spec.kind {
        Kind::Flag => changed(
            scalar::flag(text, dialect, section != Section::Top),
            Value::Flag,
        ),
        Kind::Scope => changed(scalar::scope(text, dialect), Value::Scope),
        Kind::ClientAuth => changed(scalar::client_auth(text, dialect), Value::ClientAuth),
        Kind::Port => Ok(Value::Port(scalar::port(text, dialect)?)),
        Kind::Span => Ok(Value::Span(scalar::span(text)?)),
        Kind::Path => Ok(Value::Path(path(reader, text, false))),
        Kind::Text if spec.secret => Ok(Value::Secret(Secret::new(text))),
        Kind::Text | Kind::Class => Ok(Value::Text(text.to_owned())),
        Kind::List | Kind::Factory | Kind::Block | Kind::Opaque => Ok(Value::Opaque),
    }
}

fn changed<T>(reading: Result<T, Unfit<T>>, make: impl Fn(T) -> Value) -> Reading {
    reading.map(&make).map_err(|unfit| Unfit {
        wrong: unfit.wrong,
        instead: unfit.instead.map(make),
    })
}

fn path(reader: &Reader<'_>, text: &str, is_default: bool) -> FilePath {
    FilePath::resolve(text, reader.dialect, reader.base, &reader.file, is_default)
}

/// A list of words. An empty one means none in Cassandra 3 and in DSE, and from 4.0 on the same as
/// no list.
fn list(reader: &Reader<'_>, items: &[Node], dialect: Dialect) -> Reading {
    const NONE_IS_DEFAULT: Dialects = Dialects::C40_ON.and(Dialects::HCD).and(Dialects::RINGLOCK);
    let mut words = Vec::with_capacity(items.len());
    for item in items {
        let Some(text) = item.scalar() else {
            return Err(Wrong::new("an item is not a word", "a list such as [A, B]").into());
        };
        words.push(Setting {
            value: text.to_owned(),
            origin: reader.origin(item.at),
        });
    }
    if words.is_empty() && NONE_IS_DEFAULT.contains(dialect) {
        return Ok(Value::Unset);
    }
    Ok(Value::List(words))
}

/// The name of a class, alone or with parameters, which Cassandra 5.0 and later take as a mapping
/// or as a list of one mapping.
fn class(node: &Node, dialect: Dialect) -> Reading {
    const TAKES_PARAMETERS: Dialects = Dialects::C50_ON.and(Dialects::RINGLOCK);
    let expected = || Wrong::new("not the name of a class", "the name of a class");
    let name = match &node.value {
        Written::Scalar { text, .. } => Some(text.as_str()),
        _ if !TAKES_PARAMETERS.contains(dialect) => None,
        Written::Sequence(items) => items.first().and_then(class_name),
        Written::Mapping(_) | Written::Blank => class_name(node),
    };
    Ok(Value::Text(name.ok_or_else(expected)?.to_owned()))
}

fn class_name(node: &Node) -> Option<&str> {
    node.get("class_name")?.node.scalar()
}
