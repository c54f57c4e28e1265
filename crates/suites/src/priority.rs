//! GnuTLS priority strings, as ScyllaDB's `priority_string` takes them.
//!
//! The rules are those of GnuTLS 3.7.9, a string at a time and nothing else: a machine's own
//! configuration of GnuTLS (`/etc/gnutls/config`) can take algorithms away from every string and
//! give a meaning to `@NAME`, and is not looked at. The suites of `PERFORMANCE` are those of a
//! processor with AES instructions.

mod derive;
mod error;
mod keywords;
mod listing;
mod names;
mod read;
mod strength;
mod warning;

#[cfg(test)]
mod tests;

pub use self::error::{Expected, Insufficient, PriorityError};
pub use self::strength::{Level, Profile};
pub use self::warning::{Warning, WarningKind};
use crate::suite::Suite;
use crate::version::Version;

/// A priority string that GnuTLS accepts, understood.
#[derive(Debug, Clone)]
pub struct Priorities {
    text: String,
    versions: Vec<Version>,
    ciphers: Vec<&'static str>,
    macs: Vec<&'static str>,
    key_exchanges: Vec<&'static str>,
    groups: Vec<&'static str>,
    signatures: Vec<&'static str>,
    options: Vec<&'static str>,
    profile: Profile,
    level: Level,
    suites: Vec<&'static Suite>,
    warnings: Vec<Warning>,
}

impl Priorities {
    /// Understands a string.
    ///
    /// # Errors
    /// GnuTLS refuses the string: an element is wrong, or nothing usable is left.
    pub fn parse(text: &str) -> Result<Self, PriorityError> {
        let reading = read::read(text)?;
        derive::derive(text, reading)
    }

    /// The string.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The versions that stay enabled, in the order that a client offers them in. It can be empty:
    /// GnuTLS accepts strings by which no connection can be made.
    #[must_use]
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// The ciphers by GnuTLS's names, the preferred first.
    #[must_use]
    pub fn ciphers(&self) -> &[&'static str] {
        &self.ciphers
    }

    /// The MACs by GnuTLS's names, the preferred first; `AEAD` stands for those of AEAD ciphers.
    #[must_use]
    pub fn macs(&self) -> &[&'static str] {
        &self.macs
    }

    /// The key exchanges of TLS 1.2 and before by GnuTLS's names, the preferred first.
    #[must_use]
    pub fn key_exchanges(&self) -> &[&'static str] {
        &self.key_exchanges
    }

    /// The groups by GnuTLS's names, without `GROUP-`, in the order of the string. On the wire, all
    /// of one kind (curves, or finite fields) come before all of the other.
    #[must_use]
    pub fn groups(&self) -> &[&'static str] {
        &self.groups
    }

    /// The signature algorithms by GnuTLS's names, without `SIGN-`, the preferred first.
    #[must_use]
    pub fn signatures(&self) -> &[&'static str] {
        &self.signatures
    }

    /// The options, without `%`, in the order of the string, repeated ones once.
    #[must_use]
    pub fn options(&self) -> &[&'static str] {
        &self.options
    }

    /// Whether an option is set.
    #[must_use]
    pub fn has_option(&self, name: &str) -> bool {
        self.options.contains(&name)
    }

    /// What the peer's certificates must reach.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// What a peer's Diffie-Hellman group must reach.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// Every suite that ciphers, MACs and key exchanges amount to, the preferred first, whether or
    /// not an enabled version can use it.
    #[must_use]
    pub fn suites(&self) -> &[&'static Suite] {
        &self.suites
    }

    /// The suites that a TLS connection over TCP can end up with, the preferred first.
    pub fn usable_suites(&self) -> impl Iterator<Item = &'static Suite> {
        self.suites.iter().copied().filter(|suite| {
            self.versions
                .iter()
                .any(|version| derive::carries(*version, suite))
        })
    }

    /// What GnuTLS accepts and a reader of the string would not expect.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// What `gnutls-cli --list --priority TEXT` prints on standard output.
    #[must_use]
    pub fn listing(&self) -> String {
        listing::listing(self)
    }
}
