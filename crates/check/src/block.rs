//! One of the blocks about encryption: what the product makes of it, and where it stands.

use ringlock_config::{
    Dialect, Document, Origin,
    dialect::Dialects,
    document::Entry,
    options::{self, Section, Support},
    resolve::{Factory, FilePath, Setting, TlsOptions},
};
use ringlock_finding::Position;

/// A block such as `server_encryption_options`; it may be absent from the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block<'d> {
    /// Its name in the file, today's or an old one.
    pub(crate) name: &'static str,
    /// What the product goes by.
    pub(crate) tls: &'d TlsOptions,
    /// Whether anything is encrypted by it.
    pub(crate) in_use: bool,
    document: &'d Document,
    takes_dotted: bool,
}

impl<'d> Block<'d> {
    /// The block of a section, which is read as `tls`.
    pub(crate) fn of(
        document: &'d Document,
        dialect: Dialect,
        section: Section,
        tls: &'d TlsOptions,
        in_use: bool,
    ) -> Self {
        Self {
            name: name(document, dialect, section),
            tls,
            in_use,
            document,
            takes_dotted: Dialects::C41_ON.contains(dialect),
        }
    }

    /// Its keys as they are written, each under its name in the block: those of the block itself,
    /// and dotted ones of the top level where the version takes such.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'d str, &'d Entry)> + use<'d> {
        let root = self.document.root();
        let (name, takes_dotted) = (self.name, self.takes_dotted);
        let own = root.get(name).map_or(&[][..], |block| block.node.entries());
        let own = own.iter().map(|entry| (entry.key.as_str(), entry));
        let dotted = root.entries().iter().filter(move |_| takes_dotted);
        own.chain(dotted.filter_map(move |entry| {
            let below = entry.key.strip_prefix(name)?.strip_prefix('.')?;
            (!below.contains('.')).then_some((below, entry))
        }))
    }

    /// The entry of a key that has a value; the last counts.
    pub(crate) fn entry(&self, key: &str) -> Option<&'d Entry> {
        self.entries()
            .filter(|(name, _)| *name == key)
            .map(|(_, entry)| entry)
            .max_by_key(|entry| entry.at)
            .filter(|entry| !entry.node.is_blank())
    }

    /// The single value of a key as it is written.
    pub(crate) fn written(&self, key: &str) -> Option<&'d str> {
        self.entry(key)?.node.scalar()
    }

    /// Where to point for a key: its value, or the block where it should stand.
    pub(crate) fn place(&self, key: &str) -> Position {
        self.entry(key)
            .map_or_else(|| self.start(), |entry| entry.node.at)
    }

    /// Where to point for a setting of this block: its value, or the block for a default.
    pub(crate) fn at<T>(&self, setting: &Setting<T>) -> Position {
        let Origin::File { line, column, .. } = setting.origin else {
            return self.start();
        };
        value_at(
            self.entries().map(|(_, entry)| entry),
            Position::new(line, column),
        )
    }

    /// Where the block begins; the start of the file where it is absent.
    fn start(&self) -> Position {
        let root = self.document.root();
        let first = || self.entries().map(|(_, entry)| entry.at).min();
        root.get(self.name)
            .map(|block| block.at)
            .or_else(first)
            .unwrap_or(Position::START)
    }

    /// The dotted path of a key.
    pub(crate) fn path(&self, key: &str) -> String {
        format!("{}.{key}", self.name)
    }

    /// Whether Cassandra's own factories make the TLS contexts, so that stores are what options
    /// name.
    pub(crate) fn has_own_factory(&self) -> bool {
        self.tls
            .ssl_context_factory
            .value
            .as_ref()
            .is_none_or(|factory| {
                factory.is_pem() || factory.class_name.ends_with("DefaultSslContextFactory")
            })
    }

    /// The type by which Java opens the store of a key: `keystore`, `truststore`.
    pub(crate) fn store_kind(&self, key: &str) -> &'d str {
        let own = match key {
            "truststore" => &self.tls.truststore_type,
            _ => &self.tls.keystore_type,
        };
        let kind = own.value.as_deref();
        kind.or(self.tls.store_type.value.as_deref())
            .unwrap_or("JKS")
    }

    /// Whether the stores are PEM files.
    pub(crate) fn is_pem(&self) -> bool {
        let factory = self.tls.ssl_context_factory.value.as_ref();
        factory.is_some_and(Factory::is_pem)
    }
}

/// The block's name: Cassandra 3, DSE and Ringlock prefer the old one of the server block where
/// both stand.
fn name(document: &Document, dialect: Dialect, section: Section) -> &'static str {
    const OLD: &str = "encryption_options";
    let takes_old = options::find(Section::Top, OLD)
        .is_some_and(|spec| matches!(spec.support(dialect), Support::Renamed(_)));
    if section == Section::Server && takes_old && document.root().get(OLD).is_some() {
        OLD
    } else {
        section.path()
    }
}

/// The value of the entry whose key is at a place; the place itself where none is.
pub(crate) fn value_at<'d>(
    mut entries: impl Iterator<Item = &'d Entry>,
    key: Position,
) -> Position {
    entries
        .find(|entry| entry.at == key)
        .map_or(key, |entry| entry.node.at)
}

/// What the file says, where it says anything.
pub(crate) fn given<T>(setting: &Setting<Option<T>>) -> Option<&T> {
    setting.value.as_ref().filter(|_| setting.is_given())
}

/// A path that the file gives.
pub(crate) fn given_path(setting: &Setting<Option<FilePath>>) -> Option<&FilePath> {
    given(setting).filter(|path| !path.text.is_empty())
}

/// The items of a list, each with its place.
pub(crate) fn items<'s>(
    list: &'s Setting<Option<Vec<Setting<String>>>>,
) -> impl Iterator<Item = (Position, &'s str)> + use<'s> {
    list.value.iter().flatten().map(|item| {
        let at = match item.origin {
            Origin::File { line, column, .. } => Position::new(line, column),
            Origin::Default(_) => Position::START,
        };
        (at, item.value.as_str())
    })
}
