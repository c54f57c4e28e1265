use ringlock_pki::view::{CertificateView, EntryView};
use serde::Serialize;
use time::OffsetDateTime;

use super::Shown;
use crate::store::words::{format, instant};

/// What is found, as one object. Members may be added, at the end.
pub(super) fn json(shown: &Shown) -> Result<String, serde_json::Error> {
    let now = shown.now;
    serde_json::to_string_pretty(&Store {
        format: format(shown.format).1,
        entries: shown.entries.iter().map(|it| Entry::of(it, now)).collect(),
        java: Java {
            private_keys: shown.java.private_keys,
            trust_anchors: shown.java.trust_anchors,
            reason: shown.java.reason.as_deref(),
        },
        file: &shown.file,
        protection: &shown.protection,
        warnings: &shown.warnings,
    })
}

#[derive(Serialize)]
struct Store<'a> {
    format: &'static str,
    entries: Vec<Entry<'a>>,
    java: Java<'a>,
    file: &'a str,
    protection: &'a [String],
    warnings: &'a [String],
}

#[derive(Serialize)]
struct Java<'a> {
    private_keys: usize,
    trust_anchors: usize,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Entry<'a> {
    alias: Option<&'a str>,
    kind: &'static str,
    subject: Option<&'a str>,
    issuer: Option<&'a str>,
    sans: &'a [String],
    eku: Option<&'a [String]>,
    key: Option<&'a str>,
    not_before: Option<String>,
    not_after: Option<String>,
    sha256: Option<&'a str>,
    key_matches: Option<bool>,
    chain_complete: Option<bool>,
    days_left: Option<i64>,
    created: Option<String>,
    ca: Option<bool>,
    chain: Vec<Link<'a>>,
    chain_problem: Option<&'a str>,
    revoked: Option<usize>,
}

/// A further certificate of a key's chain.
#[derive(Serialize)]
struct Link<'a> {
    subject: &'a str,
    issuer: &'a str,
    key: &'a str,
    not_before: String,
    not_after: String,
    sha256: &'a str,
    days_left: i64,
}

impl<'a> Entry<'a> {
    fn of(view: &'a EntryView, now: OffsetDateTime) -> Self {
        let certificate = view.certificate.as_ref();
        let list = view.list.as_ref();
        let issuer = certificate.map(|it| it.issuer.as_str());
        let sha256 = certificate.map(|it| it.sha256.as_str());
        let since = certificate.map(|it| it.not_before);
        let until = certificate.map(|it| it.not_after);
        Self {
            alias: view.alias.as_deref(),
            kind: view.kind.as_str(),
            subject: certificate.map(|it| it.subject.as_str()),
            issuer: issuer.or(list.map(|it| it.issuer.as_str())),
            sans: certificate.map_or(&[], |it| &it.sans),
            eku: certificate.and_then(|it| it.eku.as_deref()),
            key: view.key.as_deref(),
            not_before: since.or(list.map(|it| it.this_update)).map(instant),
            not_after: until.or(list.and_then(|it| it.next_update)).map(instant),
            sha256: sha256.or(list.map(|it| it.sha256.as_str())),
            key_matches: view.key_matches,
            chain_complete: view.chain_complete,
            days_left: match (certificate, list) {
                (Some(certificate), _) => Some(certificate.days_left(now)),
                (None, list) => list.and_then(|list| list.days_left(now)),
            },
            created: view.created.and_then(created),
            ca: certificate.map(|it| it.ca),
            chain: view.chain.iter().map(|it| Link::of(it, now)).collect(),
            chain_problem: view.chain_problem.as_deref(),
            revoked: list.map(|it| it.revoked),
        }
    }
}

impl<'a> Link<'a> {
    fn of(view: &'a CertificateView, now: OffsetDateTime) -> Self {
        Self {
            subject: &view.subject,
            issuer: &view.issuer,
            key: &view.key,
            not_before: instant(view.not_before),
            not_after: instant(view.not_after),
            sha256: &view.sha256,
            days_left: view.days_left(now),
        }
    }
}

fn created(milliseconds: i64) -> Option<String> {
    let seconds = milliseconds.div_euclid(1000);
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .map(instant)
}
