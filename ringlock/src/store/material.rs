//! Files of keys and certificates, read.

use std::path::Path;

use ringlock_files::{FileError, read_limited, read_private};
use ringlock_store::{JksError, MAX_BYTES, Opened, PbeError, Pkcs12Error, StoreError, open};
use zeroize::Zeroizing;

use super::arguments::Given;
use crate::outcome::Failure;

/// A store that was read.
pub(super) struct Material {
    pub(super) opened: Opened,
    /// Why the file's mode is wrong for one that holds a private key, where it does.
    pub(super) exposed: Option<FileError>,
}

/// Reads and opens a store; whoever is to refuse keys that others may read, does so after.
pub(super) fn load(path: &Path, given: &Given) -> Result<Material, Failure> {
    let (bytes, exposed) = read(path).map_err(Failure::wrong)?;
    let opened = open(&bytes, given.passwords()).map_err(|error| unopened(path, &error, given))?;
    let private = !opened.store.keys.is_empty() || !opened.store.others.is_empty();
    Ok(Material {
        exposed: exposed.filter(|_| private),
        opened,
    })
}

/// The bytes, and why they would be refused as a private file's.
pub(super) fn read(path: &Path) -> Result<(Zeroizing<Vec<u8>>, Option<FileError>), FileError> {
    match read_private(path, MAX_BYTES) {
        Ok(bytes) => Ok((bytes, None)),
        Err(exposed @ FileError::Exposed { .. }) => {
            let bytes = read_limited(path, MAX_BYTES)?;
            Ok((Zeroizing::new(bytes), Some(exposed)))
        }
        Err(error) => Err(error),
    }
}

fn unopened(path: &Path, error: &StoreError, given: &Given) -> Failure {
    let keys_own = matches!(
        error,
        StoreError::Jks(JksError::KeyPassword { .. })
            | StoreError::Pkcs12(Pkcs12Error::KeyPassword { .. })
    );
    let hint = if !is_about_password(error) {
        String::new()
    } else if given.store.is_none() {
        format!("; {} gives it", given.options(false))
    } else if keys_own && given.key.is_none() {
        format!("; {} gives it", given.options(true))
    } else {
        String::new()
    };
    Failure::wrong(format!("{}: {error}{hint}", path.display()))
}

fn is_about_password(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Encrypted { .. }
            | StoreError::Locked {
                reason: PbeError::Password,
                ..
            }
            | StoreError::Jks(
                JksError::Password | JksError::NoKeyPassword { .. } | JksError::KeyPassword { .. }
            )
            | StoreError::Pkcs12(
                Pkcs12Error::NoPassword | Pkcs12Error::Password | Pkcs12Error::KeyPassword { .. }
            )
    )
}
