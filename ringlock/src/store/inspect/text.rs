use std::fmt::Write as _;

use ringlock_pki::view::{CertificateView, EntryKind, EntryView, ListView};
use time::OffsetDateTime;

use super::Shown;
use crate::store::words::{count, date, format, java, left};

/// What is found, for people: the file, each entry as a block, what Java sees, what is wrong.
pub(super) fn text(shown: &Shown) -> String {
    let (name, _) = format(shown.format);
    let mut text = format!(
        "{}: {name}, {}",
        shown.file,
        count(shown.entries.len(), "entry")
    );
    for protection in &shown.protection {
        push(&mut text, "protection", protection);
    }
    for entry in &shown.entries {
        text.push_str("\n\n");
        text.push_str(&block(entry, shown.now));
    }
    text.push_str("\n\n");
    text.push_str(&java(&shown.java));
    for warning in &shown.warnings {
        text.push_str("\nwarning: ");
        text.push_str(warning);
    }
    text
}

fn block(entry: &EntryView, now: OffsetDateTime) -> String {
    let mut text = entry.kind.as_str().to_owned();
    if let Some(alias) = &entry.alias {
        text.push(' ');
        text.push_str(alias);
    }
    if let Some(certificate) = &entry.certificate {
        certificate_lines(&mut text, entry, certificate, now);
    } else if entry.kind == EntryKind::PrivateKey {
        push(&mut text, "key", &key(entry));
    }
    if let Some(list) = &entry.list {
        list_lines(&mut text, list, now);
    }
    if let Some(chain) = chain(entry, now) {
        push(&mut text, "chain", &chain);
    }
    text
}

fn certificate_lines(
    text: &mut String,
    entry: &EntryView,
    certificate: &CertificateView,
    now: OffsetDateTime,
) {
    push(text, "subject", &certificate.subject);
    match certificate.issuer == certificate.subject {
        true => push(text, "issuer", "itself"),
        false => push(text, "issuer", &certificate.issuer),
    }
    if !certificate.sans.is_empty() {
        push(text, "names", &certificate.sans.join(", "));
    } else if !certificate.ca {
        push(text, "names", "none; peers that verify endpoints refuse it");
    }
    match &certificate.eku {
        Some(usages) => push(text, "use", &usages.join(", ")),
        None if certificate.ca => push(text, "use", "a CA"),
        None => push(text, "use", "any"),
    }
    push(text, "key", &key(entry));
    push(text, "valid", &validity(certificate, now));
    push(text, "sha256", &certificate.sha256);
}

fn key(entry: &EntryView) -> String {
    let unsupported = "of a kind that is not supported";
    let kind = entry.key.as_deref().unwrap_or(unsupported);
    match entry.key_matches {
        Some(true) => format!("{kind}, belongs to the certificate"),
        Some(false) => format!("{kind}, DOES NOT BELONG to the certificate"),
        None => kind.to_owned(),
    }
}

fn validity(certificate: &CertificateView, now: OffsetDateTime) -> String {
    let (since, until) = (date(certificate.not_before), date(certificate.not_after));
    if now < certificate.not_before {
        return format!("{since} to {until}, NOT YET VALID");
    }
    format!("{since} to {until}, {}", left(certificate.days_left(now)))
}

fn list_lines(text: &mut String, list: &ListView, now: OffsetDateTime) {
    push(text, "issuer", &list.issuer);
    push(text, "revokes", &count(list.revoked, "certificate"));
    let since = date(list.this_update);
    match (list.next_update, list.days_left(now)) {
        (Some(next), Some(days)) => {
            let text_left = left(days).replace("EXPIRED", "STALE");
            push(
                text,
                "valid",
                &format!("{since} to {}, {text_left}", date(next)),
            );
        }
        _ => push(text, "valid", &format!("{since}, without an end")),
    }
    push(text, "sha256", &list.sha256);
}

/// The chain above the leaf, and how it ends. Of a certificate that stands alone only what is
/// wrong is worth a line.
fn chain(entry: &EntryView, now: OffsetDateTime) -> Option<String> {
    let problem = entry.chain_problem.as_deref();
    if entry.kind != EntryKind::PrivateKey {
        return problem.map(str::to_owned);
    }
    let above = entry.chain.iter().map(|certificate| {
        let days = left(certificate.days_left(now));
        format!(
            "{} ({}, {days})",
            certificate.subject,
            date(certificate.not_after)
        )
    });
    let mut parts: Vec<_> = above.collect();
    match (entry.chain_complete, problem) {
        (Some(true), None) => parts.push("complete".to_owned()),
        (_, Some(problem)) => parts.push(problem.to_owned()),
        _ => {}
    }
    (!parts.is_empty()).then(|| parts.join("\n              "))
}

fn push(text: &mut String, label: &str, value: &str) {
    // Writing into a string does not fail.
    let _ = write!(text, "\n  {label:<11} {value}");
}
