//! A handshake by OpenSSL, and the judgement of the peer's certificates.
//!
//! OpenSSL is told to take any certificate; each time it has read one, and before a byte of its
//! answer goes out, this node's own verifier is asked. Nothing is encrypted by then in either
//! role: a client has not sent its half of the key exchange, and a server has yet to read it. So
//! a refusal is one alert in the clear, the same as rustls sends, where OpenSSL would know only
//! the alerts of its own judgements.

use std::{borrow::Cow, sync::Arc};

use openssl::{
    error::ErrorStack,
    ssl::{ErrorCode, Ssl, SslRef, SslStream},
};
use ringlock_model::{KeyExchange, TlsFacts};
use ringlock_suites::Suite;
use rustls::{
    AlertDescription, CertificateError, Error,
    client::danger::ServerCertVerifier as _,
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::danger::ClientCertVerifier,
};

use super::{
    context::group,
    failure::handshake_failure,
    pipe::{Front, Pipe},
    traffic::Established,
};
use crate::{Handshake, HandshakeFailure, session::Failed, verifier::PeerVerifier};

/// A handshake in either role.
pub(crate) struct Handshaking {
    stream: SslStream<Pipe>,
    verifier: Verifier,
    /// The peer's chain once it has been verified.
    chain: Option<Vec<CertificateDer<'static>>>,
    /// Whether the extended master secret (RFC 7627) is demanded.
    fips: bool,
}

/// Who judges the peer.
pub(super) enum Verifier {
    /// The one that was dialled, by this address.
    Dialled(Arc<PeerVerifier>, ServerName<'static>),
    /// The one that dials, if it is asked for a certificate.
    Dials(Option<Arc<dyn ClientCertVerifier>>),
}

impl Handshaking {
    pub(super) fn new(
        ssl: Result<Ssl, ErrorStack>,
        verifier: Verifier,
        fips: bool,
    ) -> Result<Self, HandshakeFailure> {
        let other = |error: ErrorStack| HandshakeFailure::Other(error.to_string());
        let mut ssl = ssl.map_err(other)?;
        match &verifier {
            Verifier::Dialled(..) => ssl.set_connect_state(),
            Verifier::Dials(_) => ssl.set_accept_state(),
        }
        Ok(Self {
            stream: SslStream::new(ssl, Pipe::default()).map_err(other)?,
            verifier,
            chain: None,
            fips,
        })
    }

    /// As [`Session::handshake`](crate::Session::handshake), but that bytes behind the end of the
    /// handshake stay in `incoming`.
    pub(crate) fn advance(
        &mut self,
        incoming: &mut Vec<u8>,
        outgoing: &mut Vec<u8>,
    ) -> Result<Handshake, Failed> {
        loop {
            let step = self.stream.do_handshake();
            self.judge()?;
            match step {
                Ok(()) => {
                    self.demand_certificate()?;
                    self.demand_extended_master_secret()?;
                    outgoing.append(&mut self.stream.get_mut().take_written());
                    return Ok(Handshake::Done);
                }
                Err(error) if error.code() == ErrorCode::WANT_READ => {
                    outgoing.append(&mut self.stream.get_mut().take_written());
                    if !self.feed(incoming) {
                        return Ok(Handshake::NeedsBytes);
                    }
                }
                Err(error) => {
                    return Err(Failed {
                        failure: handshake_failure(&error),
                        alert: self.stream.get_mut().take_written(),
                    });
                }
            }
        }
    }

    /// The session whose handshake is over; `rest` came behind it.
    pub(crate) fn establish(self, rest: Vec<u8>) -> Established {
        let suite = suite(self.stream.ssl());
        let facts = facts(self.stream.ssl(), suite);
        Established::new(
            self.stream,
            suite,
            (facts, self.chain.unwrap_or_default()),
            rest,
        )
    }

    /// Gives OpenSSL one record, or all that is there if that is none; says whether it did.
    fn feed(&mut self, incoming: &mut Vec<u8>) -> bool {
        let length = match Front::of(incoming) {
            Front::Part => return false,
            Front::Record(length) => length,
            Front::Garbage => incoming.len(),
        };
        self.stream.get_mut().feed(&incoming[..length]);
        incoming.drain(..length);
        true
    }

