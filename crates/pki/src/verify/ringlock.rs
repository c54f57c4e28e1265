//! A Ringlock agent: its own rules for a truststore, and webpki, with which it verifies.

use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, TrustAnchor, UnixTime};
use std::time::Duration;
use webpki::{
    CertRevocationList, EndEntityCert, Error, KeyUsage, OwnedCertRevocationList,
    RevocationOptionsBuilder, UnknownStatusPolicy, anchor_from_trusted_cert,
};

use super::{
    Question, Refusal, Role,
    path::{issuing, signing},
};
use crate::{Trust, leaf::parse, text::name};

pub(super) fn refusals(
    question: &Question<'_>,
    leaf: &CertificateDer<'static>,
    role: Role,
) -> Vec<Refusal> {
    let trust = match Trust::select(question.trust, question.now) {
        Ok(trust) => trust,
        Err(error) => return vec![error.into()],
    };
    let is_pinned = trust.is_pinned(leaf);
    let trusted = match is_pinned {
        true => std::slice::from_ref(leaf),
        false => &trust.anchors,
    };
    let anchors: Vec<TrustAnchor<'_>> = trusted
        .iter()
        .filter_map(|der| anchor_from_trusted_cert(der).ok())
        .collect();
    // Nobody issues a list for a certificate that is its own anchor.
    let lists: &[_] = match is_pinned {
        true => &[],
        false => &question.lists.lists,
    };
    let verified = EndEntityCert::try_from(leaf)
        .and_then(|leaf| verify(&leaf, (&anchors, lists), question, role));
    let mut found = Vec::new();
    if let Err(error) = verified {
        found.push(refusal(&error, question, &trust, leaf, role));
    }
    found.extend(parse(leaf).ok().and_then(|leaf| signing(&leaf)));
    found
}

fn verify(
    leaf: &EndEntityCert<'_>,
    (anchors, lists): (&[TrustAnchor<'_>], &[CertificateRevocationListDer<'_>]),
    question: &Question<'_>,
    role: Role,
) -> Result<(), Error> {
    let lists: Vec<CertRevocationList<'_>> = lists
        .iter()
        .map(|list| OwnedCertRevocationList::from_der(list).map(Into::into))
        .collect::<Result<_, _>>()?;
    let lists: Vec<_> = lists.iter().collect();
    // A CA without a list revokes nothing.
    let revocation = RevocationOptionsBuilder::new(&lists).ok();
    let revocation = revocation.map(|options| {
        options
            .with_status_policy(UnknownStatusPolicy::Allow)
            .build()
    });
    let usage = match role {
        Role::Server => KeyUsage::server_auth(),
        Role::Client => KeyUsage::client_auth(),
    };
    let since_1970 = u64::try_from(question.now.unix_timestamp()).unwrap_or_default();
    leaf.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        anchors,
        &question.chain[1..],
        UnixTime::since_unix_epoch(Duration::from_secs(since_1970)),
        usage,
        revocation,
        None,
    )
    .map(|_| ())
}

/// webpki names the mistake and not the certificate; which one it is has to be looked for.
fn refusal(
    error: &Error,
    question: &Question<'_>,
    trust: &Trust,
    leaf: &CertificateDer<'static>,
    role: Role,
) -> Refusal {
    let Ok(parsed) = parse(leaf) else {
        return Refusal::NothingSent;
    };
    let subject = name(parsed.subject());
    match error {
        Error::CaUsedAsEndEntity => Refusal::Ca { subject },
        Error::RequiredEkuNotFoundContext(_) => Refusal::Usage {
            subject,
            missing: role.usage(),
        },
        error => in_chain(error, question, trust).unwrap_or_else(|| Refusal::Other {
            subject,
            reason: crate::text::printable(&error.to_string()),
        }),
    }
}

fn in_chain(error: &Error, question: &Question<'_>, trust: &Trust) -> Option<Refusal> {
    let chain = super::path::readable(question.chain.iter());
    match error {
        Error::CertExpired { .. } | Error::CertNotValidYet { .. } => chain
            .iter()
            .find_map(|certificate| super::path::validity(certificate, question.now)),
        Error::CertRevoked => chain
            .iter()
            .find_map(|certificate| super::gnutls::revoked(certificate, question)),
        Error::UnknownIssuer | Error::InvalidSignatureForPublicKey | Error::EndEntityUsedAsCa => {
            let trusted = trust.anchors.iter().chain(&trust.pinned);
            let found = super::path::judge(&chain, super::path::readable(trusted), &|path| {
                let issuer = path.get(1..).and_then(<[_]>::last);
                issuer.and_then(|it| issuing(it, 0)).into_iter().collect()
            });
            found.into_iter().next()
        }
        _ => None,
    }
}
