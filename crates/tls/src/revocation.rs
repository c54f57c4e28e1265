//! Revocation lists, looked at in both roles.

use std::cell::Cell;

use ringlock_pki::{LeafFacts, RevocationLists, StaleList};
use rustls::{
    CertificateError, Error, OtherError, RootCertStore,
    crypto::WebPkiSupportedAlgorithms,
    pki_types::{CertificateDer, UnixTime},
};
use webpki::{
    CertRevocationList, EndEntityCert, ExpirationPolicy, KeyUsage, OwnedCertRevocationList,
    RevocationCheckDepth, RevocationOptionsBuilder, UnknownStatusPolicy,
};

use crate::BuildError;

thread_local! {
    /// The certificate that the last verification on this thread found revoked.
    ///
    /// The library's error has no place for it, and an error of our own in its place would be
    /// told to the peer by another alert than `certificate_revoked`. Verification happens within
    /// one call of the session, so that call finds here what it left.
    static FOUND: Cell<Option<String>> = const { Cell::new(None) };
}

/// The certificate that was found revoked in the verification that has just failed.
pub(crate) fn found() -> String {
    FOUND
        .take()
        .unwrap_or_else(|| "one of its chain".to_owned())
}

/// What is looked up for every certificate of a peer's chain but the trust anchor.
#[derive(Debug)]
pub(crate) struct Revocation {
    lists: RevocationLists,
    library: Vec<CertRevocationList<'static>>,
    expiration: ExpirationPolicy,
}

impl Revocation {
    /// Absent where there is no list: then nothing is looked up.
    pub(crate) fn new(
        lists: &RevocationLists,
        stale: StaleList,
    ) -> Result<Option<Self>, BuildError> {
        if lists.lists.is_empty() {
            return Ok(None);
        }
        let mut order: Vec<usize> = (0..lists.lists.len()).collect();
        // Of several lists of one CA the first counts, so it has to be the newest.
        order.sort_by_key(|at| std::cmp::Reverse(lists.facts.get(*at).map(|it| it.this_update)));
        let library = order.into_iter().map(|at| {
            let list = OwnedCertRevocationList::from_der(&lists.lists[at]);
            list.map(CertRevocationList::from)
                .map_err(|error| BuildError::RevocationList {
                    number: at + 1,
                    reason: error.to_string(),
                })
        });
        Ok(Some(Self {
            library: library.collect::<Result<_, _>>()?,
            lists: lists.clone(),
            expiration: match stale {
                StaleList::Refuse => ExpirationPolicy::Enforce,
                StaleList::Accept => ExpirationPolicy::Ignore,
            },
        }))
    }

    /// Looks up a chain that is good otherwise.
    ///
    /// A CA without a list, or with one that is overdue, certifies nobody: whoever keeps a list
    /// from us would keep a revoked certificate alive.
    pub(crate) fn check(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        roots: &RootCertStore,
        algorithms: WebPkiSupportedAlgorithms,
        (now, usage): (UnixTime, KeyUsage),
    ) -> Result<(), Error> {
        let lists: Vec<&CertRevocationList<'_>> = self.library.iter().collect();
        let options = RevocationOptionsBuilder::new(&lists)
            .map_err(|_| Error::General("there is no revocation list".to_owned()))?
            .with_depth(RevocationCheckDepth::Chain)
            .with_status_policy(UnknownStatusPolicy::Deny)
            .with_expiration_policy(self.expiration)
            .build();
        let certificate = EndEntityCert::try_from(leaf).map_err(refusal)?;
        let verified = certificate.verify_for_usage(
            algorithms.all,
            &roots.roots,
            intermediates,
            now,
            usage,
            Some(options),
            None,
        );
        match verified {
            Ok(_) => Ok(()),
            Err(error) => {
                FOUND.set(self.name_revoked(leaf, intermediates));
                Err(refusal(error))
            }
        }
    }

    fn name_revoked(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
    ) -> Option<String> {
        let mut chain = std::iter::once(leaf).chain(intermediates);
        let revoked = chain.find(|it| self.lists.is_revoked(it).unwrap_or(false))?;
        let facts = LeafFacts::read(revoked).ok()?;
        Some(format!(
            "{} (serial number {})",
            facts.subject, facts.serial
        ))
    }
}

fn refusal(error: webpki::Error) -> Error {
    Error::InvalidCertificate(match error {
        webpki::Error::CertRevoked => CertificateError::Revoked,
        webpki::Error::UnknownRevocationStatus => CertificateError::UnknownRevocationStatus,
        webpki::Error::CrlExpired { time, next_update } => {
            CertificateError::ExpiredRevocationListContext { time, next_update }
        }
        other => CertificateError::Other(OtherError(std::sync::Arc::new(other))),
    })
}