    /// Judges the peer's certificates as soon as they are there, once.
    fn judge(&mut self) -> Result<(), Failed> {
        if self.chain.is_some() {
            return Ok(());
        }
        let chain = peer_chain(self.stream.ssl())
            .map_err(|error| refused(Error::General(error.to_string())))?;
        if chain.is_empty() {
            return Ok(());
        }
        self.verifier.verify(&chain).map_err(refused)?;
        self.chain = Some(chain);
        Ok(())
    }

    /// OpenSSL has seen to it already.
    fn demand_certificate(&self) -> Result<(), Failed> {
        match (&self.verifier, &self.chain) {
            (Verifier::Dials(None), _) | (_, Some(_)) => Ok(()),
            (Verifier::Dials(Some(verifier)), None) if !verifier.client_auth_mandatory() => Ok(()),
            _ => Err(refused(Error::NoCertificatesPresented)),
        }
    }

    /// Without it TLS 1.2 is not what FIPS 140-3 allows (IG D.Q). OpenSSL says it at the end only,
    /// when a client has begun to encrypt and cannot send an alert in the clear any more.
    fn demand_extended_master_secret(&self) -> Result<(), Failed> {
        if !self.fips || self.stream.ssl().extms_support() == Some(true) {
            return Ok(());
        }
        let failure = "the peer has no extended master secret, which FIPS 140 demands";
        Err(Failed {
            failure: HandshakeFailure::NothingInCommon(failure.to_owned()),
            alert: match &self.verifier {
                Verifier::Dialled(..) => Vec::new(),
                Verifier::Dials(_) => alert(AlertDescription::HandshakeFailure),
            },
        })
    }
}

impl Verifier {
    fn verify(&self, chain: &[CertificateDer<'_>]) -> Result<(), Error> {
        let now = UnixTime::now();
        let Some((leaf, intermediates)) = chain.split_first() else {
            return Err(Error::NoCertificatesPresented);
        };
        match self {
            Self::Dialled(verifier, name) => verifier
                .verify_server_cert(leaf, intermediates, name, &[], now)
                .map(drop),
            Self::Dials(Some(verifier)) => verifier
                .verify_client_cert(leaf, intermediates, now)
                .map(drop),
            // It was not asked for, so nothing follows from it.
            Self::Dials(None) => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }
}

/// A peer that this node refuses, with the alert of RFC 5246 §7.2 in the clear.
fn refused(error: Error) -> Failed {
    let description = match &error {
        Error::InvalidCertificate(error) => AlertDescription::from(error.clone()),
        Error::NoCertificatesPresented => AlertDescription::HandshakeFailure,
        _ => AlertDescription::InternalError,
    };
    Failed {
        failure: HandshakeFailure::from_rustls(error),
        alert: alert(description),
    }
}

/// A fatal alert in the clear.
fn alert(description: AlertDescription) -> Vec<u8> {
    vec![21, 3, 3, 0, 2, 2, u8::from(description)]
}

/// The peer's certificates as it sent them, its own first; none if it has sent none.
fn peer_chain(ssl: &SslRef) -> Result<Vec<CertificateDer<'static>>, ErrorStack> {
    let Some(leaf) = ssl.peer_certificate() else {
        return Ok(Vec::new());
    };
    let mut chain = vec![CertificateDer::from(leaf.to_der()?)];
    for certificate in ssl.peer_cert_chain().into_iter().flatten() {
        let der = CertificateDer::from(certificate.to_der()?);
        // A server's own certificate stands in its chain, a client's does not.
        if der != chain[0] {
            chain.push(der);
        }
    }
    Ok(chain)
}

fn suite(ssl: &SslRef) -> Option<&'static Suite> {
    let number = u16::from_be_bytes(ssl.current_cipher()?.protocol_id());
    Suite::by_code(number)
}

fn facts(ssl: &SslRef, suite: Option<&'static Suite>) -> TlsFacts {
    let exchange = suite.map(|suite| group(suite, ssl.peer_tmp_key()));
    TlsFacts {
        version: ssl.version_str().into(),
        suite: suite.map_or("unknown", Suite::name).into(),
        key_exchange: KeyExchange(exchange.map_or(Cow::Borrowed("none"), Cow::Owned)),
        resumed: ssl.session_reused(),
        identity: None,
    }
}
