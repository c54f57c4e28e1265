//! PKCS #12 (RFC 7292, RFC 9879), Java's keystore since version 9.
//!
//! ```text
//! PFX ─┬─ MAC, checked first
//!      └─ safes ──(decrypted)──► bags ──► keys, certificates ──(linked)──► KeyStore
//! ```
//!
//! It is read as leniently as Java and OpenSSL together read it: BER, with and without a MAC,
//! encrypted or not, both forms of the empty password. It is written as `keytool` 17 writes it.

mod attributes;
mod ber;
mod chain;
mod contents;
mod error;
mod mac;
mod password;
mod write;

pub use self::error::Pkcs12Error;
pub(crate) use self::write::write;
use self::{
    ber::NotBer,
    contents::{Contents, DATA, EXPLICIT_0},
    mac::Mac,
    password::Password,
};
use crate::{
    Format, KeyStore, Opened, Passwords, StoreError,
    der::{OCTET_STRING, OID, Reader, SEQUENCE},
    java::Failure,
    pbe::Budget,
};

/// Reads a store. Where there is a MAC nothing is believed before it fits.
pub(crate) fn read(bytes: &[u8], passwords: Passwords<'_>) -> Result<Opened, StoreError> {
    Ok(open(bytes, passwords)?)
}

fn open(bytes: &[u8], passwords: Passwords<'_>) -> Result<Opened, Pkcs12Error> {
    let der = ber::to_der(bytes).map_err(|error| match error {
        NotBer::Cut => Pkcs12Error::Truncated { size: bytes.len() },
        NotBer::Form => Pkcs12Error::damaged("its outline"),
    })?;
    let outline = Outline::parse(&der)?;
    let mut budget = Budget::new();
    let mac = outline.mac.map(Mac::parse).transpose()?;
    if let Some(mac) = &mac {
        check(mac, outline.safes, passwords, &mut budget)?;
    }
    let mut contents = Contents::new(passwords, mac.is_some(), &mut budget);
    if let Some(mac) = &mac {
        contents.protected_by(mac.to_string());
        contents.bags.protected = true;
        if mac.is_pbmac1() {
            contents.bags.load_fails = Some(Failure {
                reason: "KeyStore.load fails: Java before version 26 has no PBMAC1".to_owned(),
                only_with_password: true,
            });
        }
    }
    contents.read_all(outline.safes)?;
    let (keys, certificates) = chain::link(contents.keys, contents.certificates)?;
    Ok(Opened {
        format: Format::Pkcs12,
        protection: contents.protection,
        store: KeyStore {
            keys,
            certificates,
            revocation_lists: contents.revocation_lists,
            others: contents.others,
        },
        bags: Some(contents.bags),
    })
}

fn check(
    mac: &Mac<'_>,
    content: &[u8],
    passwords: Passwords<'_>,
    budget: &mut Budget,
) -> Result<(), Pkcs12Error> {
    for password in Password::forms(passwords.store) {
        if mac.fits(content, password, budget)? {
            return Ok(());
        }
    }
    Err(Password::misfit(passwords.store))
}

/// The outer parts of a store (RFC 7292 §4).
struct Outline<'a> {
    /// The list of safes, which the MAC is made of.
    safes: &'a [u8],
    mac: Option<Reader<'a>>,
}

impl<'a> Outline<'a> {
    fn parse(der: &'a [u8]) -> Result<Self, Pkcs12Error> {
        let damaged = || Pkcs12Error::damaged("its outline");
        let mut outline = Reader::new(der).sequence().ok_or_else(damaged)?;
        let version = outline.unsigned().ok_or_else(damaged)?;
        if version != 3 {
            return Err(Pkcs12Error::Version { version });
        }
        let mut content = outline.sequence().ok_or_else(damaged)?;
        if content.take(OID).ok_or_else(damaged)? != DATA {
            return Err(Pkcs12Error::PublicKey);
        }
        let content = content.take(EXPLICIT_0).map(Reader::new);
        let safes = content.and_then(|mut content| content.take(OCTET_STRING));
        let mac = match outline.tag() {
            Some(SEQUENCE) => outline.sequence(),
            _ => None,
        };
        outline.end().ok_or_else(damaged)?;
        Ok(Self {
            safes: safes.ok_or_else(damaged)?,
            mac,
        })
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod workshop;
