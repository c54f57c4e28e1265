use std::{
    fmt::{self, Write as _},
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::uri::{ObjectType, TokenUri};

/// Which token signs, with which key, and through which library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenConfig {
    /// The PKCS #11 library to load; an absolute path.
    pub module: PathBuf,
    /// The token.
    pub token: TokenMatch,
    /// The private key on it.
    pub key: KeyMatch,
    /// Sessions kept with the token at most, so signatures made at once; fewer if the token
    /// has fewer. 8 by default.
    pub sessions: NonZeroUsize,
    /// How long a signature waits for a free session. 5 seconds by default.
    pub patience: Duration,
}

/// What a token must be like; everything that is not given matches any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenMatch {
    /// Its label.
    pub label: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Its model.
    pub model: Option<String>,
    /// The number of its slot.
    pub slot: Option<u64>,
    /// Who made the slot.
    pub slot_manufacturer: Option<String>,
    /// What the slot calls itself.
    pub slot_description: Option<String>,
}

/// What the private key must be like. Where nothing is given, it is the token's only one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyMatch {
    /// Its label (`CKA_LABEL`), or that of the certificate with the same identifier, which is
    /// what Java calls the alias.
    pub label: Option<String>,
    /// Its identifier (`CKA_ID`).
    pub id: Option<Vec<u8>>,
}

/// Why a configuration names no key of a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No library is named.
    #[error("no PKCS #11 module is named; expected the absolute path of the token's library")]
    NoModule,
    /// The library's path depends on the folder the process was started in.
    #[error("the PKCS #11 module {} is a relative path; expected an absolute one", path.display())]
    RelativeModule {
        /// What is there.
        path: PathBuf,
    },
    /// The URI and the configuration name different libraries.
    #[error(
        "the PKCS #11 URI names the module {}, the configuration {}; expected the same, or one of \
         them only", uri.display(), configured.display()
    )]
    TwoModules {
        /// `module-path`.
        uri: PathBuf,
        /// What the configuration has.
        configured: PathBuf,
    },
    /// Nothing tells the token.
    #[error("nothing says which token is meant; expected its label (token) or its slot's number")]
    NoToken,
    /// The URI is that of something else.
    #[error("the PKCS #11 URI is that of an object of type={found}; expected type=private")]
    NotPrivateKey {
        /// Its `type`.
        found: &'static str,
    },
}

impl TokenConfig {
    /// The most signatures at once by default: small tokens have room for about ten sessions.
    pub const SESSIONS: NonZeroUsize = match NonZeroUsize::new(8) {
        Some(sessions) => sessions,
        None => NonZeroUsize::MIN,
    };

    /// How long a signature waits by default: half of the time a handshake has.
    pub const PATIENCE: Duration = Duration::from_secs(5);

    /// The configuration of `ringlock.pkcs11`: `module`, `token` or `slot`, and `key`.
    ///
    /// # Errors
    /// [`ConfigError`] says what is missing.
    pub fn from_parts(
        module: &Path,
        token: Option<&str>,
        slot: Option<u64>,
        key: Option<&str>,
    ) -> Result<Self, ConfigError> {
        let token = TokenMatch {
            label: token.map(str::to_owned),
            slot,
            ..TokenMatch::default()
        };
        let key = KeyMatch {
            label: key.map(str::to_owned),
            id: None,
        };
        Self::new(module.to_owned(), token, key)
    }

    /// What a URI says; `module` is the library for one without `module-path`.
    ///
    /// # Errors
    /// [`ConfigError`] says what is missing, or that the URI is not that of a private key.
    pub fn from_uri(uri: &TokenUri, module: Option<&Path>) -> Result<Self, ConfigError> {
        if let Some(kind) = uri.object_type
            && kind != ObjectType::PrivateKey
        {
            return Err(ConfigError::NotPrivateKey {
                found: kind.as_str(),
            });
        }
        let module = match (&uri.module_path, module) {
            (Some(uri), Some(configured)) if uri != configured => {
                return Err(ConfigError::TwoModules {
                    uri: uri.clone(),
                    configured: configured.to_owned(),
                });
            }
            (Some(module), _) => module.clone(),
            (None, Some(module)) => module.to_owned(),
            (None, None) => return Err(ConfigError::NoModule),
        };
        let token = TokenMatch {
            label: uri.token.clone(),
            serial: uri.serial.clone(),
            manufacturer: uri.manufacturer.clone(),
            model: uri.model.clone(),
            slot: uri.slot_id,
            slot_manufacturer: uri.slot_manufacturer.clone(),
            slot_description: uri.slot_description.clone(),
        };
        let key = KeyMatch {
            label: uri.object.clone(),
            id: uri.id.clone(),
        };
        Self::new(module, token, key)
    }

