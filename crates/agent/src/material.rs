//! Key material from files: identity, trust, and what handshakes are made from.

use std::path::{Path, PathBuf};

use ringlock_config::{
    Config, IdentityFiles, Origin, TlsOffer, TrustAnchors,
    resolve::{Secret, Setting},
};
use ringlock_files::{FileError, read_limited, read_private};
use ringlock_pki::{Identity, IdentityError, Trust, TrustError};
use ringlock_store::{KeyStore, StoreError};
use ringlock_tls::{BuildError, Offer, Options, TlsState, Version};
use time::OffsetDateTime;

/// The most that is read from a key or certificate file: a truststore of several hundred CAs.
const MAX_FILE: u64 = 1 << 20;

/// The most that is read of a configuration in which a key stands.
const MAX_CONFIG: u64 = 8 << 20;

/// Why key material was not put in force.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file cannot be read, or may be read by too many.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file does not hold what it should.
    #[error("{}: {source}", path.display())]
    Store {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: StoreError,
    },
    /// Key and certificates do not make an identity.
    #[error("{}: {source}", path.display())]
    Identity {
        /// The file with the certificate.
        path: PathBuf,
        /// What does not fit.
        source: IdentityError,
    },
    /// The truststore holds no usable anchor.
    #[error("{}: {source}", path.display())]
    Trust {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: TrustError,
    },
    /// The TLS library does not take it.
    #[error("{}: {source}", path.display())]
    Build {
        /// The file with the certificate.
        path: PathBuf,
        /// What it says.
        source: BuildError,
    },
}

/// Reads and checks everything that `server_encryption_options` names.
///
/// # Errors
/// [`LoadError`] names the file.
pub fn load(config: &Config, now: OffsetDateTime) -> Result<TlsState, LoadError> {
    let identity = identity(&config.internode.identity, now)?;
    let trust = trust(&config.internode.trust, now)?;
    for subject in &identity.unused {
        tracing::info!(
            subject,
            "a certificate that is no part of the chain is not sent"
        );
    }
    for anchor in &trust.expired {
        let until = date(anchor.not_after);
        tracing::warn!(
            subject = anchor.subject,
            until,
            "an expired CA is not trusted"
        );
    }
    let options = Options {
        client_auth: config.internode.require_client_auth,
        endpoint_verification: config.internode.require_endpoint_verification,
    };
    let offer = offer(&config.internode.offer);
    TlsState::build(&identity, &trust, options, &offer).map_err(|source| LoadError::Build {
        path: certificate_path(&config.internode.identity),
        source,
    })
}

/// What handshakes offer; suites that cannot be carried out are told, in Cassandra's words
/// (`SSLFactory`).
fn offer(configured: &TlsOffer) -> Offer {
    for suite in &configured.dropped {
        tracing::info!(
            "Dropping unsupported cipher_suite {suite} from internode messaging configuration"
        );
    }
    let version = |version: &ringlock_suites::Version| match version {
        ringlock_suites::Version::Tls13 => Some(Version::Tls13),
        ringlock_suites::Version::Tls12 => Some(Version::Tls12),
        // The configuration names no other.
        _ => None,
    };
    Offer {
        versions: configured.versions.iter().filter_map(version).collect(),
        suites: configured.suites.iter().map(|suite| suite.code()).collect(),
    }
}

/// Every file whose change means a reload, the configuration itself included.
pub(crate) fn watched_files(config: &Config) -> Vec<PathBuf> {
    let mut files = vec![config.path.clone()];
    files.extend(config.database.as_ref().map(|file| file.path.clone()));
    match &config.internode.trust {
        TrustAnchors::File(truststore) => files.push(truststore.clone()),
        TrustAnchors::Inline(_) => {}
    }
    match &config.internode.identity {
        IdentityFiles::Pair {
            certificate,
            keyfile,
        } => files.extend([certificate.clone(), keyfile.clone()]),
        IdentityFiles::Combined { keystore } => files.push(keystore.clone()),
        IdentityFiles::Inline { .. } => {}
    }
    files
}

/// The file that holds the private key.
pub(crate) fn key_file(config: &Config) -> &Path {
    match &config.internode.identity {
        IdentityFiles::Pair { keyfile, .. } => keyfile,
        IdentityFiles::Combined { keystore } => keystore,
        IdentityFiles::Inline { private_key } => file_of(private_key).unwrap_or(&config.path),
    }
}

fn identity(files: &IdentityFiles, now: OffsetDateTime) -> Result<Identity, LoadError> {
    let store = match files {
        IdentityFiles::Pair {
            certificate,
            keyfile,
        } => {
            let certificates = read_store(certificate, &read_limited(certificate, MAX_FILE)?)?;
            certificates.join(read_store(keyfile, &read_private(keyfile, MAX_FILE)?)?)
        }
        IdentityFiles::Combined { keystore } => {
            read_store(keystore, &read_private(keystore, MAX_FILE)?)?
        }
        IdentityFiles::Inline { private_key } => {
            // The key is as exposed as the file that it stands in.
            if let Some(file) = file_of(private_key) {
                read_private(file, MAX_CONFIG)?;
            }
            read_store(
                &place_of(private_key),
                private_key.value.reveal().as_bytes(),
            )?
        }
    };
    Identity::select(store, now).map_err(|source| LoadError::Identity {
        path: certificate_path(files),
        source,
    })
}

fn trust(anchors: &TrustAnchors, now: OffsetDateTime) -> Result<Trust, LoadError> {
    let (path, store) = match anchors {
        TrustAnchors::File(path) => {
            let store = read_store(path, &read_limited(path, MAX_FILE)?)?;
            (path.clone(), store)
        }
        TrustAnchors::Inline(trusted) => {
            let path = place_of(trusted);
            let store = read_store(&path, trusted.value.reveal().as_bytes())?;
            (path, store)
        }
    };
    Trust::select(&store, now).map_err(|source| LoadError::Trust { path, source })
}

fn read_store(path: &Path, bytes: &[u8]) -> Result<KeyStore, LoadError> {
    ringlock_store::parse_pem(bytes).map_err(|source| LoadError::Store {
        path: path.to_owned(),
        source,
    })
}

/// The file of the certificate, or the place of the key that holds it.
fn certificate_path(files: &IdentityFiles) -> PathBuf {
    match files {
        IdentityFiles::Pair { certificate, .. } => certificate.clone(),
        IdentityFiles::Combined { keystore } => keystore.clone(),
        IdentityFiles::Inline { private_key } => place_of(private_key),
    }
}

/// The file, line and column at which PEM stands in a configuration.
fn place_of(pem: &Setting<Secret>) -> PathBuf {
    pem.origin.to_string().into()
}

fn file_of(pem: &Setting<Secret>) -> Option<&Path> {
    match &pem.origin {
        Origin::File { file, .. } => Some(file),
        Origin::Default(_) => None,
    }
}

/// A time as the admin socket writes it: RFC 3339, UTC.
pub(crate) fn date(time: OffsetDateTime) -> String {
    time.format(&time::format_description::well_known::Rfc3339)
        .unwrap_or_else(|_| time.unix_timestamp().to_string())
}

#[cfg(test)]
mod tests {
    use ringlock_suites::Suite;

    #[test]
    fn the_table_of_suites_knows_what_the_engine_carries_out() {
        for suite in Suite::all() {
            assert_eq!(
                !suite.carried_by().is_empty(),
                ringlock_tls::is_carried(suite.code()),
                "{suite}"
            );
        }
    }
}
