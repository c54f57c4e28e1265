//! JSSE's PKIX trust manager in JDK 17.

use x509_parser::certificate::X509Certificate;

use super::{
    Question, Refusal, Role,
    path::{Path, anchors, issuing, judge, readable, signing, validity, weakness},
};
use crate::text::name;

/// `jdk.certpath.disabledAlgorithms`.
const BROKEN: [(&str, &str); 2] = [
    ("1.2.840.113549.1.1.2", "MD2"),
    ("1.2.840.113549.1.1.4", "MD5"),
];
const LEAST_RSA: usize = 1024;

pub(super) fn refusals(
    question: &Question<'_>,
    chain: &[X509Certificate<'_>],
    role: Role,
) -> Vec<Refusal> {
    let mut trusted = anchors(question.trust, true);
    // The leaf of a key entry is an anchor as well (sun.security.validator.TrustStoreUtil).
    let keys = question.trust.keys.iter();
    trusted.extend(readable(keys.filter_map(|entry| entry.chain.first())));
    let named: Vec<_> = trusted.iter().map(|it| it.subject().as_raw()).collect();
    let shown = chain.iter().any(|it| named.contains(&it.issuer().as_raw()));
    let mut found = judge(chain, trusted, &|path| rules(path, question, role));
    if found.is_empty() && role == Role::Client && !shown {
        let subject = name(chain[0].subject());
        found.push(Refusal::NotShown { subject });
    }
    found
}

/// A leaf that is trusted itself is not looked at any further, not even at its dates; nor is an
/// anchor's validity.
fn rules(path: &Path<'_, '_>, question: &Question<'_>, role: Role) -> Vec<Refusal> {
    let [leaf, .., anchor] = path.as_slice() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let below_anchor = &path[..path.len() - 1];
    for (height, certificate) in below_anchor.iter().enumerate() {
        found.extend(validity(certificate, question.now));
        found.extend(weakness(certificate, &BROKEN, LEAST_RSA));
        if height > 0 {
            found.extend(issuing(certificate, below(height)));
        }
    }
    // Since JDK 15, 11.0.8 and 8u261, unless jdk.security.allowNonCaAnchor is set. The length of
    // the path below an anchor is not limited.
    if anchor.version().0 == 2 {
        found.extend(issuing(anchor, 0));
    }
    found.extend(signing(leaf));
    found.extend(usage(leaf, role));
    found
}

/// How many CAs stand below the certificate at this height, the leaf being at height 0.
fn below(height: usize) -> u32 {
    u32::try_from(height.saturating_sub(1)).unwrap_or(u32::MAX)
}

fn usage(leaf: &X509Certificate<'_>, role: Role) -> Option<Refusal> {
    let usage = leaf.extended_key_usage().ok().flatten()?.value;
    let allowed = match role {
        Role::Server => usage.server_auth,
        Role::Client => usage.client_auth,
    };
    (!allowed && !usage.any).then(|| Refusal::Usage {
        subject: name(leaf.subject()),
        missing: role.usage(),
    })
}
