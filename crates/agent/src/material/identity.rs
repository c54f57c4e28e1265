//! What a node shows its peers: private keys with their certificates.

use std::path::Path;

use ringlock_config::{
    Config, IdentityFiles, SpiffePeers,
    resolve::{Secret, Setting},
};
use ringlock_files::{read_limited, read_private};
use ringlock_pki::{Identity, Purpose};
use ringlock_policy::spiffe_identity;
use ringlock_secret::Password;
use ringlock_store::{KeyStore, MAX_BYTES};
use time::OffsetDateTime;

use super::{
    LoadError, MAX_CONFIG, certificate_path, file_of, place_of, read_store, token,
    warn_of_unapproved,
};

/// What the node shows those who dial, and those that it dials if there is no other for them.
pub(super) fn identity(
    config: &Config,
    password: Option<&Password>,
    now: OffsetDateTime,
) -> Result<Identity, LoadError> {
    let open = |path: &Path, bytes: &[u8], password| read_own(config, path, bytes, password);
    let store = match &config.internode.identity {
        IdentityFiles::Pair {
            certificate,
            keyfile,
        } => {
            let certificates = open(certificate, &read_limited(certificate, MAX_BYTES)?, None)?;
            let key = open(keyfile, &read_private(keyfile, MAX_BYTES)?, password)?;
            certificates.join(key)
        }
        IdentityFiles::Combined { keystore } => {
            open(keystore, &read_private(keystore, MAX_BYTES)?, password)?
        }
        IdentityFiles::Token { key, certificate } => {
            let named = token::Named {
                key,
                certificate: certificate.as_deref(),
            };
            return token::identity(config, &named, password, now);
        }
        IdentityFiles::Inline { private_key } => read_inline(config, private_key, password)?,
    };
    let purpose = match &config.internode.outbound {
        Some(_) => Purpose::Server,
        None => Purpose::Both,
    };
    Identity::select_for(purpose, store, now).map_err(|source| LoadError::Identity {
        path: certificate_path(config),
        source,
    })
}

/// What is shown to those that are dialled, where that is another.
pub(super) fn outbound_identity(
    config: &Config,
    password: Option<&Password>,
    now: OffsetDateTime,
) -> Result<Option<Identity>, LoadError> {
    let Some(outbound) = &config.internode.outbound else {
        return Ok(None);
    };
    let (path, store) = match &outbound.identity {
        IdentityFiles::Inline { private_key } => (
            place_of(private_key),
            read_inline(config, private_key, password)?,
        ),
        IdentityFiles::Combined { keystore: path } | IdentityFiles::Pair { keyfile: path, .. } => {
            let bytes = read_private(path, MAX_BYTES)?;
            (path.clone(), read_own(config, path, &bytes, password)?)
        }
        // A token holds what is shown in both directions.
        IdentityFiles::Token { .. } => return Ok(None),
    };
    let selected = Identity::select_for(Purpose::Client, store, now);
    let selected = selected.map_err(|source| LoadError::Identity { path, source })?;
    Ok(Some(selected))
}

/// Where this node's own identity is the one that peers must share, it must have one.
pub(super) fn check_node_identity(config: &Config, dialling: &Identity) -> Result<(), LoadError> {
    let Some(SpiffePeers::Own { expected }) = &config.trusted_peers.spiffe else {
        return Ok(());
    };
    let found = spiffe_identity(&dialling.leaf.uris);
    match (found, expected) {
        (Some(_), None) => Ok(()),
        (Some(found), Some(expected)) if found == expected => Ok(()),
        _ => Err(LoadError::NodeIdentity {
            subject: dialling.leaf.subject.clone(),
            found: found.unwrap_or("no SPIFFE URI").escape_debug().to_string(),
            expected: expected.clone().unwrap_or_else(|| "one".to_owned()),
        }),
    }
}

/// PEM that stands in the configuration; the key is as exposed as the file that it stands in.
fn read_inline(
    config: &Config,
    pem: &Setting<Secret>,
    password: Option<&Password>,
) -> Result<KeyStore, LoadError> {
    if let Some(file) = file_of(pem) {
        read_private(file, MAX_CONFIG)?;
    }
    let bytes = pem.value.reveal().as_bytes();
    read_own(config, &place_of(pem), bytes, password)
}

/// A store of what this node shows.
fn read_own(
    config: &Config,
    path: &Path,
    bytes: &[u8],
    password: Option<&Password>,
) -> Result<KeyStore, LoadError> {
    let opened = read_store(path, bytes, password)?;
    if config.internode.offer.fips {
        warn_of_unapproved(path, &opened);
    }
    Ok(opened.store)
}
