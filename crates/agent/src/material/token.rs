//! A private key that stays in a PKCS #11 token.

use std::path::{Path, PathBuf};

use ringlock_config::{Config, TokenChoice, TokenKey};
use ringlock_files::read_limited;
use ringlock_pki::Identity;
use ringlock_secret::{Password, PasswordSource};
use ringlock_store::MAX_BYTES;
use ringlock_token::{ConfigError, PinSource, TokenConfig, TokenUri, UriError};
use time::OffsetDateTime;

use super::{LoadError, read_store};

/// What the configuration says of it.
pub(super) struct Named<'c> {
    pub(super) key: &'c TokenKey,
    /// A file with the certificate and what leads to the CA.
    pub(super) certificate: Option<&'c Path>,
}

/// Why the words of `ringlock.pkcs11` name no key.
#[derive(Debug, thiserror::Error)]
pub enum TokenNameError {
    /// The URI is none.
    #[error(transparent)]
    Uri(#[from] UriError),
    /// Something is missing, or contradicts itself.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is nothing to log in with.
    #[error("the token needs a PIN: expected keystore_password, or pin-source in the URI")]
    NoPin,
}

/// The key that stays in its token, with the certificates of the token and of the file.
pub(super) fn identity(
    config: &Config,
    named: &Named<'_>,
    password: Option<&Password>,
    now: OffsetDateTime,
) -> Result<Identity, LoadError> {
    let refused = |source| LoadError::TokenName {
        path: config.path.clone(),
        source,
    };
    let (wanted, pin_source) = token_config(named.key).map_err(refused)?;
    let from_file = pin_source.map(|file| PasswordSource::File(file).read());
    let from_file = from_file.transpose()?;
    let pin = from_file.as_ref().or(password);
    let pin = pin.ok_or_else(|| refused(TokenNameError::NoPin))?;
    let token = ringlock_token::open(&wanted, pin.expose())?;
    if !token.pin_is_proven() {
        tracing::warn!(
            "ringlock.pkcs11: the PIN is another than the one that this agent logged in with, and \
             is not tried while that login lasts; whether it is right shows at the next start, or \
             when the token is taken out and put back"
        );
    }
    let mut certificates = token.certificates().to_vec();
    if let Some(path) = named.certificate {
        let opened = read_store(path, &read_limited(path, MAX_BYTES)?, None)?;
        certificates.extend(opened.store.all_certificates().cloned());
    }
    Identity::with_signer(token, certificates, now).map_err(|source| LoadError::Identity {
        path: named
            .certificate
            .map_or_else(|| config.path.clone(), Path::to_owned),
        source,
    })
}

/// Which key is meant, and the file that its URI names for the PIN.
fn token_config(key: &TokenKey) -> Result<(TokenConfig, Option<PathBuf>), TokenNameError> {
    let module = key.module.as_deref();
    match &key.choice {
        TokenChoice::Uri(uri) => {
            let uri: TokenUri = uri.parse()?;
            for name in &uri.ignored {
                tracing::warn!("ringlock.pkcs11.uri: {name} is not known and has no effect");
            }
            let config = TokenConfig::from_uri(&uri, module)?;
            let source = uri.pin_source.map(|PinSource::File(path)| path);
            Ok((config, source))
        }
        TokenChoice::Parts { token, slot, key } => {
            let module = module.unwrap_or(Path::new(""));
            let config = TokenConfig::from_parts(module, token.as_deref(), *slot, key.as_deref())?;
            Ok((config, None))
        }
    }
}
