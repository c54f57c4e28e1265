use aws_lc_rs::digest::{SHA256, digest};
use ringlock_store::{CertificateEntry, KeyEntry, KeyStore};
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;
use x509_parser::{certificate::X509Certificate, parse_x509_crl};

use super::{
    assemble::holds,
    certificate::{CertificateView, days_left},
    kind::private_key_kind,
};
use crate::{
    LeafError,
    chain::{Pool, is_self_signed},
    key::public_key,
    leaf::parse,
    text::{hex, name, printable},
};

/// One entry of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryView {
    /// Its name in the store, escaped for printing; PEM has none.
    pub alias: Option<String>,
    /// What it is.
    pub kind: EntryKind,
    /// When it came into the store: milliseconds since 1970, UTC.
    pub created: Option<i64>,
    /// The certificate: of a private key the first of its chain.
    pub certificate: Option<CertificateView>,
    /// The kind of the private key, or of the certificate's: `RSA 2048`. None where it cannot be
    /// used for TLS.
    pub key: Option<String>,
    /// Whether the private key and the certificate belong together. None without a private key
    /// or without a certificate.
    pub key_matches: Option<bool>,
    /// The further certificates of a private key's chain, as the store has them.
    pub chain: Vec<CertificateView>,
    /// Whether the signatures lead up to a self-signed root or to a trust anchor. None where there
    /// is no certificate.
    pub chain_complete: Option<bool>,
    /// Where the chain ends or what is wrong with it, as a clause without a full stop.
    pub chain_problem: Option<String>,
    /// What a revocation list says.
    pub list: Option<ListView>,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A private key with its chain.
    PrivateKey,
    /// A certificate that Java takes for a trust anchor.
    TrustedCertificate,
    /// A certificate that nothing marks as trusted.
    Certificate,
    /// A certificate revocation list.
    RevocationList,
    /// Something that TLS has no use for: `secret key`.
    Other(&'static str),
}

/// What a revocation list says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListView {
    /// Who issued it, escaped for printing.
    pub issuer: String,
    /// When it was issued.
    pub this_update: OffsetDateTime,
    /// When the next one is due; none where the list does not say.
    pub next_update: Option<OffsetDateTime>,
    /// How many certificates it revokes.
    pub revoked: usize,
    /// SHA-256 of the DER form, in lower-case hexadecimal.
    pub sha256: String,
}

impl ListView {
    /// Whole days from `now` until the next list is due, as with certificates.
    pub fn days_left(&self, now: OffsetDateTime) -> Option<i64> {
        self.next_update.map(|next| days_left(next, now))
    }
}

impl EntryKind {
    /// In the words of an operator: `private key`, `trusted certificate`, `certificate`,
    /// `revocation list`, `secret key`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PrivateKey => "private key",
            Self::TrustedCertificate => "trusted certificate",
            Self::Certificate => "certificate",
            Self::RevocationList => "revocation list",
            Self::Other(kind) => kind,
        }
    }
}

/// Every entry of a store: private keys, certificates, revocation lists, and what else there is.
///
/// Keys and certificates that stand apart, as in PEM, are to be [assembled](super::assemble())
/// before.
pub fn entries(store: &KeyStore) -> Vec<EntryView> {
    let keys = store.keys.iter().map(|entry| key_entry(entry, store));
    let lists = store.revocation_lists.iter().map(|der| list_entry(der));
    let others = store
        .others
        .iter()
        .map(|entry| EntryView::new(entry.alias.as_deref(), EntryKind::Other(entry.kind)));
    keys.chain(certificate_entries(store))
        .chain(lists)
        .chain(others)
        .collect()
}

impl EntryView {
    fn new(alias: Option<&str>, kind: EntryKind) -> Self {
        Self {
            alias: alias.map(printable),
            kind,
            created: None,
            certificate: None,
            key: None,
            key_matches: None,
            chain: Vec::new(),
            chain_complete: None,
            chain_problem: None,
            list: None,
        }
    }

    fn fill(&mut self, pool: &Pool<'_>, at: usize) {
        let certificate = CertificateView::of(pool.get(at));
        let chains = pool.chains(at, &|at| is_self_signed(pool.get(at)));
        self.chain_complete = Some(!chains.complete.is_empty());
        if chains.complete.is_empty() {
            self.chain_problem = Some(open_end(pool, &chains.longest, chains.longest.len()));
        }
        self.key = Some(certificate.key.clone());
        self.certificate = Some(certificate);
    }
}

