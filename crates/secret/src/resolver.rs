use std::path::Path;

use ringlock_config::Document;
use ringlock_finding::{Finding, Findings};

use crate::{
    KeyFileError, KeyId, LocalKey, OpenError, Password,
    dse::{DseYaml, KeyName, SystemKey, SystemKeyError, SystemKeyFault, ValueFault},
    is_sealed, key_of,
    kmip::{Client, Group, KmipError, ManagedObject, ObjectKind, Parameters, StoreError},
    protected,
    protected::Property,
};

/// Opens the passwords of configuration files, in whatever form they stand there.
///
/// | value | with | result |
/// |---|---|---|
/// | `ringlock:v1:…` | the local key that it names | the password |
/// | `ringlock:v1:…` | no key, or another | an error |
/// | anything else | no active DSE encryption | itself |
/// | base64 | active DSE encryption | the password |
/// | anything else | active DSE encryption | an error, as DSE does not start with it |
#[derive(Debug, Default)]
pub struct Resolver {
    local: Option<LocalKey>,
    dse: Option<SystemKey>,
}

impl Resolver {
    /// Takes every value as it is; those that were encrypted with a local key are refused.
    pub fn plain() -> Self {
        Self::default()
    }

    /// Opens values that were encrypted with the key of this file.
    ///
    /// # Errors
    /// The file cannot be read, others may read it, or it is no key file.
    pub fn with_key(path: &Path) -> Result<Self, KeyFileError> {
        Ok(Self {
            local: Some(LocalKey::read(path)?),
            dse: None,
        })
    }

    /// Opens values as the DSE node with this `dse.yaml` does.
    ///
    /// Where `config_encryption_active` is true, the key is read, and every group of `kmip_hosts`
    /// has to answer, also one that the key is not in. It blocks for as long as the groups'
    /// timeouts allow.
    ///
    /// # Errors
    /// What would keep DSE from starting: the key cannot be had, or a KMIP group not be reached.
    pub fn for_database(dse: &DseYaml) -> Result<Self, DseKeyError> {
        if !dse.is_active() {
            return Ok(Self::plain());
        }
        let clients = dse
            .groups()
            .iter()
            .map(reached)
            .collect::<Result<Vec<_>, _>>()?;
        let key = match dse.key() {
            KeyName::File(path) => SystemKey::read(path).map_err(DseKeyError::File)?,
            KeyName::Kmip { group, name } => clients
                .iter()
                .find(|client| client.group() == group)
                .ok_or_else(|| DseKeyError::NoGroup {
                    group: group.clone(),
                })
                .and_then(|client| from_kmip(client, name))?,
        };
        Ok(Self {
            local: None,
            dse: Some(key),
        })
    }

    /// The same resolver, which opens values of this local key as well.
    #[must_use]
    pub fn and_key(mut self, key: LocalKey) -> Self {
        self.local = Some(key);
        self
    }

    /// Opens one value.
    ///
    /// Where DSE's encryption is active, this is for the properties that it protects; what stands
    /// elsewhere is plain there.
    ///
    /// # Errors
    /// The key that it needs is not here, or does not open it; or it is plain text where none may be.
    pub fn open(&self, value: &str) -> Result<Password, SecretError> {
        if is_sealed(value) {
            return match &self.local {
                Some(key) => Ok(key.open(value)?),
                None => Err(SecretError::NoKey {
                    key: key_of(value)?,
                }),
            };
        }
        match &self.dse {
            Some(key) => Ok(key.open(value)?),
            None => Ok(Password::new(value)),
        }
    }

    /// Opens the value of a property of a database's file, which DSE may protect or not.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_property(&self, property: &Property<'_>) -> Result<Password, SecretError> {
        if property.encrypted_in_dse || is_sealed(property.value()) {
            self.open(property.value())
        } else {
            Ok(Password::new(property.value()))
        }
    }

    /// In which form the value of a property stands there, and whether it opens.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn form(&self, property: &Property<'_>) -> Result<Form, SecretError> {
        self.open_property(property)?;
        Ok(match (&self.local, &self.dse) {
            (Some(key), _) if is_sealed(property.value()) => Form::Local(key.id().clone()),
            (_, Some(key)) if property.encrypted_in_dse => Form::Dse(key.to_string()),
            _ => Form::Plain,
        })
    }

    /// Everything in these files that this resolver does not open: where DSE's encryption is active,
    /// every protected property that is plain text.
    pub fn refusals(&self, documents: &[&Document]) -> Findings {
        let mut findings = Findings::new();
        for document in documents {
            for property in protected(document) {
                if let Err(error) = self.open_property(&property) {
                    findings.push(Finding::error(
                        document.path(),
                        property.at,
                        &property.key,
                        error.to_string(),
                    ));
                }
            }
        }
        findings
    }
}

