//! GnuTLS as ScyllaDB calls it: `gnutls_certificate_verify_peers` without a purpose and, between
//! nodes, without a name.

use x509_parser::certificate::X509Certificate;

use super::{
    Question, Refusal,
    path::{Path, anchors, issuing, judge, signing, validity, weakness},
};
use crate::text::name;

/// What GnuTLS calls insecure for signatures, since version 3.6.
const BROKEN: [(&str, &str); 5] = [
    ("1.2.840.113549.1.1.2", "MD2"),
    ("1.2.840.113549.1.1.4", "MD5"),
    ("1.2.840.113549.1.1.5", "SHA-1"),
    ("1.2.840.10045.4.1", "SHA-1"),
    ("1.2.840.10040.4.3", "SHA-1"),
];
const LEAST_RSA: usize = 1024;

pub(super) fn refusals(question: &Question<'_>, chain: &[X509Certificate<'_>]) -> Vec<Refusal> {
    let trusted = anchors(question.trust, false);
    judge(chain, trusted, &|path| rules(path, question))
}

/// Other than Java it looks at the anchor's validity too, and at nothing that an extended key
/// usage says.
fn rules(path: &Path<'_, '_>, question: &Question<'_>) -> Vec<Refusal> {
    let mut found = Vec::new();
    for (height, certificate) in path.iter().enumerate() {
        found.extend(validity(certificate, question.now));
        if height > 0 {
            let below = u32::try_from(height - 1).unwrap_or(u32::MAX);
            found.extend(issuing(certificate, below).filter(|_| !is_old_root(certificate)));
        }
        if height + 1 < path.len() {
            found.extend(weakness(certificate, &BROKEN, LEAST_RSA));
            found.extend(revoked(certificate, question));
        }
    }
    found.extend(path.first().and_then(|leaf| signing(leaf)));
    found
}

/// What GnuTLS takes for a root from before there were extensions, of whatever version it is: a
/// self-issued certificate that says nothing of being a CA or not, such as `keytool -genkeypair`
/// makes. Unless a flag forbids it, which ScyllaDB does not set.
fn is_old_root(certificate: &X509Certificate<'_>) -> bool {
    certificate.subject().as_raw() == certificate.issuer().as_raw()
        && certificate.basic_constraints().is_ok_and(|it| it.is_none())
        && certificate.key_usage().is_ok_and(|it| it.is_none())
}

pub(super) fn revoked(
    certificate: &X509Certificate<'_>,
    question: &Question<'_>,
) -> Option<Refusal> {
    let der = certificate.as_raw().into();
    let revoked = question.lists.is_revoked(&der).is_ok_and(|revoked| revoked);
    revoked.then(|| Refusal::Revoked {
        subject: name(certificate.subject()),
    })
}