fn key_entry(entry: &KeyEntry, store: &KeyStore) -> EntryView {
    let mut view = EntryView::new(entry.alias.as_deref(), EntryKind::PrivateKey);
    view.created = entry.created;
    view.key = private_key_kind(&entry.key);
    let chain: Result<Vec<_>, _> = entry.chain.iter().map(|der| parse(der)).collect();
    let chain = match chain {
        Ok(chain) => chain,
        Err(error) => {
            view.chain_complete = Some(false);
            view.chain_problem = Some(error.to_string());
            return view;
        }
    };
    let Some(leaf) = chain.first() else {
        view.chain_problem = Some(match store.certificates.is_empty() {
            true => "there is no certificate beside the key".to_owned(),
            false => "none of the certificates belongs to the key".to_owned(),
        });
        view.key_matches = (!store.certificates.is_empty()).then_some(false);
        return view;
    };
    let public = public_key(&entry.key);
    view.key_matches = Some(public.is_ok_and(|public| holds(leaf, &public)));
    view.certificate = Some(CertificateView::of(leaf));
    view.chain = chain[1..].iter().map(CertificateView::of).collect();
    let in_order = chain.len();
    let (complete, problem) = judge_chain(chain, in_order, &trusted(store));
    view.chain_complete = Some(complete);
    view.chain_problem = problem;
    view
}

fn trusted(store: &KeyStore) -> Vec<&CertificateDer<'static>> {
    let entries = store.certificates.iter().filter(|entry| entry.trusted);
    entries.map(|entry| &entry.certificate).collect()
}

/// Looks whether a key's chain is complete by itself or with the store's anchors, and in order.
fn judge_chain<'a>(
    mut chain: Vec<X509Certificate<'a>>,
    own: usize,
    trusted: &[&'a CertificateDer<'static>],
) -> (bool, Option<String>) {
    chain.extend(trusted.iter().filter_map(|der| parse(der).ok()));
    let pool = Pool::new(chain);
    let is_end = |at: usize| at >= own || is_self_signed(pool.get(at));
    let chains = pool.chains(0, &is_end);
    let Some(found) = chains.complete.first() else {
        return (false, Some(open_end(&pool, &chains.longest, own)));
    };
    let used: Vec<_> = found.iter().copied().filter(|at| *at < own).collect();
    let problem = if !used.is_sorted() {
        Some("its certificates are out of order; TLS wants each followed by its issuer")
    } else if used.len() < own {
        Some("it holds certificates that have no part in the chain")
    } else {
        None
    };
    (true, problem.map(str::to_owned))
}

/// Why the longest chain goes no further.
fn open_end(pool: &Pool<'_>, longest: &[usize], own: usize) -> String {
    let last = longest.last().copied().unwrap_or_default();
    let issuer = name(pool.get(last).issuer());
    if pool.has_issuer_name(last) {
        let subject = name(pool.get(last).subject());
        format!("a certificate of {issuer} is there, but its key did not sign {subject}")
    } else if longest.len() < own {
        format!("the issuer {issuer} is missing, and not every certificate has a part in it")
    } else {
        format!("it ends at {issuer}, which is not in the file")
    }
}

/// The certificates that stand by themselves; the issuers of each are looked for among them all.
fn certificate_entries(store: &KeyStore) -> Vec<EntryView> {
    let mut positions = Vec::new();
    let mut readable = Vec::new();
    for entry in &store.certificates {
        let parsed = parse(&entry.certificate);
        positions.push(
            parsed
                .as_ref()
                .map(|_| readable.len())
                .map_err(Clone::clone),
        );
        readable.extend(parsed);
    }
    let pool = Pool::new(readable);
    let entries = store.certificates.iter().zip(positions);
    let view = |(entry, at): (&CertificateEntry, Result<usize, LeafError>)| {
        let kind = match entry.trusted {
            true => EntryKind::TrustedCertificate,
            false => EntryKind::Certificate,
        };
        let mut view = EntryView::new(entry.alias.as_deref(), kind);
        view.created = entry.created;
        match at {
            Ok(at) => view.fill(&pool, at),
            Err(error) => view.chain_problem = Some(error.to_string()),
        }
        view
    };
    entries.map(view).collect()
}

fn list_entry(der: &[u8]) -> EntryView {
    let mut view = EntryView::new(None, EntryKind::RevocationList);
    match parse_x509_crl(der) {
        Ok((_, list)) => {
            view.list = Some(ListView {
                issuer: name(list.issuer()),
                this_update: list.last_update().to_datetime(),
                next_update: list.next_update().map(|time| time.to_datetime()),
                revoked: list.iter_revoked_certificates().count(),
                sha256: hex(digest(&SHA256, der).as_ref()),
            });
        }
        Err(error) => view.chain_problem = Some(format!("it cannot be read: {error}")),
    }
    view
}
