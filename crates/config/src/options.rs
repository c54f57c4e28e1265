//! The options of the databases that concern encryption: one table, [`OPTIONS`], that says which
//! product and version knows which key, what it takes for it, and what it goes on with where the
//! key is absent. Reading, checking, the reference and the search for misspelt keys all use it.
//!
//! Sources: `EncryptionOptions`, `Config` and `DatabaseDescriptor` of Cassandra 3.0.31, 3.11.19,
//! 4.0.19, 4.1.10, 5.0.6 and trunk; `db/config.cc` of ScyllaDB; the shipped files and the
//! documentation of DSE and HCD.

mod blocks;
mod reference;
#[cfg(test)]
mod tests;
mod top;

use crate::{
    dialect::{Dialect, Dialects},
    keys::nearest,
};

pub use reference::reference;

/// One key: what it is, and how each dialect treats it.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// The key itself.
    pub name: &'static str,
    /// The mappings it may stand in.
    pub sections: &'static [Section],
    /// What its value is.
    pub kind: Kind,
    /// Whether the value must never be shown.
    pub secret: bool,
    /// The requirements it answers to, such as `C3N-12`; empty where there is none.
    pub requirement: &'static str,
    /// What it does, as a phrase.
    pub about: &'static str,
    /// By dialect, in the order of [`Dialect::ALL`].
    support: [Support; Dialect::ALL.len()],
    /// The dialects that take a blank value for an absent key.
    blank: Dialects,
    /// Where a dialect did not know it from its first version on: the version that brought it.
    since: Option<(Dialects, &'static str)>,
}

/// A mapping of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// The whole file.
    Top,
    /// `server_encryption_options`: links between nodes.
    Server,
    /// `client_encryption_options`: links from clients.
    Client,
    /// `alternator_encryption_options`: links from clients of ScyllaDB's other interface.
    Alternator,
    /// `ssl_context_factory.parameters` of Cassandra's `PEMBasedSslContextFactory`.
    PemParameters,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// True or false.
    Flag,
    /// `internode_encryption`: which links between nodes are encrypted.
    Scope,
    /// Whether a certificate is demanded; a flag in most versions.
    ClientAuth,
    /// A TCP port.
    Port,
    /// The path of a file.
    Path,
    /// Any text.
    Text,
    /// A list of words.
    List,
    /// A time span of whole minutes.
    Span,
    /// The name of a class, or a mapping that holds it with its parameters.
    Class,
    /// `ssl_context_factory`: a class and the parameters it takes.
    Factory,
    /// A mapping with keys of this table.
    Block,
    /// A mapping that is known and not looked into.
    Opaque,
}

/// How one dialect treats one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// It does not know the key.
    No,
    /// It obeys the key, and goes on with this where it is absent.
    Taken(Default),
    /// It accepts the key, and nothing follows from it.
    Ignored,
    /// It still takes the key, which is called this today.
    Renamed(&'static str),
    /// Nobody has said for certain that it knows the key; why it is doubted.
    Doubtful(&'static str),
}

/// What a product goes on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// Nothing; what follows from that, the key's own text tells.
    Unset,
    /// The value that this text would give.
    Is(&'static str),
}

/// Every option, in the order in which they are shown.
pub static OPTIONS: &[&[OptionSpec]] = &[top::OPTIONS, blocks::OPTIONS];

/// All rows of [`OPTIONS`].
pub fn all() -> impl Iterator<Item = &'static OptionSpec> {
    OPTIONS.iter().copied().flatten()
}

/// The row for a key of a mapping.
pub fn find(section: Section, name: &str) -> Option<&'static OptionSpec> {
    all().find(|spec| spec.name == name && spec.sections.contains(&section))
}

/// The key of a mapping, known to the dialect, that a misspelt one was likely meant for.
pub fn near(section: Section, name: &str, dialect: Dialect) -> Option<&'static OptionSpec> {
    let known = all().filter(|spec| {
        spec.sections.contains(&section) && !matches!(spec.support(dialect), Support::No)
    });
    let near = nearest(name, known.map(|spec| &spec.name))?;
    find(section, near)
}

/// The block or port with TLS, known to the dialect, that a misspelt key of the top level was
/// likely meant for. Other keys there are too many to tell a mistake from a key that is no business
/// of this table.
pub fn near_at_top(name: &str, dialect: Dialect) -> Option<&'static OptionSpec> {
    let known = all().filter(|spec| {
        spec.sections.contains(&Section::Top)
            && (spec.kind == Kind::Block || spec.name.contains("ssl"))
            && !matches!(spec.support(dialect), Support::No)
    });
    let near = nearest(name, known.map(|spec| &spec.name))?;
    find(Section::Top, near)
}

