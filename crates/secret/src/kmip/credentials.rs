use std::path::PathBuf;

use openssl::{
    pkey::{PKey, Private},
    x509::X509,
};
use ringlock_files::{FileError, read_limited, read_private};
use ringlock_store::{KeyStore, MAX_BYTES, Passwords, open};

use super::{Group, StoreFile, transport::Credentials};
use crate::Password;

/// Why a store of a group is of no use.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", path.display())]
pub struct StoreError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: StoreFault,
}

/// What is wrong with a store of a group.
#[derive(Debug, thiserror::Error)]
pub enum StoreFault {
    /// It could not be read.
    #[error(transparent)]
    File(FileError),
    /// It could not be opened.
    #[error(transparent)]
    Store(ringlock_store::StoreError),
    /// There is no private key in it with a certificate of its own.
    #[error(
        "no private key with its certificate; expected what proves to the KMIP server who this node is"
    )]
    NoIdentity,
    /// There is nothing in it that is trusted.
    #[error("no trusted certificate; expected the CA of the KMIP servers")]
    NoAnchor,
    /// OpenSSL does not take it.
    #[error("OpenSSL does not take what it holds: {0}")]
    Refused(String),
}

pub(super) fn load(group: &Group) -> Result<Credentials, StoreError> {
    let failed = |file: &StoreFile| {
        let path = file.path.clone();
        move |fault| StoreError { path, fault }
    };
    let (key, chain) = identity(&group.keystore).map_err(failed(&group.keystore))?;
    let anchors = anchors(&group.truststore).map_err(failed(&group.truststore))?;
    Ok(Credentials {
        key,
        chain,
        anchors,
    })
}

/// The first key that has a certificate: its own chain, or the certificate of a PEM file that
/// has its public key, with the file's others behind it.
fn identity(file: &StoreFile) -> Result<(PKey<Private>, Vec<X509>), StoreFault> {
    let bytes = read_private(&file.path, MAX_BYTES).map_err(StoreFault::File)?;
    let store = opened(&bytes, file)?;
    let loose = store
        .certificates
        .iter()
        .map(|entry| certificate(&entry.certificate))
        .collect::<Result<Vec<_>, _>>()?;
    for entry in &store.keys {
        let key = PKey::private_key_from_der(entry.key.der().secret_der()).map_err(refused)?;
        let mut chain = entry
            .chain
            .iter()
            .map(|der| certificate(der))
            .collect::<Result<Vec<_>, _>>()?;
        if chain.is_empty() {
            chain.clone_from(&loose);
        }
        let own = chain.iter().position(|certificate| {
            certificate
                .public_key()
                .is_ok_and(|public| public.public_eq(&key))
        });
        if let Some(own) = own {
            chain[..=own].rotate_right(1);
            return Ok((key, chain));
        }
    }
    Err(StoreFault::NoIdentity)
}

fn anchors(file: &StoreFile) -> Result<Vec<X509>, StoreFault> {
    let bytes = read_limited(&file.path, MAX_BYTES).map_err(StoreFault::File)?;
    let anchors = opened(&bytes, file)?
        .certificates
        .iter()
        .filter(|entry| entry.trusted)
        .map(|entry| certificate(&entry.certificate))
        .collect::<Result<Vec<_>, _>>()?;
    if anchors.is_empty() {
        return Err(StoreFault::NoAnchor);
    }
    Ok(anchors)
}

fn opened(bytes: &[u8], file: &StoreFile) -> Result<KeyStore, StoreFault> {
    let passwords = Passwords {
        store: file.password.as_ref().map(Password::expose),
        key: None,
    };
    let opened = open(bytes, passwords).map_err(StoreFault::Store)?;
    Ok(opened.store)
}

fn certificate(der: &[u8]) -> Result<X509, StoreFault> {
    X509::from_der(der).map_err(refused)
}

fn refused(error: openssl::error::ErrorStack) -> StoreFault {
    StoreFault::Refused(error.to_string())
}
