//! The content of a new keystore or truststore.

use std::path::PathBuf;

use ringlock_pki::view::{CertificateView, EntryKind, assemble, entries};
use ringlock_store::{CertificateEntry, KeyStore, Kind};
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;

use crate::store::words::{count, date, name};

/// What is to be written, and what there is to say about it.
pub(crate) struct Built {
    pub(crate) store: KeyStore,
    pub(crate) notes: Vec<String>,
}

/// Why the files do not make what is asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildError {
    #[error("there is no private key; --kind truststore makes a truststore of certificates")]
    NoKey,
    #[error("{why}: a keystore needs the certificate of each key")]
    NoCertificate { why: String },
    #[error("the private key {alias} does not belong to its certificate")]
    Mismatch { alias: String },
    #[error("there is no certificate that could be trusted")]
    NoAnchor,
    #[error("--alias names one entry, but there are {count}")]
    ManyAliases { count: usize },
}

impl BuildError {
    /// The message with the files in front.
    pub(crate) fn about(&self, files: &[PathBuf]) -> String {
        let files: Vec<_> = files
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        format!("{}: {self}", files.join(", "))
    }
}

/// Keys with their chains, and the anchors that a Java store has beside them.
pub(crate) fn keystore(
    store: KeyStore,
    alias: Option<&str>,
    to: Kind,
) -> Result<Built, BuildError> {
    if store.keys.is_empty() {
        return Err(BuildError::NoKey);
    }
    let mut store = assemble(store);
    check_keys(&store, to)?;
    let mut notes = Vec::new();
    if to != Kind::Pem {
        leave_out_rest(&mut store, &mut notes);
    }
    for entry in store.others.drain(..) {
        let alias = name(entry.alias.as_deref().unwrap_or_default());
        notes.push(format!("left out: the {} {alias}", entry.kind));
    }
    match (alias, store.keys.as_mut_slice()) {
        (None, _) => {}
        (Some(alias), [entry]) => entry.alias = Some(alias.to_owned()),
        (Some(_), entries) => {
            let count = entries.len();
            return Err(BuildError::ManyAliases { count });
        }
    }
    for entry in &mut store.keys {
        let named = entry.chain.first().and_then(common_name);
        entry.alias = entry.alias.take().or(named);
    }
    Ok(Built { store, notes })
}

fn check_keys(store: &KeyStore, to: Kind) -> Result<(), BuildError> {
    for view in entries(store) {
        let alias = view.alias.unwrap_or_default();
        match (view.kind, view.key_matches) {
            (EntryKind::PrivateKey, Some(false)) if view.certificate.is_some() => {
                return Err(BuildError::Mismatch { alias });
            }
            (EntryKind::PrivateKey, Some(false)) => {}
            (EntryKind::PrivateKey, None) if to != Kind::Pem => {}
            _ => continue,
        }
        let why = view.chain_problem.unwrap_or_default();
        return Err(BuildError::NoCertificate { why });
    }
    Ok(())
}

/// Java's formats hold anchors, and of PEM's certificates nobody knows whether they are meant so.
fn leave_out_rest(store: &mut KeyStore, notes: &mut Vec<String>) {
    store.certificates.retain(|entry| {
        let kept = entry.trusted && entry.alias.is_some();
        if !kept {
            let subject = subject(&entry.certificate);
            notes.push(format!(
                "left out: {subject}, which has no part in a key's chain"
            ));
        }
        kept
    });
    leave_out_lists(store, notes);
}

fn leave_out_lists(store: &mut KeyStore, notes: &mut Vec<String>) {
    if !store.revocation_lists.is_empty() {
        let lists = count(store.revocation_lists.len(), "revocation list");
        notes.push(format!("left out: {lists}, which only PEM holds"));
        store.revocation_lists.clear();
    }
}

/// Every certificate that can be meant as an anchor, each once and trusted: those that are marked
/// so or, where none is, all; and of a keystore the CAs in the chains of its keys.
pub(crate) fn truststore(
    store: KeyStore,
    alias: Option<&str>,
    now: OffsetDateTime,
) -> Result<Built, BuildError> {
    let mut store = assemble(store);
    let mut notes = Vec::new();
    leave_out_lists(&mut store, &mut notes);
    let marked = store.certificates.iter().any(|entry| entry.trusted);
    store.certificates.retain(|entry| entry.trusted || !marked);
    for entry in std::mem::take(&mut store.keys) {
        notes.push(format!(
            "left out: the private key {}; of its chain the CAs are taken",
            name(entry.alias.as_deref().unwrap_or_default())
        ));
        let above = entry.chain.into_iter().filter(|der| is_ca(der));
        store.certificates.extend(above.map(CertificateEntry::from));
    }
    store.others.clear();
    let mut anchors: Vec<CertificateEntry> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for mut entry in store.certificates {
        if seen.insert(entry.certificate.as_ref().to_vec()) {
            entry.trusted = true;
            let named = common_name(&entry.certificate);
            entry.alias = entry.alias.take().or(named);
            notes.extend(expired(&entry.certificate, now));
            anchors.push(entry);
        }
    }
    match (alias, anchors.as_mut_slice()) {
        (_, []) => return Err(BuildError::NoAnchor),
        (None, _) => {}
        (Some(alias), [entry]) => entry.alias = Some(alias.to_owned()),
        (Some(_), entries) => {
            let count = entries.len();
            return Err(BuildError::ManyAliases { count });
        }
    }
    let store = KeyStore {
        certificates: anchors,
        ..KeyStore::default()
    };
    Ok(Built { store, notes })
}

fn expired(der: &CertificateDer<'_>, now: OffsetDateTime) -> Option<String> {
    let view = CertificateView::read(der).ok()?;
    let over = view.not_after < now;
    over.then(|| format!("note: {} expired on {}", view.subject, date(view.not_after)))
}

fn is_ca(der: &CertificateDer<'_>) -> bool {
    CertificateView::read(der).is_ok_and(|view| view.ca)
}

pub(crate) fn subject(der: &CertificateDer<'_>) -> String {
    CertificateView::read(der).map_or_else(|error| error.to_string(), |view| view.subject)
}

/// A name for an entry that has none: the common name, as far as it is letters, digits and dots.
fn common_name(der: &CertificateDer<'static>) -> Option<String> {
    let view = CertificateView::read(der).ok()?;
    let name = view
        .subject
        .split(", ")
        .find_map(|part| part.strip_prefix("CN="))?;
    let plain = |character: char| match character {
        '.' | '_' | '-' => character,
        character if character.is_ascii_alphanumeric() => character.to_ascii_lowercase(),
        _ => '-',
    };
    let name: String = name.chars().take(64).map(plain).collect();
    Some(name.trim_matches('-').to_owned()).filter(|name| !name.is_empty())
}
