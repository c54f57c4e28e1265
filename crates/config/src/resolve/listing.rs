//! Every option with its value and origin, for people and as JSON.

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::setting::{Setting, Settings, Value};
use crate::{
    Origin,
    options::{self, Kind, Section, Support},
    value::spelled,
};

/// One option in force; displayed as `key = value  # origin`, as JSON
/// `{"key", "value", "path", "origin", "line", "column"}`, where `path` is the file that a path
/// means and the last two are null for a default. A secret is `****` in both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    key: String,
    setting: Setting<Value>,
}

impl Line {
    /// An option whose value is text.
    pub(crate) fn text(key: &str, value: impl fmt::Display, origin: Origin) -> Self {
        Self::new(key, Value::Text(value.to_string()), origin)
    }

    /// An option whose value is a port.
    pub(crate) fn port(key: &str, port: u16, origin: Origin) -> Self {
        Self::new(key, Value::Port(port), origin)
    }

    /// An option whose value is true or false.
    pub(crate) fn flag(key: &str, flag: bool, origin: Origin) -> Self {
        Self::new(key, Value::Flag(flag), origin)
    }

    fn new(key: &str, value: Value, origin: Origin) -> Self {
        Self {
            key: key.to_owned(),
            setting: Setting { value, origin },
        }
    }

    /// The dotted path of the key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The value as it is displayed; `unset` where there is none.
    pub fn value(&self) -> String {
        self.setting.value.to_string()
    }

    /// Where it comes from.
    pub fn origin(&self) -> &Origin {
        &self.setting.origin
    }
}

/// The options that the dialect obeys, and what the file gives for those that it ignores.
pub(super) fn lines(settings: &Settings) -> Vec<Line> {
    let mut lines = Vec::new();
    for section in [
        Section::Top,
        Section::Server,
        Section::Client,
        Section::Alternator,
    ] {
        if section == Section::Alternator && !settings.has(section) {
            continue;
        }
        for spec in options::all().filter(|spec| spec.sections.contains(&section)) {
            let Some(setting) = settings.values.get(&(section, spec.name)) else {
                continue;
            };
            if spec.kind == Kind::Block || !shown(spec.support(settings.dialect), setting) {
                continue;
            }
            lines.push(Line {
                key: section.path_of(spec.name),
                setting: setting.clone(),
            });
            lines.extend(parameters(section, setting));
        }
    }
    lines
}

fn shown(support: Support, setting: &Setting<Value>) -> bool {
    match support {
        Support::Taken(_) => true,
        Support::Ignored | Support::Doubtful(_) => setting.is_given(),
        Support::No | Support::Renamed(_) => false,
    }
}

fn parameters(section: Section, setting: &Setting<Value>) -> impl Iterator<Item = Line> + use<> {
    let factory = match &setting.value {
        Value::Factory(factory) => Some(factory.clone()),
        _ => None,
    };
    let path = section.path_of(Section::PemParameters.path());
    factory
        .into_iter()
        .flat_map(|factory| factory.parameters)
        .map(move |parameter| Line {
            key: crate::key_path(&path, &parameter.name),
            setting: parameter.value.map(Value::Secret),
        })
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, setting } = self;
        write!(f, "{key} = {}", setting.value)?;
        if let Value::Path(path) = &setting.value
            && path.path.to_string_lossy() != path.text
        {
            write!(f, " ({})", path.path.display())?;
        }
        write!(f, "  # {}", setting.origin)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => f.write_str("unset"),
            Self::Flag(flag) => flag.fmt(f),
            Self::Scope(scope) => scope.fmt(f),
            Self::ClientAuth(client_auth) => client_auth.fmt(f),
            Self::Port(port) => port.fmt(f),
            Self::Path(path) => f.write_str(&path.text),
            Self::Text(text) if text.contains(char::is_control) => write!(f, "{text:?}"),
            Self::Text(text) => f.write_str(text),
            Self::Secret(secret) => secret.fmt(f),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(|item| item.value.as_str()).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Self::Span(span) => f.write_str(&spelled(milliseconds(*span))),
            Self::Factory(factory) => f.write_str(&factory.class_name),
            Self::Opaque => f.write_str("given, not looked into"),
        }
    }
}

fn milliseconds(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { key, setting } = self;
        let path = match &setting.value {
            Value::Path(path) => Some(path.path.to_string_lossy()),
            _ => None,
        };
        let place = match &setting.origin {
            Origin::File { line, column, .. } => Some((line, column)),
            Origin::Default(_) => None,
        };
        let mut line = serializer.serialize_struct("Line", 6)?;
        line.serialize_field("key", key)?;
        line.serialize_field("value", &setting.value)?;
        line.serialize_field("path", &path)?;
        line.serialize_field("origin", &setting.origin.to_string())?;
        line.serialize_field("line", &place.map(|(line, _)| line))?;
        line.serialize_field("column", &place.map(|(_, column)| column))?;
        line.end()
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unset | Self::Opaque => serializer.serialize_none(),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Port(port) => serializer.serialize_u16(*port),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items.iter().map(|item| &item.value)),
            other => serializer.collect_str(other),
        }
    }
}
