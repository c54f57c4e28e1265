//! What Java and GnuTLS have in common: a chain of signatures, and rules for each link.

use ringlock_store::KeyStore;
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;

use super::Refusal;
use crate::{
    chain::{Pool, is_self_signed},
    leaf::parse,
    text::name,
};

/// The certificates of one way up: leaf first, anchor last; one alone where the leaf itself is
/// trusted.
pub(super) type Path<'p, 'a> = Vec<&'p X509Certificate<'a>>;

/// Judges every way from the leaf to an anchor, and answers what is wrong with the best: nothing
/// where one of them is good.
pub(super) fn judge<'a>(
    chain: &[X509Certificate<'a>],
    anchors: Vec<X509Certificate<'a>>,
    rules: &dyn Fn(&Path<'_, 'a>) -> Vec<Refusal>,
) -> Vec<Refusal> {
    let trusted = anchors.len();
    if trusted == 0 {
        return vec![Refusal::NoAnchors];
    }
    let is_leaf = |it: &X509Certificate<'_>| it.as_raw() == chain[0].as_raw();
    let trusted_leaf = anchors.iter().position(is_leaf);
    let mut all = anchors;
    all.extend(chain.iter().cloned());
    let pool = Pool::new(all);
    let leaf = trusted_leaf.unwrap_or(trusted);
    let chains = pool.chains(leaf, &|at| at < trusted);
    let judged = chains.complete.iter().map(|path| {
        let path: Path<'_, 'a> = path.iter().map(|at| pool.get(*at)).collect();
        rules(&path)
    });
    let best = judged.min_by_key(Vec::len);
    best.unwrap_or_else(|| vec![dead_end(&pool, &chains.longest)])
}

fn dead_end(pool: &Pool<'_>, longest: &[usize]) -> Refusal {
    let last = longest.last().copied().unwrap_or_default();
    let certificate = pool.get(last);
    let subject = name(certificate.subject());
    let issuer = name(certificate.issuer());
    if is_self_signed(certificate) {
        Refusal::UntrustedRoot { subject }
    } else if pool.has_issuer_name(last) {
        Refusal::OtherKey { subject, issuer }
    } else {
        Refusal::MissingIssuer { subject, issuer }
    }
}

/// The certificates of a truststore that `is_anchor` takes. One that cannot be read is no
/// anchor.
pub(super) fn anchors<'a>(trust: &'a KeyStore, marked_only: bool) -> Vec<X509Certificate<'a>> {
    let entries = trust.certificates.iter();
    let entries = entries.filter(|entry| entry.trusted || !marked_only);
    readable(entries.map(|entry| &entry.certificate))
}

pub(super) fn readable<'a>(
    ders: impl Iterator<Item = &'a CertificateDer<'static>>,
) -> Vec<X509Certificate<'a>> {
    ders.filter_map(|der| parse(der).ok()).collect()
}

pub(super) fn validity(certificate: &X509Certificate<'_>, now: OffsetDateTime) -> Option<Refusal> {
    let not_before = certificate.validity().not_before.to_datetime();
    let not_after = certificate.validity().not_after.to_datetime();
    let subject = || name(certificate.subject());
    if now.truncate_to_second() > not_after {
        Some(Refusal::Expired {
            subject: subject(),
            not_after,
        })
    } else if now < not_before {
        Some(Refusal::NotYetValid {
            subject: subject(),
            not_before,
        })
    } else {
        None
    }
}

/// Whether a certificate may have issued others, `below` of them CAs' that are not self-issued
/// (RFC 5280 §4.2.1.9).
pub(super) fn issuing(certificate: &X509Certificate<'_>, below: u32) -> Option<Refusal> {
    let subject = || name(certificate.subject());
    let not_ca = |reason| {
        Some(Refusal::NotCa {
            subject: subject(),
            reason,
        })
    };
    let constraints = certificate.basic_constraints().ok().flatten();
    let Some(constraints) = constraints.filter(|it| it.value.ca) else {
        return not_ca("its basicConstraints do not say CA:TRUE");
    };
    let usage = certificate.key_usage().ok().flatten();
    if usage.is_some_and(|usage| !usage.value.key_cert_sign()) {
        return not_ca("its keyUsage lacks keyCertSign");
    }
    let limit = constraints.value.path_len_constraint?;
    (below > limit).then(|| Refusal::PathLength {
        subject: subject(),
        limit,
        found: below,
    })
}

/// A handshake of TLS 1.3, or of 1.2 with any suite that keeps past traffic secret, is signed.
pub(super) fn signing(leaf: &X509Certificate<'_>) -> Option<Refusal> {
    let usage = leaf.key_usage().ok().flatten()?;
    (!usage.value.digital_signature()).then(|| Refusal::KeyUsage {
        subject: name(leaf.subject()),
    })
}

/// A signature made with one of these hashes, or a short RSA key.
pub(super) fn weakness(
    certificate: &X509Certificate<'_>,
    hashes: &[(&str, &str)],
    least_rsa: usize,
) -> Option<Refusal> {
    let weak = |weakness| {
        Some(Refusal::Weak {
            subject: name(certificate.subject()),
            weakness,
        })
    };
    let algorithm = certificate.signature_algorithm.algorithm.to_id_string();
    if let Some((_, hash)) = hashes.iter().find(|(id, _)| *id == algorithm) {
        return weak(format!("is signed with {hash}"));
    }
    let kind = crate::view::kind_of(certificate.public_key());
    let bits: usize = kind.strip_prefix("RSA ")?.parse().ok()?;
    if bits < least_rsa {
        return weak(format!("has an RSA key of {bits} bits"));
    }
    None
}
