//! Key material from files and tokens: identity, trust, and what handshakes are made from.

mod identity;
pub(crate) mod loading;
mod secrets;
mod token;

use std::{
    iter,
    path::{Path, PathBuf},
};

use ringlock_config::{
    Config, IdentityFiles, Origin, ServerEncryption, StaleLists, StorePassword, TlsOffer,
    TrustAnchors,
    resolve::{Secret, Setting},
};
use ringlock_files::{FileError, read_limited};
use ringlock_pki::{
    CrlError, IdentityError, RevocationLists, StaleList, Trust, TrustError,
    crl::read_revocation_lists,
};
use ringlock_secret::{
    DseKeyError, DseYaml, DseYamlError, KeyFileError, KeyName, Password, PasswordError, SecretError,
};
use ringlock_store::{MAX_BYTES, Opened, Passwords, StoreError, open};
use ringlock_tls::{BuildError, Engine, Identities, Offer, Options, TlsState, Version};
use ringlock_token::TokenError;
use time::OffsetDateTime;

use self::{
    identity::{check_node_identity, identity, outbound_identity},
    secrets::StorePasswords,
};
pub use self::{loading::LoadingError, token::TokenNameError};

/// The most that is read of a configuration in which a key stands.
const MAX_CONFIG: u64 = 8 << 20;

