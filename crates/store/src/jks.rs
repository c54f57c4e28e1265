//! Java's own keystores, JKS and JCEKS, which differ in how they encrypt private keys.
//!
//! Neither has a specification; this follows how the classes `sun.security.provider.JavaKeyStore`
//! and `com.sun.crypto.provider.JceKeyStore` of the JDK read and write them. All numbers are big
//! endian:
//!
//! ```text
//! magic u32, version u32 (1 or 2), count u32,
//! count times: tag u32, alias, milliseconds u64, then by tag
//!     1: length u32, EncryptedPrivateKeyInfo, count u32 of certificates, each certificate
//!     2: certificate
//!     3: a serialized Java object (JCEKS only)
//! SHA-1 of the password in UTF-16, `Mighty Aphrodite` and everything before
//! a certificate: from version 2 on its type `X.509`, then length u32, DER
//! a text: length u16, modified UTF-8
//! ```

mod error;
mod layout;
mod protect;
mod serial;
mod text;
mod write;

use rustls_pki_types::CertificateDer;

pub use error::JksError;
pub(crate) use write::write;

use crate::{
    CertificateEntry, KeyEntry, KeyStore, Opened, OtherEntry, Passwords, PrivateKey,
    names::shown,
    pbe::{Budget, Hash},
};
use layout::{Body, Entry, Layout};
use protect::utf16;

const DIGEST_BYTES: usize = 20;

/// Reads a store that begins with the magic number of JKS or JCEKS.
///
/// The layout is walked twice without taking anything out of it but places: once to see that the
/// file is whole, then, after the digest was found right, to read the entries. With no password
/// for the store the digest is left unchecked, as Java does.
pub(crate) fn read(bytes: &[u8], passwords: Passwords<'_>) -> Result<Opened, JksError> {
    let layout = Layout::new(bytes)?;
    let end = layout.walk(|_| Ok(()))?;
    let (body, digest) = bytes.split_at(end);
    match digest.len() {
        DIGEST_BYTES => {}
        0..DIGEST_BYTES => return Err(JksError::Cut { at: bytes.len() }),
        _ => {
            return Err(JksError::Damaged {
                at: end + DIGEST_BYTES,
                expected: "the end of the file",
            });
        }
    }
    if let Some(password) = passwords.store
        && *store_digest(password, body) != *digest
    {
        return Err(JksError::Password);
    }
    let mut contents = Contents {
        passwords,
        budget: Budget::new(),
        protection: vec!["integrity by SHA1 of the password and the content".to_owned()],
        store: KeyStore::default(),
    };
    layout.walk(|entry| contents.take(&entry))?;
    Ok(Opened {
        format: layout.format,
        protection: contents.protection,
        store: contents.store,
        bags: None,
    })
}

/// What is behind the entries: with the right password it proves that nobody without it changed
/// them.
fn store_digest(password: &str, body: &[u8]) -> zeroize::Zeroizing<Vec<u8>> {
    Hash::Sha1.digest(&[&utf16(password), b"Mighty Aphrodite", body])
}

struct Contents<'a> {
    passwords: Passwords<'a>,
    budget: Budget,
    protection: Vec<String>,
    store: KeyStore,
}

impl Contents<'_> {
    fn take(&mut self, entry: &Entry<'_>) -> Result<(), JksError> {
        let alias = Some(entry.alias.clone());
        let created = Some(entry.created);
        match &entry.body {
            Body::Key { sealed, chain } => {
                let key = self.unseal(&entry.alias, sealed)?;
                let chain = chain.clone();
                self.store.keys.push(KeyEntry {
                    alias,
                    created,
                    key,
                    chain: chain
                        .map(|der| certificate(&entry.alias, der?))
                        .collect::<Result<_, _>>()?,
                });
            }
            Body::Certificate(der) => self.store.certificates.push(CertificateEntry {
                alias,
                created,
                certificate: certificate(&entry.alias, der)?,
                trusted: true,
            }),
            Body::Object => self.store.others.push(OtherEntry {
                alias,
                kind: "secret key",
            }),
        }
        Ok(())
    }

    fn unseal(&mut self, alias: &str, sealed: &[u8]) -> Result<PrivateKey, JksError> {
        let password = self.passwords.for_keys();
        let password = password.ok_or_else(|| JksError::NoKeyPassword {
            alias: shown(alias),
        })?;
        let unsealed = protect::unseal(sealed, password, &mut self.budget);
        let (key, protection) = unsealed.map_err(|error| error.about(alias))?;
        if !self.protection.contains(&protection) {
            self.protection.push(protection);
        }
        Ok(key)
    }
}

fn certificate(alias: &str, der: &[u8]) -> Result<CertificateDer<'static>, JksError> {
    let reason = match x509_parser::parse_x509_certificate(der) {
        Ok(([], _)) => return Ok(CertificateDer::from(der.to_vec())),
        Ok(_) => "bytes follow it".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(JksError::Certificate {
        alias: shown(alias),
        reason,
    })
}

#[cfg(test)]
mod tests;
