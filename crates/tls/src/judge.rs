//! Judges chains once more after their handshakes: under another state, or at another time.

use std::{sync::Arc, time::Duration};

use ringlock_model::Direction;
use ringlock_pki::{Trust, not_after};
use rustls::{
    CertificateError, Error,
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms},
    pki_types::{CertificateDer, TrustAnchor, UnixTime},
    server::{VerifierBuilderError, danger::ClientCertVerifier as _},
};
use time::OffsetDateTime;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use crate::{
    HandshakeFailure,
    trusted::Trusted,
    verifier::{DiallerVerifier, PeerVerifier},
};

/// The verifiers of both roles, which also know when trust anchors end.
#[derive(Debug)]
pub(crate) struct Judge {
    dialled: Arc<PeerVerifier>,
    dials: DiallerVerifier,
    trusted: Arc<Trusted>,
    anchors: Vec<Anchor>,
    algorithms: WebPkiSupportedAlgorithms,
}

/// A CA of the truststore. TLS verifiers do not look at its time.
#[derive(Debug)]
struct Anchor {
    anchor: TrustAnchor<'static>,
    until: OffsetDateTime,
}

impl Judge {
    pub(crate) fn new(
        dialled: &Arc<PeerVerifier>,
        trusted: &Arc<Trusted>,
        trust: &Trust,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, VerifierBuilderError> {
        let anchors = trust.anchors.iter().filter_map(|der| {
            Some(Anchor {
                anchor: anchor_from_trusted_cert(der).ok()?.to_owned(),
                until: not_after(der).ok()?,
            })
        });
        Ok(Self {
            dialled: Arc::clone(dialled),
            dials: DiallerVerifier::new(Arc::clone(trusted), provider, true)?,
            trusted: Arc::clone(trusted),
            anchors: anchors.collect(),
            algorithms: provider.signature_verification_algorithms,
        })
    }

    /// Whether the peer would be believed at `at`.
    pub(crate) fn judge(
        &self,
        chain: &[CertificateDer<'_>],
        direction: Direction,
        at: OffsetDateTime,
    ) -> Result<(), HandshakeFailure> {
        let Some((leaf, intermediates)) = chain.split_first() else {
            return Err(HandshakeFailure::NoCertificate);
        };
        let now = unix(at);
        let verified = match direction {
            Direction::Outbound => self
                .dialled
                .verify_chain(leaf, intermediates, now)
                .map(drop),
            Direction::Inbound => self
                .dials
                .verify_client_cert(leaf, intermediates, now)
                .map(drop),
        };
        verified
            .and_then(|()| self.check_anchors(leaf, intermediates, direction, at))
            .map_err(HandshakeFailure::from_rustls)
    }

    /// The last second in which the chain is believed, as far as that is known at `now`: its own
    /// times and those of the trust anchors decide, and a certificate that the chain does not
    /// need does not count.
    pub(crate) fn valid_until(
        &self,
        chain: &[CertificateDer<'_>],
        direction: Direction,
        now: OffsetDateTime,
    ) -> OffsetDateTime {
        let Some(end) = chain.first().and_then(|leaf| not_after(leaf).ok()) else {
            return now;
        };
        let intermediates = chain.iter().skip(1).filter_map(|it| not_after(it).ok());
        let anchors = self.anchors.iter().map(|it| it.until);
        let mut earlier: Vec<_> = intermediates
            .chain(anchors)
            .filter(|other| now <= *other && *other < end)
            .collect();
        earlier.sort_unstable();
        earlier.dedup();
        let ends_at = |at: &OffsetDateTime| {
            let after = self.judge(chain, direction, *at + time::Duration::SECOND);
            // A list that will be overdue by then is not the chain's end.
            after.is_err_and(|failure| !failure.is_for_want_of_a_list())
        };
        earlier.into_iter().find(ends_at).unwrap_or(end)
    }

    /// Whether a trusted CA's time is over.
    pub(crate) fn has_lapsed(&self, now: OffsetDateTime) -> bool {
        self.anchors.iter().any(|it| it.until < second(now))
    }

    /// Verifies the chain without the CAs whose time is over, where there are any.
    fn check_anchors(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        direction: Direction,
        at: OffsetDateTime,
    ) -> Result<(), Error> {
        if !self.has_lapsed(at) || self.trusted.pin(leaf).is_some() {
            return Ok(());
        }
        let in_time = self.anchors.iter().filter(|it| second(at) <= it.until);
        let anchors: Vec<_> = in_time.map(|it| it.anchor.clone()).collect();
        let usage = match direction {
            Direction::Outbound => KeyUsage::server_auth(),
            Direction::Inbound => KeyUsage::client_auth(),
        };
        let algorithms = self.algorithms.all;
        EndEntityCert::try_from(leaf)
            .and_then(|leaf| {
                leaf.verify_for_usage(
                    algorithms,
                    &anchors,
                    intermediates,
                    unix(at),
                    usage,
                    None,
                    None,
                )
                .map(drop)
            })
            .map_err(|_| Error::InvalidCertificate(CertificateError::UnknownIssuer))
    }
}

/// Certificates count in whole seconds, the last one included.
fn second(at: OffsetDateTime) -> OffsetDateTime {
    at.truncate_to_second()
}

fn unix(at: OffsetDateTime) -> UnixTime {
    let seconds = u64::try_from(at.unix_timestamp()).unwrap_or_default();
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests;