/// Why key material was not put in force.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It takes too long.
    #[error(transparent)]
    Loading(#[from] LoadingError),
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
    /// What `ringlock.pkcs11` says names no key.
    #[error("{}: ringlock.pkcs11: {source}", path.display())]
    TokenName {
        /// `ringlock.yaml`.
        path: PathBuf,
        /// What is wrong with it.
        source: TokenNameError,
    },
    /// The token does not give the key.
    #[error("ringlock.pkcs11: {0}")]
    Token(#[from] TokenError),
    /// The file of `ringlock.secret_key` is of no use.
    #[error("ringlock.secret_key: {0}")]
    SecretKey(#[from] KeyFileError),
    /// The file of `ringlock.dse_config` is of no use.
    #[error("ringlock.dse_config: {0}")]
    DseConfig(#[from] DseYamlError),
    /// DSE's key cannot be had.
    #[error("{}: {source}", path.display())]
    DseKey {
        /// The `dse.yaml`.
        path: PathBuf,
        /// What is wrong with the key.
        source: DseKeyError,
    },
    /// A password that is encrypted does not open.
    #[error("{place}: {key}: the password does not open: {source}")]
    Secret {
        /// The file, line and column.
        place: String,
        /// The option.
        key: &'static str,
        /// Why.
        source: SecretError,
    },
    /// A file with a password cannot be read.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// A revocation list is not one of the trusted CAs', or is not to be gone by.
    #[error("{}: {source}", path.display())]
    RevocationList {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: CrlError,
    },
    /// Key and certificates do not make an identity.
    #[error("{}: {source}", path.display())]
    Identity {
        /// The file with the certificate.
        path: PathBuf,
        /// What does not fit.
        source: IdentityError,
    },
    /// This node's certificate holds no identity for peers to share, or another one.
    #[error(
        "internode_authenticator: this node's certificate {subject} holds {found}; expected \
         {expected}, which its peers are to share, or trusted_peer_identities"
    )]
    NodeIdentity {
        /// The certificate that it shows when it dials.
        subject: String,
        /// The identity in it.
        found: String,
        /// The one of `node_identity`.
        expected: String,
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

impl LoadError {
    /// Whether the same files may load later: what fails is a server, a token or the time of day.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Loading(_) => true,
            Self::Token(error) => error.may_pass(),
            Self::DseKey { source, .. } => matches!(source, DseKeyError::Kmip(_)),
            Self::Identity { source, .. } => matches!(source, IdentityError::NotYetValid { .. }),
            Self::RevocationList { source, .. } => matches!(source, CrlError::NotYetValid { .. }),
            _ => false,
        }
    }
}

/// Reads and checks everything that `server_encryption_options` names.
///
/// # Errors
/// [`LoadError`] names the file.
pub fn load(config: &Config, now: OffsetDateTime) -> Result<TlsState, LoadError> {
    let internode = &config.internode;
    let passwords = StorePasswords::read(config)?;
    let own = identity(config, passwords.keystore.as_ref(), now)?;
    let outbound = outbound_identity(config, passwords.outbound.as_ref(), now)?;
    check_node_identity(config, outbound.as_ref().unwrap_or(&own))?;
    let trust = trust(internode, passwords.truststore.as_ref(), now)?;
    let unused = outbound.iter().flat_map(|outbound| &outbound.unused);
    for subject in own.unused.iter().chain(unused) {
        tracing::info!(
            subject,
            "a certificate that is no part of the chain is not sent"
        );
    }
    if !trust.pinned.is_empty() {
        tracing::info!(
            "{} certificates of nodes are trusted themselves; a revocation list cannot take one \
             back, only its removal from the truststore does",
            trust.pinned.len()
        );
    }
    for anchor in &trust.expired {
        let until = date(anchor.not_after);
        tracing::warn!(
            subject = anchor.subject,
            until,
            "an expired certificate of the truststore is not trusted"
        );
    }
    let lists = revocation_lists(internode, &trust, now)?;
    let options = Options {
        client_auth: internode.require_client_auth,
        endpoint_verification: internode.require_endpoint_verification,
        session_tickets: internode.session_tickets,
    };
    let offer = offer(&internode.offer);
    let lists = (&lists, stale(internode.stale_lists));
    let identities = Identities {
        server: &own,
        client: outbound.as_ref(),
    };
    let state = TlsState::build_with_lists(identities, &trust, lists, options, &offer);
    let state = state.map_err(|source| LoadError::Build {
        path: certificate_path(config),
        source,
    })?;
    warn_of_old_suites(&state);
    if internode.offer.fips {
        tell_module(&state);
    }
    Ok(state)
}

/// Who says `fips` restricts what is offered; who carries it out is another question.
fn tell_module(state: &TlsState) {
    if state.is_fips() {
        tracing::info!("ringlock.fips: a module of aws-lc in its FIPS 140 build does the TLS");
        return;
    }
    tracing::warn!(
        engine = %state.engine(),
        "ringlock.fips: only what FIPS 140 allows is offered, but the cryptographic module of this \
         build is not a validated one; build with the feature fips, and configure suites of rustls"
    );
}

/// Whoever asks for nothing else gets it, and is told what that is.
fn warn_of_old_suites(state: &TlsState) {
    if state.engine() == Engine::Rustls {
        return;
    }
    let flaws: Vec<_> = state.flaws().iter().map(ToString::to_string).collect();
    tracing::warn!(
        engine = %state.engine(),
        "the configuration names old cipher suites alone ({}), which OpenSSL carries in TLS 1.2: \
         {}; see docs/guide/old-suites.md",
        state.suites().join(", "),
        flaws.join("; ")
    );
}

/// The lists of revoked certificates that the configuration names.
fn revocation_lists(
    internode: &ServerEncryption,
    trust: &Trust,
    now: OffsetDateTime,
) -> Result<RevocationLists, LoadError> {
    let Some(path) = &internode.revocation_list else {
        return Ok(RevocationLists::default());
    };
    let refused = |source| LoadError::RevocationList {
        path: path.clone(),
        source,
    };
    let bytes = read_limited(path, MAX_BYTES)?;
    let lists = read_revocation_lists(&bytes).map_err(refused)?;
    let stale = stale(internode.stale_lists);
    let lists = RevocationLists::select(lists, &trust.anchors, now, stale).map_err(refused)?;
    for list in lists.facts.iter().filter(|list| list.stale) {
        tracing::warn!(
            issuer = list.issuer,
            next_update = date(list.next_update),
            "a revocation list is overdue and goes on being used"
        );
    }
    Ok(lists)
}

fn stale(configured: StaleLists) -> StaleList {
    match configured {
        StaleLists::Refuse => StaleList::Refuse,
        StaleLists::Accept => StaleList::Accept,
    }
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
        fips: configured.fips,
    }
}

/// Every file whose change means a reload, the configuration itself included.
pub(crate) fn watched_files(config: &Config) -> Vec<PathBuf> {
    let mut files = vec![config.path.clone()];
    files.extend(config.database.as_ref().map(|file| file.path.clone()));
    let internode = &config.internode;
    let outbound = internode.outbound.as_ref();
    let passwords = [&internode.keystore_password, &internode.truststore_password];
    let passwords = passwords.into_iter().chain(outbound.map(|it| &it.password));
    files.extend(passwords.filter_map(|password| match password {
        Some(StorePassword::File(path)) => Some(path.clone()),
        Some(StorePassword::Given(_)) | None => None,
    }));
    files.extend(internode.revocation_list.clone());
    let topology = &config.topology;
    let places = [&topology.rackdc_file, &topology.topology_file];
    files.extend(places.into_iter().flatten().map(|file| file.path.clone()));
    let asking = topology
        .cql
        .iter()
        .filter_map(|cql| cql.credentials.as_ref());
    files.extend(asking.map(|credentials| credentials.password_file.clone()));
    files.extend(config.secret_key.clone());
    files.extend(config.dse_config.clone());
    files.extend(config.dse_config.as_deref().and_then(system_key));
    match &config.internode.trust {
        TrustAnchors::File(truststore) => files.push(truststore.clone()),
        TrustAnchors::Inline(_) => {}
    }
    for identity in identities(config) {
        match identity {
            IdentityFiles::Pair {
                certificate,
                keyfile,
            } => files.extend([certificate.clone(), keyfile.clone()]),
            IdentityFiles::Combined { keystore } => files.push(keystore.clone()),
            IdentityFiles::Token { certificate, .. } => files.extend(certificate.clone()),
            IdentityFiles::Inline { .. } => {}
        }
    }
    files
}

