//! `ringlock store inspect`.

mod json;
mod text;

use std::path::PathBuf;

use ringlock_pki::view::{EntryKind, EntryView, assemble, entries};
use ringlock_store::{Format as StoreFormat, JavaView, KeyStore, as_java_sees};
use time::OffsetDateTime;

use super::{
    arguments::{Format, ReadArgs},
    material::load,
};
use crate::outcome::{Failure, Outcome, print};

pub(super) const EXAMPLES: &str = "\
Examples:
  ringlock store inspect keystore.jks --password-file /run/secrets/keystore
  ringlock store inspect node.pem
  ringlock store inspect truststore.p12 --password-env TRUSTSTORE_PASSWORD --format json";

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("one standard input")
    .args(["password-stdin", "key-password-stdin"]))]
pub(crate) struct Args {
    /// A JKS, JCEKS, PKCS12, PEM or DER file, whatever its name
    file: PathBuf,
    #[command(flatten)]
    passwords: ReadArgs,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What there is to say about a file.
struct Shown {
    file: String,
    format: StoreFormat,
    protection: Vec<String>,
    entries: Vec<EntryView>,
    java: JavaView,
    warnings: Vec<String>,
    now: OffsetDateTime,
}

/// Carries out the command.
pub(super) fn run(args: &Args, now: OffsetDateTime) -> Outcome {
    let given = args.passwords.read()?;
    let material = load(&args.file, &given)?;
    let java = as_java_sees(&material.opened, given.passwords());
    let opened = material.opened;
    let shown = Shown {
        file: args.file.display().to_string(),
        format: opened.format,
        protection: opened.protection,
        entries: shown_entries(opened.format, opened.store),
        java,
        warnings: Vec::from_iter(material.exposed.map(|error| error.to_string())),
        now,
    };
    print(match args.format {
        Format::Text => text::text(&shown),
        Format::Json => json::json(&shown).map_err(Failure::failed)?,
    })
}

/// In PEM and DER nothing marks a certificate as trusted: what it is depends on who is given it.
fn shown_entries(format: StoreFormat, store: KeyStore) -> Vec<EntryView> {
    let mut entries = entries(&assemble(store));
    let marks = matches!(
        format,
        StoreFormat::Jks | StoreFormat::Jceks | StoreFormat::Pkcs12
    );
    for entry in entries.iter_mut().filter(|_| !marks) {
        if entry.kind == EntryKind::TrustedCertificate {
            entry.kind = EntryKind::Certificate;
        }
    }
    entries
}