/// What the dialect calls an option that it does not know under this name.
pub fn other_name(
    section: Section,
    spec: &OptionSpec,
    dialect: Dialect,
) -> Option<&'static OptionSpec> {
    let is_old_name = |other: &OptionSpec| other.support.contains(&Support::Renamed(spec.name));
    all().find(|other| {
        other.sections.contains(&section)
            && is_old_name(other)
            && matches!(other.support(dialect), Support::Taken(_))
    })
}

impl OptionSpec {
    const fn new(
        sections: &'static [Section],
        name: &'static str,
        kind: Kind,
        about: &'static str,
    ) -> Self {
        Self {
            name,
            sections,
            kind,
            secret: false,
            requirement: "",
            about,
            support: [Support::No; Dialect::ALL.len()],
            blank: Dialects::NONE,
            since: None,
        }
    }

    /// In `dialects` the key is obeyed; absent, it is as if `default` were written.
    const fn default(self, dialects: Dialects, default: &'static str) -> Self {
        self.support_in(dialects, Support::Taken(Default::Is(default)))
    }

    /// In `dialects` the key is obeyed; absent, there is no value. A blank is then a value as good
    /// as none in every product.
    const fn unset(self, dialects: Dialects) -> Self {
        self.blank(dialects)
            .support_in(dialects, Support::Taken(Default::Unset))
    }

    /// As `unset`, but a blank is refused.
    const fn unset_not_blank(self, dialects: Dialects) -> Self {
        self.support_in(dialects, Support::Taken(Default::Unset))
    }

    const fn support_in(mut self, dialects: Dialects, support: Support) -> Self {
        let mut index = 0;
        while index < Dialect::ALL.len() {
            if dialects.contains(Dialect::ALL[index]) {
                self.support[index] = support;
            }
            index += 1;
        }
        self
    }

    /// In `dialects` a blank is as good as an absent key.
    const fn blank(mut self, dialects: Dialects) -> Self {
        self.blank = self.blank.and(dialects);
        self
    }

    /// `dialects` know it only since `version`.
    const fn since(mut self, dialects: Dialects, version: &'static str) -> Self {
        self.since = Some((dialects, version));
        self
    }

    const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    const fn requirement(mut self, requirement: &'static str) -> Self {
        self.requirement = requirement;
        self
    }

    /// How a dialect treats it.
    pub const fn support(&self, dialect: Dialect) -> Support {
        self.support[dialect as usize]
    }

    /// Whether a dialect takes a blank value for an absent key.
    pub const fn takes_blank(&self, dialect: Dialect) -> bool {
        self.blank.contains(dialect)
    }

    /// The text that stands for the value of an absent key.
    pub const fn default_in(&self, dialect: Dialect) -> Option<&'static str> {
        match self.support(dialect) {
            Support::Taken(Default::Is(text)) => Some(text),
            _ => None,
        }
    }

    /// The version that brought it, if it came while the dialect was in use.
    pub fn since_in(&self, dialect: Dialect) -> Option<&'static str> {
        self.since
            .filter(|(dialects, _)| dialects.contains(dialect))
            .map(|(_, version)| version)
    }

    /// The databases that know it, by this name and for certain.
    pub fn known_to(&self) -> Dialects {
        Dialect::ALL
            .into_iter()
            .filter(|dialect| *dialect != Dialect::Ringlock)
            .filter(|dialect| !matches!(self.support(*dialect), Support::No | Support::Doubtful(_)))
            .collect()
    }
}

impl Section {
    /// The mapping that a key of the top level opens, today's name or an old one.
    pub fn named(key: &str) -> Option<Self> {
        match key {
            "server_encryption_options" | "encryption_options" => Some(Self::Server),
            "client_encryption_options" => Some(Self::Client),
            "alternator_encryption_options" => Some(Self::Alternator),
            _ => None,
        }
    }

    /// Its dotted path; empty for the whole file.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Top => "",
            Self::Server => "server_encryption_options",
            Self::Client => "client_encryption_options",
            Self::Alternator => "alternator_encryption_options",
            Self::PemParameters => "ssl_context_factory.parameters",
        }
    }

    /// The dotted path of one of its keys.
    pub fn path_of(self, key: &str) -> String {
        crate::key_path(self.path(), key)
    }
}
