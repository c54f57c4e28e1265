//! The configurations of both roles, as the engines want them.

use std::sync::Arc;

use ringlock_pki::{Identity, IdentityKey};
use rustls::{
    ClientConfig, ServerConfig,
    client::Resumption,
    crypto::CryptoProvider,
    server::{
        NoServerSessionStorage, ServerSessionMemoryCache, WebPkiClientVerifier,
        danger::ClientCertVerifier,
    },
};

use super::{BuildError, Options};
use crate::{
    legacy::Contexts,
    signing, suites,
    trusted::Trusted,
    verifier::{DiallerVerifier, PeerVerifier},
};

/// Sessions remembered for resumption, in each role; as a client that is eight for each of 64
/// peers. Each costs up to 2 KiB. Beyond that the oldest are forgotten, and their peers do a full
/// handshake, which costs a millisecond once in a connection's long life.
const REMEMBERED_SESSIONS: usize = 512;

/// Both roles' configurations.
#[derive(Debug)]
pub(super) enum Roles {
    Rustls {
        client: Arc<ClientConfig>,
        server: Arc<ServerConfig>,
    },
    OpenSsl(Contexts),
}

pub(super) fn client_config(
    provider: &Arc<CryptoProvider>,
    verifier: Arc<PeerVerifier>,
    identity: &Identity,
    options: Options,
    fips: bool,
) -> Result<ClientConfig, BuildError> {
    let config = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&suites::library_versions(provider))
        .map_err(BuildError::Provider)?
        // "Dangerous" is the name of the door by which every custom verifier enters; ours checks
        // the chain with the same code and relaxes nothing but the name, on order.
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match &identity.key {
        IdentityKey::Private(key) => config
            .with_client_auth_cert(identity.chain.clone(), key.der().clone_key())
            .map_err(BuildError::Key)?,
        IdentityKey::Remote(signer) => {
            let shown = signing::resolver(&identity.chain, signer).map_err(BuildError::Key)?;
            config.with_client_cert_resolver(shown)
        }
    };
    config.resumption = match options.session_tickets {
        true => Resumption::in_memory_sessions(REMEMBERED_SESSIONS),
        false => Resumption::disabled(),
    };
    config.require_ems = fips;
    // Peers are dialled by address; there is no name to send (RFC 6066 §3).
    config.enable_sni = false;
    config.enable_secret_extraction = true;
    Ok(config)
}

pub(super) fn server_config(
    provider: &Arc<CryptoProvider>,
    verifier: Option<Arc<dyn ClientCertVerifier>>,
    identity: &Identity,
    options: Options,
    fips: bool,
) -> Result<ServerConfig, BuildError> {
    let config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&suites::library_versions(provider))
        .map_err(BuildError::Provider)?
        .with_client_cert_verifier(verifier.unwrap_or_else(WebPkiClientVerifier::no_client_auth));
    let mut config = match &identity.key {
        IdentityKey::Private(key) => config
            .with_single_cert(identity.chain.clone(), key.der().clone_key())
            .map_err(BuildError::Key)?,
        IdentityKey::Remote(signer) => {
            let shown = signing::resolver(&identity.chain, signer).map_err(BuildError::Key)?;
            config.with_cert_resolver(shown)
        }
    };
    config.require_ems = fips;
    if options.session_tickets {
        config.session_storage = ServerSessionMemoryCache::new(REMEMBERED_SESSIONS);
        // A resumed connection yields the ticket of the next one, so one a handshake is enough.
        config.send_tls13_tickets = 1;
    } else {
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    config.enable_secret_extraction = true;
    Ok(config)
}

pub(super) fn dialler_verifier(
    provider: &Arc<CryptoProvider>,
    trusted: Arc<Trusted>,
    options: Options,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, BuildError> {
    let asked = options.client_auth;
    if !asked.is_asked_for() {
        return Ok(None);
    }
    let verifier = DiallerVerifier::new(trusted, provider, asked.is_required())?;
    Ok(Some(Arc::new(verifier)))
}
