use std::{fmt, str::FromStr};

use zeroize::Zeroizing;

use crate::{KeyFormError, KeyStore, Passwords, jks, pem, pkcs12};

/// A format that stores are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Text with `-----BEGIN` lines (RFC 7468).
    Pem,
    /// Java's old keystore.
    Jks,
    /// Java's old keystore with stronger encryption of keys.
    Jceks,
    /// PKCS #12 (RFC 7292), Java's keystore since version 9.
    Pkcs12,
}

impl Kind {
    /// Its name in option values: `pem`, `jks`, `jceks` or `pkcs12`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pem => "pem",
            Self::Jks => "jks",
            Self::Jceks => "jceks",
            Self::Pkcs12 => "pkcs12",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pem => "PEM",
            Self::Jks => "JKS",
            Self::Jceks => "JCEKS",
            Self::Pkcs12 => "PKCS12",
        })
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        let all = [Self::Pem, Self::Jks, Self::Jceks, Self::Pkcs12];
        let found = all.into_iter().find(|kind| kind.name() == name);
        found.ok_or(UnknownKind)
    }
}

/// A name that no format to write has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected pem, jks, jceks or pkcs12")]
pub struct UnknownKind;

/// How a store is written.
#[derive(Clone, Copy, Debug)]
pub struct Writing<'a> {
    /// The format.
    pub to: Kind,
    /// What it is put under. JKS, JCEKS and PKCS12 need the store's password; PEM takes either
    /// one for the private keys, and writes them unencrypted where there is none.
    pub passwords: Passwords<'a>,
    /// Whether the same content and passwords give the same bytes: salts are then derived from
    /// the content instead of drawn at random.
    pub deterministic: bool,
    /// The time of entries that have none: milliseconds since 1970, UTC.
    pub created: i64,
}

/// Why a store could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A format of Java's without the password it needs.
    #[error("{to} is written under a password, and none was given")]
    NoPassword {
        /// The format.
        to: Kind,
    },
    /// Private keys under an empty password.
    #[error("private keys cannot be written under an empty password")]
    EmptyPassword,
    /// Another password for the keys than for the store, in a format where Java uses one.
    #[error("{to} has one password for the store and its keys, as JSSE opens no other")]
    KeyPassword {
        /// The format.
        to: Kind,
    },
    /// A password that Java could not open the store with.
    #[error("Java opens {to} with passwords of printable ASCII only")]
    NotAsciiPassword {
        /// The format.
        to: Kind,
    },
    /// A private key without certificates, which Java's formats cannot hold.
    #[error("the private key {alias} has no certificate; {to} holds each key with its chain")]
    NoChain {
        /// The key's name.
        alias: String,
        /// The format.
        to: Kind,
    },
    /// A certificate that is not trusted, in a format that has trusted ones only.
    #[error(
        "the certificate {alias} is not marked as trusted, and {to} holds no others beside the \
         keys' chains: leave it out, or mark it as trusted"
    )]
    NotTrusted {
        /// The certificate's name.
        alias: String,
        /// The format.
        to: Kind,
    },
    /// A revocation list in a format that has no place for it.
    #[error("{to} holds no certificate revocation lists; expected a store without any")]
    RevocationList {
        /// The format.
        to: Kind,
    },
    /// An entry that was named and not read.
    #[error("the entry {alias} is a {kind}, which is not read and so cannot be written")]
    Other {
        /// Its name.
        alias: String,
        /// What it is.
        kind: &'static str,
    },
    /// A private key that cannot be brought into the form the format needs.
    #[error("the private key {alias} cannot be written: {reason}")]
    Key {
        /// Its name.
        alias: String,
        /// Why.
        reason: KeyFormError,
    },
    /// A name of more than 65,535 bytes, or a chain or store beyond what the format can count.
    #[error("the entry {alias} has {what} too long for {to}")]
    TooLong {
        /// Its name, at most its first 64 characters.
        alias: String,
        /// What is too long, with its article.
        what: &'static str,
        /// The format.
        to: Kind,
    },
    /// The kernel gave no random bytes for a salt.
    #[error("the system gives no random bytes")]
    Random,
}

/// Writes a store.
///
/// Nothing of it is left out: an entry that the format cannot hold is an error. Java reads names
/// in lower case and takes the last of two that are equal, so names are written in lower case,
/// and equal or missing ones are numbered. Certificates that are marked as trusted are anchors to
/// Java in each of its formats.
pub fn write(store: &KeyStore, how: &Writing<'_>) -> Result<Zeroizing<Vec<u8>>, WriteError> {
    match how.to {
        Kind::Pem => pem::write(store, how),
        Kind::Jks | Kind::Jceks => jks::write(store, how),
        Kind::Pkcs12 => pkcs12::write(store, how),
    }
}
