use ringlock_files::read_limited;
use ringlock_finding::{Finding, Severity};
use time::OffsetDateTime;
use x509_parser::{parse_x509_crl, pem::Pem, revocation_list::CertificateRevocationList as List};

use crate::{
    facts::Purpose,
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "revocation-list-unusable",
    severity: Severity::Error,
    requirement: "SCY-13 SCY-15",
    title: "the revocation list is none, or its time is over",
    explanation: "ScyllaDB reads certificate revocation lists in PEM form: sections that begin with \
         BEGIN X509 CRL. Each list says when the next one is due (nextUpdate). After that time it \
         still counts for what it holds, and what the CA has revoked since is not in it. Fetch \
         the lists anew, more often than the CA issues them.",
    check: Check::Node(check),
};

/// The largest list that is read, in bytes.
const MAX_BYTES: u64 = 16 << 20;

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    let lists = node.files.iter();
    for file in lists.filter(|file| file.purpose == Purpose::Revocation) {
        let Some(facts) = file.facts() else { continue };
        // That it cannot be read at all is for the rules about files.
        let Ok(bytes) = read_limited(&facts.path, MAX_BYTES) else {
            continue;
        };
        for (message, severity) in judge(&bytes, node.now) {
            let severity = if file.in_use {
                severity
            } else {
                severity.min(Severity::Warning)
            };
            found.push(
                RULE.on(node, file.at, file.path_of_key(), message)
                    .severity(severity)
                    .found(file.written.as_str())
                    .expected("revocation lists in PEM form that are still valid"),
            );
        }
    }
}

fn judge(bytes: &[u8], now: OffsetDateTime) -> Vec<(String, Severity)> {
    const LABEL: &str = "X509 CRL";
    if let Ok((_, _)) = parse_x509_crl(bytes) {
        let message = "is in DER form; `openssl crl -inform DER -in OLD -out NEW` makes PEM of it";
        return vec![(message.to_owned(), Severity::Error)];
    }
    let mut told = Vec::new();
    let mut lists = 0;
    for section in Pem::iter_from_buffer(bytes) {
        let Ok(section) = section else {
            let message = "holds a PEM section that is damaged".to_owned();
            told.push((message, Severity::Error));
            break;
        };
        if section.label != LABEL {
            continue;
        }
        lists += 1;
        match parse_x509_crl(&section.contents) {
            Ok((_, list)) => told.extend(outdated(&list, now)),
            Err(_) => {
                let message = format!("list {lists} in it is damaged");
                told.push((message, Severity::Error));
            }
        }
    }
    if lists == 0 && told.is_empty() {
        let message = "holds no revocation list: expected -----BEGIN X509 CRL-----".to_owned();
        told.push((message, Severity::Error));
    }
    told
}

fn outdated(list: &List<'_>, now: OffsetDateTime) -> Option<(String, Severity)> {
    let due = list.next_update()?.to_datetime();
    (due < now).then(|| {
        let message = format!(
            "the list of {} was to be replaced by {}; what was revoked since is not in it",
            list.issuer(),
            due.date()
        );
        (message, Severity::Warning)
    })
}
