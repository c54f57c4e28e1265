use zeroize::Zeroizing;

use super::{
    protect::{self, JCEKS_SALT, JKS_SALT},
    store_digest, text,
};
use crate::{
    KeyEntry, KeyStore, Kind, WriteError, Writing,
    names::{Names, shown},
    salt::Salts,
};

const VERSION: u32 = 2;
/// What the JDK takes since 8u301 and 11.0.12; before, it was 20.
const JCEKS_ITERATIONS: u32 = 200_000;

/// Writes a JKS or JCEKS store, keys first.
pub(crate) fn write(store: &KeyStore, how: &Writing<'_>) -> Result<Zeroizing<Vec<u8>>, WriteError> {
    let to = how.to;
    let password = how.passwords.store.ok_or(WriteError::NoPassword { to })?;
    let names = Names::of(store);
    check(store, &names, how)?;
    let count = store.keys.len() + store.certificates.len();
    let mut bytes = Output::new(size(store));
    bytes.number(if to == Kind::Jceks {
        0xCECE_CECE
    } else {
        0xFEED_FEED
    });
    bytes.number(VERSION);
    bytes.count(count, "a number of entries", "", to)?;
    for (entry, name) in store.keys.iter().zip(&names.keys) {
        bytes.number(1);
        bytes.head(name, entry.created.unwrap_or(how.created), to)?;
        let sealed = seal(entry, name, how)?;
        bytes.sized(&sealed, "a key", name, to)?;
        bytes.count(entry.chain.len(), "a chain", name, to)?;
        for der in &entry.chain {
            bytes.certificate(der, name, to)?;
        }
    }
    for (entry, name) in store.certificates.iter().zip(&names.certificates) {
        bytes.number(2);
        bytes.head(name, entry.created.unwrap_or(how.created), to)?;
        bytes.certificate(&entry.certificate, name, to)?;
    }
    let digest = store_digest(password, &bytes.0);
    bytes.0.extend_from_slice(&digest);
    Ok(bytes.0)
}

/// Whether the format can hold it all, and under these passwords.
fn check(store: &KeyStore, names: &Names, how: &Writing<'_>) -> Result<(), WriteError> {
    let to = how.to;
    if !store.revocation_lists.is_empty() {
        return Err(WriteError::RevocationList { to });
    }
    if let Some(other) = store.others.first() {
        return Err(WriteError::Other {
            alias: shown(other.alias.as_deref().unwrap_or_default()),
            kind: other.kind,
        });
    }
    let mut certificates = store.certificates.iter().zip(&names.certificates);
    if let Some((_, name)) = certificates.find(|(entry, _)| !entry.trusted) {
        let alias = shown(name);
        return Err(WriteError::NotTrusted { alias, to });
    }
    let mut keys = store.keys.iter().zip(&names.keys);
    if let Some((_, name)) = keys.find(|(entry, _)| entry.chain.is_empty()) {
        let alias = shown(name);
        return Err(WriteError::NoChain { alias, to });
    }
    match how.passwords.for_keys() {
        _ if store.keys.is_empty() => Ok(()),
        Some("") => Err(WriteError::EmptyPassword),
        Some(password) if to == Kind::Jceks && !is_printable(password) => {
            Err(WriteError::NotAsciiPassword { to })
        }
        _ => Ok(()),
    }
}

fn is_printable(password: &str) -> bool {
    password.bytes().all(|byte| (0x20..=0x7E).contains(&byte))
}

fn seal(entry: &KeyEntry, name: &str, how: &Writing<'_>) -> Result<Zeroizing<Vec<u8>>, WriteError> {
    let to = how.to;
    let password = how.passwords.for_keys();
    let password = password.ok_or(WriteError::NoPassword { to })?;
    let key = entry.key.to_pkcs8().map_err(|reason| WriteError::Key {
        alias: shown(name),
        reason,
    })?;
    let salts = Salts::new(how.deterministic);
    if to == Kind::Jks {
        let mut salt = [0; JKS_SALT];
        salts.fill(name, &key, &mut salt)?;
        return Ok(protect::seal_jks(&key, password, &salt));
    }
    let mut salt = [0; JCEKS_SALT];
    salts.fill(name, &key, &mut salt)?;
    Ok(protect::seal_jceks(&key, password, salt, JCEKS_ITERATIONS))
}

/// Room for the whole, so that the bytes are never moved.
fn size(store: &KeyStore) -> usize {
    const ENTRY: usize = 256;
    let keys = store.keys.iter().map(|entry| {
        let chain = entry.chain.iter().map(|der| der.len() + 16);
        let alias = entry.alias.as_ref().map_or(0, String::len);
        entry.key.der().secret_der().len() + 3 * alias + chain.sum::<usize>() + ENTRY
    });
    let certificates = store.certificates.iter().map(|entry| {
        let alias = entry.alias.as_ref().map_or(0, String::len);
        entry.certificate.len() + 3 * alias + ENTRY
    });
    keys.chain(certificates).sum::<usize>() + ENTRY
}

struct Output(Zeroizing<Vec<u8>>);

impl Output {
    fn new(size: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(size)))
    }

    fn number(&mut self, number: u32) {
        self.0.extend(number.to_be_bytes());
    }

    fn count(
        &mut self,
        count: usize,
        what: &'static str,
        name: &str,
        to: Kind,
    ) -> Result<(), WriteError> {
        // Java counts in 32 bits with a sign.
        let fits = i32::try_from(count)
            .ok()
            .and_then(|it| u32::try_from(it).ok());
        self.number(fits.ok_or_else(|| too_long(name, what, to))?);
        Ok(())
    }

    fn head(&mut self, name: &str, created: i64, to: Kind) -> Result<(), WriteError> {
        let text = text::encode(name);
        let length = u16::try_from(text.len());
        let length = length.map_err(|_| too_long(name, "a name", to))?;
        self.0.extend(length.to_be_bytes());
        self.0.extend(text);
        self.0.extend(created.to_be_bytes());
        Ok(())
    }

    fn sized(
        &mut self,
        bytes: &[u8],
        what: &'static str,
        name: &str,
        to: Kind,
    ) -> Result<(), WriteError> {
        self.count(bytes.len(), what, name, to)?;
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn certificate(&mut self, der: &[u8], name: &str, to: Kind) -> Result<(), WriteError> {
        self.0.extend(b"\0\x05X.509");
        self.sized(der, "a certificate", name, to)
    }
}

fn too_long(name: &str, what: &'static str, to: Kind) -> WriteError {
    WriteError::TooLong {
        alias: shown(name),
        what,
        to,
    }
}
