//! Values as they were read, before they are typed.

use std::{collections::BTreeMap, time::Duration};

use ringlock_model::ClientAuth;

use super::{
    place::FilePath,
    secret::Secret,
    shapes::{Factory, InternodeScope},
};
use crate::{
    Origin,
    dialect::Dialect,
    options::{OptionSpec, Section},
};

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub origin: Origin,
}

impl<T> Setting<T> {
    /// Whether it is written in the file.
    pub fn is_given(&self) -> bool {
        matches!(self.origin, Origin::File { .. })
    }

    /// The same setting with another value.
    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Setting<U> {
        Setting {
            value: change(self.value),
            origin: self.origin,
        }
    }
}

/// One value, of the kind that the table of options names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Unset,
    Flag(bool),
    Scope(InternodeScope),
    ClientAuth(ClientAuth),
    Port(u16),
    Path(FilePath),
    Text(String),
    Secret(Secret),
    List(Vec<Setting<String>>),
    Span(Duration),
    Factory(Factory),
    /// A mapping that is not looked into.
    Opaque,
}

/// All values of one file.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) dialect: Dialect,
    pub(super) values: BTreeMap<(Section, &'static str), Setting<Value>>,
}

impl Settings {
    /// Whether the file has any key of this block.
    pub(super) fn has(&self, section: Section) -> bool {
        self.values
            .iter()
            .any(|((of, _), setting)| *of == section && setting.is_given())
    }

    pub(super) fn insert(
        &mut self,
        section: Section,
        spec: &'static OptionSpec,
        setting: Setting<Value>,
    ) {
        self.values.insert((section, spec.name), setting);
    }

    /// The value of a key, by what `wanted` takes of it; none where it is unset.
    fn take<T>(
        &self,
        section: Section,
        name: &'static str,
        wanted: impl FnOnce(Value) -> Option<T>,
    ) -> Setting<Option<T>> {
        match self.values.get(&(section, name)) {
            Some(setting) => setting.clone().map(wanted),
            None => Setting {
                value: None,
                origin: Origin::Default(self.dialect),
            },
        }
    }

    pub(super) fn flag(&self, section: Section, name: &'static str) -> Setting<Option<bool>> {
        self.take(section, name, |value| match value {
            Value::Flag(flag) => Some(flag),
            _ => None,
        })
    }

    pub(super) fn port(&self, section: Section, name: &'static str) -> Setting<Option<u16>> {
        self.take(section, name, |value| match value {
            Value::Port(port) => Some(port),
            _ => None,
        })
    }

    pub(super) fn path(&self, section: Section, name: &'static str) -> Setting<Option<FilePath>> {
        self.take(section, name, |value| match value {
            Value::Path(path) => Some(path),
            _ => None,
        })
    }

    pub(super) fn text(&self, section: Section, name: &'static str) -> Setting<Option<String>> {
        self.take(section, name, |value| match value {
            Value::Text(text) => Some(text),
            _ => None,
        })
    }

    pub(super) fn secret(&self, section: Section, name: &'static str) -> Setting<Option<Secret>> {
        self.take(section, name, |value| match value {
            Value::Secret(secret) => Some(secret),
            _ => None,
        })
    }

    pub(super) fn list(
        &self,
        section: Section,
        name: &'static str,
    ) -> Setting<Option<Vec<Setting<String>>>> {
        self.take(section, name, |value| match value {
            Value::List(list) => Some(list),
            _ => None,
        })
    }

    pub(super) fn span(&self, section: Section, name: &'static str) -> Setting<Option<Duration>> {
        self.take(section, name, |value| match value {
            Value::Span(span) => Some(span),
            _ => None,
        })
    }

    pub(super) fn factory(&self, section: Section, name: &'static str) -> Setting<Option<Factory>> {
        self.take(section, name, |value| match value {
            Value::Factory(factory) => Some(factory),
            _ => None,
        })
    }

    pub(super) fn scope(&self) -> Setting<InternodeScope> {
        self.take(
            Section::Server,
            "internode_encryption",
            |value| match value {
                Value::Scope(scope) => Some(scope),
                _ => None,
            },
        )
        .map(Option::unwrap_or_default)
    }

    pub(super) fn client_auth(&self, section: Section) -> Setting<ClientAuth> {
        self.take(section, "require_client_auth", |value| match value {
            Value::ClientAuth(client_auth) => Some(client_auth),
            _ => None,
        })
        .map(Option::unwrap_or_default)
    }
}
