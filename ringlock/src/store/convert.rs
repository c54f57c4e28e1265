//! `ringlock store convert`.

mod build;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use ringlock_files::{Existing, FileError, NewFile, write_set};
use ringlock_store::{
    KeyStore, Kind, Opened, Passwords, WriteError, Writing, as_java_sees, open, write,
};
use time::OffsetDateTime;

pub(super) use build::{Built, truststore};

use super::{
    arguments::{Given, ReadArgs, WriteArgs},
    material::load,
    words::{count, java, name},
};
use crate::outcome::{Failure, Outcome, print};

pub(super) const EXAMPLES: &str = "\
Examples:
  ringlock store convert keystore.jks --password-file pass --to pkcs12 --kind keystore \\
    --out keystore.p12
  ringlock store convert node.crt node.key ca.crt --to jks --kind keystore --alias n1 \\
    --out keystore.jks --out-password-file pass
  ringlock store convert ca.crt --to pkcs12 --kind truststore \\
    --out truststore.p12 --out-password-file pass
  ringlock store convert keystore.p12 --password-file pass --to pem --kind keystore \\
    --out node.pem";

/// Keystores hold keys, and a truststore that others may change is none.
const PRIVATE: u32 = 0o600;

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("one standard input").args([
    "password-stdin", "key-password-stdin", "out-password-stdin", "out-key-password-stdin",
]))]
pub(crate) struct Args {
    /// What to convert; several files, such as a certificate and its key, become one store
    #[arg(value_name = "IN", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    passwords: ReadArgs,
    /// The new file, with mode 0600
    #[arg(long, value_name = "OUT")]
    out: PathBuf,
    /// The new file's format
    #[arg(long, value_enum, value_name = "FORMAT")]
    to: To,
    /// What the new file is for
    #[arg(long, value_enum)]
    kind: Purpose,
    #[command(flatten)]
    new_passwords: WriteArgs,
    /// The name of the entry, where there is one
    #[arg(long, value_name = "NAME")]
    alias: Option<String>,
    /// The same bytes each time, for files that are compared; salts are made from the content
    #[arg(long)]
    deterministic: bool,
    /// Replace OUT where it is there
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum To {
    /// PKCS #12 with AES-256, as Java 8u301 and later reads it.
    Pkcs12,
    /// Java's old keystore.
    Jks,
    /// Java's old keystore with stronger encryption.
    Jceks,
    /// PEM sections, which ScyllaDB and OpenSSL read.
    Pem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Purpose {
    /// Private keys with their chains.
    Keystore,
    /// Certificates of CAs, all trusted.
    Truststore,
}

impl To {
    fn kind(self) -> Kind {
        match self {
            Self::Pkcs12 => Kind::Pkcs12,
            Self::Jks => Kind::Jks,
            Self::Jceks => Kind::Jceks,
            Self::Pem => Kind::Pem,
        }
    }
}

/// Carries out the command.
pub(super) fn run(args: &Args, now: OffsetDateTime) -> Outcome {
    let given = args.passwords.read()?;
    let store = load_all(&args.files, &given)?;
    let to = args.to.kind();
    let inherited = given.store.filter(|_| to != Kind::Pem);
    let new = args.new_passwords.read(inherited)?;
    let alias = args.alias.as_deref();
    let built = match args.kind {
        Purpose::Keystore => build::keystore(store, alias, to),
        Purpose::Truststore => truststore(store, alias, now),
    };
    let mut built = built.map_err(|problem| Failure::failed(problem.about(&args.files)))?;
    note_passwords(&mut built, to, &new);
    let how = Writing {
        to,
        passwords: new.passwords(),
        deterministic: args.deterministic,
        created: created(args.deterministic, &built.store, now),
    };
    let (bytes, opened) = encode(&built.store, &how)?;
    put(&args.out, &bytes, args.force)?;
    print(report(args, &built, &opened, how.passwords))
}

fn load_all(files: &[PathBuf], given: &Given) -> Result<KeyStore, Failure> {
    let mut store = KeyStore::default();
    for file in files {
        let material = load(file, given)?;
        if let Some(exposed) = material.exposed {
            return Err(Failure::wrong(exposed));
        }
        store = store.join(material.opened.store);
    }
    Ok(store)
}

/// What others are going to make of the passwords.
fn note_passwords(built: &mut Built, to: Kind, new: &Given) {
    if built.store.keys.is_empty() {
        return;
    }
    let given = new.passwords();
    if to == Kind::Pem && given.for_keys().is_none() {
        let note = "the private keys in it are not encrypted";
        built.notes.push(note.to_owned());
    }
    if to != Kind::Pem && given.key.is_some() && given.key != given.store {
        let note = "the keys' own password: Cassandra and DSE give Java the store's for both";
        built.notes.push(note.to_owned());
    }
}

/// The time that new entries get: of a deterministic file the latest beginning of a certificate.
pub(super) fn created(deterministic: bool, store: &KeyStore, now: OffsetDateTime) -> i64 {
    if !deterministic {
        return now.unix_timestamp() * 1000;
    }
    let begins = store.all_certificates().filter_map(|der| {
        let view = ringlock_pki::view::CertificateView::read(der).ok()?;
        Some(view.not_before.unix_timestamp() * 1000)
    });
    begins.max().unwrap_or_default()
}

/// The file's bytes, and what they open to: nothing is written that does not open again.
pub(super) fn encode(
    store: &KeyStore,
    how: &Writing<'_>,
) -> Result<(zeroize::Zeroizing<Vec<u8>>, Opened), Failure> {
    let bytes = write(store, how).map_err(|error| match error {
        WriteError::NoPassword { .. } => Failure::wrong(format!(
            "{error}; --out-password-file, --out-password-env or --out-password-stdin gives it"
        )),
        WriteError::EmptyPassword | WriteError::NotAsciiPassword { .. } => Failure::wrong(error),
        _ => Failure::failed(error),
    })?;
    let opened = open(&bytes, how.passwords)
        .map_err(|error| Failure::failed(format!("what was made does not open again: {error}")))?;
    Ok((bytes, opened))
}

pub(super) fn put(out: &Path, bytes: &[u8], force: bool) -> Result<(), Failure> {
    let file = NewFile {
        path: out,
        mode: PRIVATE,
        bytes,
    };
    let existing = match force {
        true => Existing::Replace,
        false => Existing::Refuse,
    };
    write_set(&[file], existing).map_err(|error| match error {
        FileError::Exists { .. } => Failure::failed(format!("{error}; --force replaces it")),
        _ => Failure::failed(error),
    })
}

fn report(args: &Args, built: &Built, opened: &Opened, passwords: Passwords<'_>) -> String {
    let store = &built.store;
    let (keys, anchors) = (store.keys.len(), store.certificates.len());
    let holds = match args.kind {
        Purpose::Keystore => format!(
            "{}{}{}",
            count(keys, "private key"),
            names(opened.store.keys.iter().map(|entry| entry.alias.as_deref())),
            match anchors {
                0 => String::new(),
                anchors => format!(", {} beside", count(anchors, "certificate")),
            }
        ),
        Purpose::Truststore => format!(
            "{}{}",
            count(anchors, "trusted certificate"),
            names(
                opened
                    .store
                    .certificates
                    .iter()
                    .map(|entry| entry.alias.as_deref())
            )
        ),
    };
    let mut lines = vec![format!(
        "{} is written: {}, {holds}",
        args.out.display(),
        args.to.kind()
    )];
    lines.extend(built.notes.iter().map(|note| format!("  {note}")));
    if args.to != To::Pem {
        lines.push(java(&as_java_sees(opened, passwords)));
    }
    lines.join("\n")
}

/// ` (n1, n2)`: the names of a few entries, where they have any.
fn names<'a>(aliases: impl Iterator<Item = Option<&'a str>>) -> String {
    const MOST: usize = 5;
    let mut names: Vec<_> = aliases.flatten().map(name).collect();
    let more = names.len().saturating_sub(MOST);
    names.truncate(MOST);
    match (names.is_empty(), more) {
        (true, _) => String::new(),
        (false, 0) => format!(" ({})", names.join(", ")),
        (false, more) => format!(" ({} and {more} more)", names.join(", ")),
    }
}