/// In which form a password stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// As it is.
    Plain,
    /// Encrypted with this local key.
    Local(KeyId),
    /// Encrypted by DSE, with a key for this cipher.
    Dse(String),
}

/// A client of a group that answers.
fn reached(group: &Group) -> Result<Client, DseKeyError> {
    let client = Client::new(group).map_err(|error| DseKeyError::Store {
        group: group.name.clone(),
        error: Box::new(error),
    })?;
    client.reach()?;
    Ok(client)
}

/// A key that a KMIP server keeps, as a system key.
fn from_kmip(client: &Client, name: &str) -> Result<SystemKey, DseKeyError> {
    let failed = |fault| DseKeyError::KmipKey {
        group: client.group().to_owned(),
        name: name.to_owned(),
        fault,
    };
    let (object, parameters) = client.get_with_parameters(name)?;
    system_key(&object, parameters).map_err(failed)
}

fn system_key(object: &ManagedObject, parameters: Parameters) -> Result<SystemKey, KmipKeyFault> {
    if object.kind != ObjectKind::SymmetricKey {
        return Err(KmipKeyFault::Kind);
    }
    // KMIP 1.2, 9.1.3.2.13.
    let algorithm = match object.algorithm {
        Some(0x01) => "DES",
        Some(0x02) => "DESede",
        Some(0x03) => "AES",
        Some(0x10) => "Blowfish",
        Some(0x15) => "RC2",
        other => return Err(KmipKeyFault::Algorithm { number: other }),
    };
    let cipher = match (parameters.mode, parameters.padding) {
        (None, None) => algorithm.to_owned(),
        (mode, padding) => format!(
            "{algorithm}/{}/{}",
            mode.unwrap_or("ECB"),
            padding.unwrap_or("PKCS5Padding")
        ),
    };
    let bits = object.bits.unwrap_or(object.material.len() * 8);
    SystemKey::new(&cipher, bits, &object.material).map_err(KmipKeyFault::Key)
}

/// Why a value cannot be opened.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SecretError {
    /// It was encrypted with a local key, and none was given.
    #[error("it was encrypted with the key {key}; the file of that key is needed")]
    NoKey {
        /// The key.
        key: KeyId,
    },
    /// The local key does not open it.
    #[error(transparent)]
    Local(#[from] OpenError),
    /// DSE's key does not open it.
    #[error("{0}; DSE does not start with it while config_encryption_active is true")]
    Dse(#[from] ValueFault),
}

/// Why DSE's key cannot be had; DSE would not start either.
#[derive(Debug, thiserror::Error)]
pub enum DseKeyError {
    /// The system key's file is of no use.
    #[error(transparent)]
    File(SystemKeyError),
    /// A store of a KMIP group is of no use.
    #[error("KMIP group {group}: {error}")]
    Store {
        /// The group.
        group: String,
        /// What is wrong.
        error: Box<StoreError>,
    },
    /// The key is in a KMIP group that `kmip_hosts` does not have.
    #[error("kmip_hosts has no group {group}, in which the key is")]
    NoGroup {
        /// The group.
        group: String,
    },
    /// A KMIP group does not answer, or does not give the key.
    #[error(transparent)]
    Kmip(#[from] KmipError),
    /// What the KMIP server gave is no key that DSE could use.
    #[error("the key {name} of the KMIP group {group}: {fault}")]
    KmipKey {
        /// The group.
        group: String,
        /// The key.
        name: String,
        /// What is wrong.
        fault: KmipKeyFault,
    },
}

/// Why an object of a KMIP server is no system key.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum KmipKeyFault {
    /// It is secret data.
    #[error("it is secret data; expected a symmetric key")]
    Kind,
    /// It is for an algorithm that DSE does not have.
    #[error("it is for the algorithm {}; expected AES, DES, triple DES, Blowfish or RC2", number.map_or_else(|| "that it does not name".to_owned(), |number| format!("{number:#x}")))]
    Algorithm {
        /// KMIP's number for it.
        number: Option<u32>,
    },
    /// The key does not fit its cipher.
    #[error(transparent)]
    Key(SystemKeyFault),
}

#[cfg(test)]
mod tests;
