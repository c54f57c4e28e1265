//! Passwords that stand encrypted in a file, and the keys that open them.

use std::path::{Path, PathBuf};

use ringlock_config::{Document, dialect::Product};
use ringlock_secret::{
    DseYaml, LocalKey, Password, SecretError,
    dse::{KeyName, SystemKey},
    is_sealed, key_of,
};

/// Where DSE's own file lies, seen from the folder of `cassandra.yaml`: beside it, as in packages,
/// or as in an installation from an archive.
const DSE_YAML: [&str; 3] = ["dse.yaml", "../dse.yaml", "../../dse/conf/dse.yaml"];

/// What opens the passwords of one file. No server is asked for a key.
#[derive(Debug)]
pub(crate) struct Keys {
    /// The key that the file names, or why it cannot be used.
    local: Option<Result<LocalKey, String>>,
    dse: Dse,
}

/// What is known of DSE's own encryption.
#[derive(Debug)]
enum Dse {
    /// There is none.
    Off,
    /// It may be there: what looks encrypted may be so, or not.
    Unknown(String),
    /// It is there, and the key cannot be had.
    NoKey(String),
    /// It is there.
    Key(SystemKey),
}

/// What became of a password.
#[derive(Debug)]
pub(crate) enum Unlocked {
    /// It stands there as it is.
    Plain,
    /// It was encrypted.
    Opened(Password),
    /// It is encrypted, and the key is not at hand.
    Locked(String),
    /// It does not open, and will not for the program whose file it is.
    Refused(String),
}

impl Keys {
    /// The keys for a file: those that `ringlock.yaml` names, and that of the `dse.yaml` to which a
    /// `cassandra.yaml` of DSE belongs.
    pub(crate) fn of(document: &Document, product: Product) -> Self {
        let folder = document.path().parent().unwrap_or(Path::new(""));
        let named = |key: &str| -> Option<PathBuf> {
            let entry = document.root().find(&["ringlock", key])?;
            let file = entry.node.scalar().filter(|file| !file.is_empty())?;
            Some(folder.join(file))
        };
        let (local, dse) = match product {
            Product::Ringlock => (named("secret_key"), named("dse_config")),
            Product::Dse => {
                let mut places = DSE_YAML.iter().map(|place| folder.join(place));
                (None, places.find(|file| file.is_file()))
            }
            _ => (None, None),
        };
        Self {
            local: local.map(|file| LocalKey::read(&file).map_err(|error| error.to_string())),
            dse: match dse {
                Some(file) => Dse::read(&file),
                None if product == Product::Dse => {
                    Dse::Unknown("there is no dse.yaml in its usual places".to_owned())
                }
                None => Dse::Off,
            },
        }
    }

    /// Opens what stands for a password; `in_dse`: DSE reads it encrypted where its encryption is
    /// active.
    pub(crate) fn open(&self, value: &str, in_dse: bool) -> Unlocked {
        if is_sealed(value) {
            return self.open_sealed(value);
        }
        match &self.dse {
            _ if !in_dse => Unlocked::Plain,
            Dse::Off => Unlocked::Plain,
            Dse::Unknown(why) if is_base64_of_blocks(value) => Unlocked::Locked(why.clone()),
            Dse::Unknown(_) => Unlocked::Plain,
            Dse::NoKey(why) => Unlocked::Locked(why.clone()),
            Dse::Key(key) => key
                .open(value)
                .map_err(SecretError::from)
                .map_or_else(refused, Unlocked::Opened),
        }
    }

    fn open_sealed(&self, value: &str) -> Unlocked {
        let named = match key_of(value) {
            Ok(named) => named,
            Err(error) => return refused(SecretError::from(error)),
        };
        match &self.local {
            None => Unlocked::Locked(SecretError::NoKey { key: named }.to_string()),
            Some(Err(why)) => Unlocked::Locked(why.clone()),
            Some(Ok(key)) => key
                .open(value)
                .map_err(SecretError::from)
                .map_or_else(refused, Unlocked::Opened),
        }
    }
}

impl Dse {
    fn read(file: &Path) -> Self {
        let dse = match DseYaml::read(file) {
            Ok(dse) => dse,
            Err(error) => return Self::Unknown(error.to_string()),
        };
        if !dse.is_active() {
            return Self::Off;
        }
        match dse.key() {
            KeyName::File(path) => match SystemKey::read(path) {
                Ok(key) => Self::Key(key),
                Err(error) => Self::NoKey(error.to_string()),
            },
            KeyName::Kmip { group, .. } => Self::NoKey(format!(
                "the key is in the KMIP group {group}, whose servers are not asked here"
            )),
        }
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it takes the error of a result that is at its end"
)]
fn refused(error: SecretError) -> Unlocked {
    Unlocked::Refused(error.to_string())
}

/// What `dsetool encryptconfigvalue` prints: whole blocks of AES, in base64.
fn is_base64_of_blocks(text: &str) -> bool {
    const BLOCK: usize = 16;
    let digits = text.trim_end_matches('=');
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    let bytes = digits.len() * 3 / 4;
    text.len().is_multiple_of(4)
        && digits.bytes().all(alphabet)
        && bytes > 0
        && bytes.is_multiple_of(BLOCK)
}
