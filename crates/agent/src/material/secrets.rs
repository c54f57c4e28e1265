//! Passwords of stores: as they stand, in files of their own, or encrypted.

use ringlock_config::{Config, StorePassword};
use ringlock_secret::{DseYaml, LocalKey, Password, PasswordSource, Resolver};

use super::LoadError;

/// The passwords of the stores.
pub(super) struct StorePasswords {
    pub(super) keystore: Option<Password>,
    pub(super) truststore: Option<Password>,
    /// Of what is shown to those that are dialled, where that is another.
    pub(super) outbound: Option<Password>,
}

impl StorePasswords {
    /// Reads them, with `ringlock.secret_key` and `ringlock.dse_config` where they are encrypted.
    pub(super) fn read(config: &Config) -> Result<Self, LoadError> {
        let resolver = resolver(config)?;
        let internode = &config.internode;
        let read = |key, password: &Option<StorePassword>| {
            let password = password.as_ref();
            let opened = password.map(|given| reveal(key, given, &resolver));
            opened.transpose()
        };
        Ok(Self {
            keystore: read(
                "server_encryption_options.keystore_password",
                &internode.keystore_password,
            )?,
            truststore: read(
                "server_encryption_options.truststore_password",
                &internode.truststore_password,
            )?,
            outbound: match &internode.outbound {
                Some(outbound) => read(
                    "server_encryption_options.outbound_keystore_password",
                    &outbound.password,
                )?,
                None => None,
            },
        })
    }
}

fn resolver(config: &Config) -> Result<Resolver, LoadError> {
    let resolver = match &config.dse_config {
        Some(path) => {
            let dse = DseYaml::read(path)?;
            Resolver::for_database(&dse).map_err(|source| LoadError::DseKey {
                path: path.clone(),
                source,
            })?
        }
        None => Resolver::plain(),
    };
    Ok(match &config.secret_key {
        Some(path) => resolver.and_key(LocalKey::read(path)?),
        None => resolver,
    })
}

fn reveal(
    key: &'static str,
    password: &StorePassword,
    resolver: &Resolver,
) -> Result<Password, LoadError> {
    match password {
        StorePassword::File(path) => Ok(PasswordSource::File(path.clone()).read()?),
        // A product's own default is never encrypted.
        StorePassword::Given(default) if !default.is_given() => {
            Ok(Password::new(default.value.reveal()))
        }
        StorePassword::Given(given) => {
            let opened = resolver.open(given.value.reveal());
            opened.map_err(|source| LoadError::Secret {
                place: given.origin.to_string(),
                key,
                source,
            })
        }
    }
}