/// DSE's key file, where its configuration can be read and names one.
fn system_key(dse_config: &Path) -> Option<PathBuf> {
    match DseYaml::read(dse_config).ok()?.key() {
        KeyName::File(path) => Some(path.clone()),
        KeyName::Kmip { .. } => None,
    }
}

/// The files that hold private keys, or else the configuration, with the PIN of the token.
pub(crate) fn key_files(config: &Config) -> impl Iterator<Item = &Path> {
    identities(config).map(|identity| match identity {
        IdentityFiles::Pair { keyfile, .. } => keyfile,
        IdentityFiles::Combined { keystore } => keystore,
        IdentityFiles::Token { .. } => &config.path,
        IdentityFiles::Inline { private_key } => file_of(private_key).unwrap_or(&config.path),
    })
}

/// What the node shows those who dial, and what it shows those that it dials if that is another.
fn identities(config: &Config) -> impl Iterator<Item = &IdentityFiles> {
    let outbound = config.internode.outbound.as_ref();
    iter::once(&config.internode.identity).chain(outbound.map(|outbound| &outbound.identity))
}

fn trust(
    internode: &ServerEncryption,
    password: Option<&Password>,
    now: OffsetDateTime,
) -> Result<Trust, LoadError> {
    let (path, store) = match &internode.trust {
        TrustAnchors::File(path) => {
            let opened = read_store(path, &read_limited(path, MAX_BYTES)?, password)?;
            warn_of_blind_java(path, &opened);
            if internode.offer.fips {
                warn_of_unapproved(path, &opened);
            }
            (path.clone(), opened.store)
        }
        TrustAnchors::Inline(trusted) => {
            let path = place_of(trusted);
            let pem = trusted.value.reveal().as_bytes();
            let opened = read_store(&path, pem, None)?;
            (path, opened.store)
        }
    };
    Trust::select(&store, now).map_err(|source| LoadError::Trust { path, source })
}

/// A database that is to speak TLS itself from this truststore would trust nobody.
fn warn_of_blind_java(path: &Path, opened: &Opened) {
    let marked = opened.store.certificates.iter().any(|entry| entry.trusted);
    if !marked && !opened.store.certificates.is_empty() {
        let path = path.display();
        tracing::warn!(
            "{path}: Java sees no trust anchor in this truststore, since no certificate is marked \
             as trusted; `ringlock store repair` marks them"
        );
    }
}

/// Opens a store of any format, told by its content.
fn read_store(path: &Path, bytes: &[u8], password: Option<&Password>) -> Result<Opened, LoadError> {
    let passwords = Passwords {
        store: password.map(Password::expose),
        key: None,
    };
    open(bytes, passwords).map_err(|source| LoadError::Store {
        path: path.to_owned(),
        source,
    })
}

/// A store is opened by whatever it is under, which FIPS 140 does not count as protection; it is to
/// be written anew.
fn warn_of_unapproved(path: &Path, opened: &Opened) {
    for protection in opened.protection.iter().filter(|it| !is_approved(it)) {
        tracing::warn!(
            protection,
            "ringlock.fips: {}: FIPS 140 does not allow what the store is protected by; \
             `ringlock store convert` writes it with AES",
            path.display()
        );
    }
}

/// PBES2 with AES, and HMAC with SHA-2.
fn is_approved(protection: &str) -> bool {
    const OLD: [&str; 7] = ["PBES1", "PKCS12 PBE", "DES", "RC2", "MD5", "XOR", "by SHA1"];
    !OLD.iter().any(|old| protection.contains(old))
}

/// The file of the certificate, or the place of the key that holds it.
fn certificate_path(config: &Config) -> PathBuf {
    match &config.internode.identity {
        IdentityFiles::Pair { certificate, .. } => certificate.clone(),
        IdentityFiles::Combined { keystore } => keystore.clone(),
        IdentityFiles::Token { certificate, .. } => {
            certificate.clone().unwrap_or_else(|| config.path.clone())
        }
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
