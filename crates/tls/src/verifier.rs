use std::sync::Arc;

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
    client::{
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor, verify_server_name,
    },
    crypto::{
        CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::{
        ParsedCertificate, VerifierBuilderError, WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use webpki::KeyUsage;

use crate::trusted::Trusted;

/// Verifies the peer that was dialled: its chain always, its address where the configuration says
/// `require_endpoint_verification`.
///
/// JSSE, the databases' own TLS, checks the address only on demand (DSE-20), and a cluster whose
/// certificates lack IP addresses could not be encrypted at all if we always did.
#[derive(Debug)]
pub(crate) struct PeerVerifier {
    trusted: Arc<Trusted>,
    algorithms: WebPkiSupportedAlgorithms,
    endpoint_verification: bool,
}

impl PeerVerifier {
    pub(crate) fn new(
        trusted: Arc<Trusted>,
        algorithms: WebPkiSupportedAlgorithms,
        endpoint_verification: bool,
    ) -> Self {
        Self {
            trusted,
            algorithms,
            endpoint_verification,
        }
    }

    /// Verifies a chain, whoever it is for, and gives its leaf.
    pub(crate) fn verify_chain<'a>(
        &self,
        end_entity: &'a CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ParsedCertificate<'a>, Error> {
        let leaf = ParsedCertificate::try_from(end_entity)
            .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
        let (trusted, algorithms) = (&self.trusted, self.algorithms.all);
        if let Some(own) = trusted.pin(end_entity) {
            verify_server_cert_signed_by_trust_anchor(&leaf, own, &[], now, algorithms)?;
            return Ok(leaf);
        }
        let roots = &trusted.roots;
        if roots.is_empty() {
            return Err(CertificateError::UnknownIssuer.into());
        }
        verify_server_cert_signed_by_trust_anchor(&leaf, roots, intermediates, now, algorithms)?;
        if let Some(revocation) = &trusted.revocation {
            let usage = (now, KeyUsage::server_auth());
            revocation.check(end_entity, intermediates, roots, self.algorithms, usage)?;
        }
        Ok(leaf)
    }
}

impl ServerCertVerifier for PeerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let leaf = self.verify_chain(end_entity, intermediates, now)?;
        if self.endpoint_verification {
            verify_server_name(&leaf, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Verifies the peer that dials, if it shows a certificate: its chain as the library does, and then
/// whether it was revoked.
#[derive(Debug)]
pub(crate) struct DiallerVerifier {
    trusted: Arc<Trusted>,
    provider: Arc<CryptoProvider>,
    /// Whether one that shows no certificate is refused in the handshake.
    is_mandatory: bool,
    hints: Vec<DistinguishedName>,
    /// Absent where no CA is trusted.
    library: Option<Arc<dyn ClientCertVerifier>>,
}

impl DiallerVerifier {
    pub(crate) fn new(
        trusted: Arc<Trusted>,
        provider: &Arc<CryptoProvider>,
        is_mandatory: bool,
    ) -> Result<Self, VerifierBuilderError> {
        let library = match trusted.roots.is_empty() {
            true => None,
            false => Some(library_verifier(&trusted.roots, provider)?),
        };
        Ok(Self {
            hints: trusted.hints(),
            trusted,
            provider: Arc::clone(provider),
            is_mandatory,
            library,
        })
    }

    fn algorithms(&self) -> &WebPkiSupportedAlgorithms {
        &self.provider.signature_verification_algorithms
    }
}

impl ClientCertVerifier for DiallerVerifier {
    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if let Some(own) = self.trusted.pin(end_entity) {
            let verifier = library_verifier(own, &self.provider);
            let verifier = verifier.map_err(|error| Error::General(error.to_string()))?;
            return verifier.verify_client_cert(end_entity, &[], now);
        }
        let library = self.library.as_ref();
        let library = library.ok_or(CertificateError::UnknownIssuer)?;
        let verified = library.verify_client_cert(end_entity, intermediates, now)?;
        if let Some(revocation) = &self.trusted.revocation {
            let (roots, algorithms) = (&self.trusted.roots, *self.algorithms());
            let usage = (now, KeyUsage::client_auth());
            revocation.check(end_entity, intermediates, roots, algorithms, usage)?;
        }
        Ok(verified)
    }

    fn client_auth_mandatory(&self) -> bool {
        self.is_mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, self.algorithms())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, self.algorithms())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms().supported_schemes()
    }
}

fn library_verifier(
    roots: &Arc<RootCertStore>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, VerifierBuilderError> {
    let (roots, provider) = (Arc::clone(roots), Arc::clone(provider));
    WebPkiClientVerifier::builder_with_provider(roots, provider).build()
}