    fn new(module: PathBuf, token: TokenMatch, key: KeyMatch) -> Result<Self, ConfigError> {
        if module.as_os_str().is_empty() {
            return Err(ConfigError::NoModule);
        }
        if !module.is_absolute() {
            return Err(ConfigError::RelativeModule { path: module });
        }
        if token == TokenMatch::default() {
            return Err(ConfigError::NoToken);
        }
        Ok(Self {
            module,
            token,
            key,
            sessions: Self::SESSIONS,
            patience: Self::PATIENCE,
        })
    }
}

/// In words that follow "the token": `labelled "a" in slot 3`.
impl fmt::Display for TokenMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slot = self.slot.map(|slot| slot.to_string());
        let wanted = [
            ("labelled", &self.label),
            ("with the serial number", &self.serial),
            ("made by", &self.manufacturer),
            ("of model", &self.model),
            ("in slot", &slot),
            ("in a slot made by", &self.slot_manufacturer),
            ("in the slot", &self.slot_description),
        ];
        write_wanted(f, &wanted)
    }
}

/// In words that follow "the private key": `labelled "a"`.
impl fmt::Display for KeyMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.id.as_deref().map(hex);
        write_wanted(f, &[("labelled", &self.label), ("with the id", &id)])
    }
}

fn write_wanted(f: &mut fmt::Formatter<'_>, wanted: &[(&str, &Option<String>)]) -> fmt::Result {
    let given = wanted
        .iter()
        .filter_map(|(what, value)| Some((what, value.as_ref()?)));
    for (index, (what, value)) in given.enumerate() {
        let space = if index == 0 { "" } else { " " };
        write!(f, "{space}{what} {value:?}")?;
    }
    Ok(())
}

/// An identifier as tools print it.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _written = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

    fn from_uri(uri: &str, module: Option<&str>) -> Result<TokenConfig, String> {
        let uri = uri.parse().unwrap();
        TokenConfig::from_uri(&uri, module.map(Path::new)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_uri_and_its_parts_say_the_same() {
        let uri = format!("pkcs11:token=t;object=k;slot-id=3?module-path={MODULE}");
        let parts = TokenConfig::from_parts(Path::new(MODULE), Some("t"), Some(3), Some("k"));
        assert_eq!(from_uri(&uri, None), Ok(parts.unwrap()));
        assert_eq!(
            from_uri("pkcs11:token=t", Some(MODULE)),
            from_uri(
                &format!("pkcs11:token=t?module-path={MODULE}"),
                Some(MODULE)
            )
        );
    }

    #[test]
    fn what_is_missing_or_contradictory_is_told() {
        for (uri, module, said) in [
            ("pkcs11:token=t", None, "no PKCS #11 module is named"),
            ("pkcs11:token=t", Some(""), "no PKCS #11 module is named"),
            ("pkcs11:token=t", Some("a.so"), "a.so is a relative path"),
            ("pkcs11:object=k", Some(MODULE), "nothing says which token"),
            (
                "pkcs11:token=t;type=cert",
                Some(MODULE),
                "type=cert; expected type=private",
            ),
            (
                "pkcs11:token=t?module-path=/a.so",
                Some(MODULE),
                "names the module /a.so",
            ),
        ] {
            let error = from_uri(uri, module).unwrap_err();
            assert!(error.contains(said), "{uri}: {error}");
        }
    }

    #[test]
    fn what_is_wanted_is_said_in_words() {
        let config = from_uri("pkcs11:token=t;slot-id=3;object=k;id=%0a%ff", Some(MODULE)).unwrap();
        assert_eq!(config.token.to_string(), r#"labelled "t" in slot "3""#);
        assert_eq!(config.key.to_string(), r#"labelled "k" with the id "0aff""#);
    }
}
