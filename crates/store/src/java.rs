//! What Java makes of a store.
//!
//! Java's stores leave things out without an error, so what a file holds and what a JVM has after
//! `KeyStore.load` may differ. The rules here were found by loading such files with Java 17; the
//! tests load them again.

mod bags;

use std::collections::HashSet;

pub(crate) use self::bags::{Bag, Bags, Failure, Found, Lock};
use crate::{Format, Opened, Passwords};

/// What Java has after it opened a store, which may be less than the file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JavaView {
    /// The private keys that JSSE can use: those that `KeyManagerFactory` opens with the store's
    /// password and that have a chain.
    pub private_keys: usize,
    /// The trust anchors that PKIX has: the `trustedCertEntry`s. A `TrustManagerFactory` also
    /// trusts the certificate of each private key in the same file, which is not counted.
    pub trust_anchors: usize,
    /// Why this is less than the file holds; `None`: it is not.
    pub reason: Option<String>,
}

/// What Java 17 sees of a store when it is given these passwords, the store's being the one that
/// the store was opened with, or none. Where other versions since 8u301 differ, the reason says so
/// by naming a version.
///
/// Java has one password for a store and its keys wherever a database configures them, so a key
/// under another password counts as unusable; `passwords.store` of `None` is Java's null.
#[must_use]
pub fn as_java_sees(opened: &Opened, passwords: Passwords<'_>) -> JavaView {
    let held = &opened.store;
    let untrusted = held.certificates.iter().filter(|entry| !entry.trusted);
    let view = match (&opened.bags, opened.format) {
        (Some(bags), _) => bags.seen(passwords.store, untrusted.count()),
        (None, Format::Jks | Format::Jceks) => entries(opened, passwords),
        (None, format) => refused(format),
    };
    JavaView {
        private_keys: view.private_keys,
        trust_anchors: view.trust_anchors,
        reason: (!view.reasons.is_empty()).then(|| view.reasons.join("; ")),
    }
}

/// A view that is being found out.
#[derive(Default)]
struct Seen {
    private_keys: usize,
    trust_anchors: usize,
    reasons: Vec<String>,
}

impl Seen {
    fn nothing(reason: impl Into<String>) -> Self {
        Self {
            reasons: vec![reason.into()],
            ..Self::default()
        }
    }

    /// Notes a reason, each but once, and no more than anybody reads.
    fn because(&mut self, reason: impl Into<String>) {
        let reason = reason.into();
        if self.reasons.len() < 8 && !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }
}

fn refused(format: Format) -> Seen {
    Seen::nothing(match format {
        Format::Pem => "KeyStore.load does not read PEM; Cassandra 4.1 and later read it with \
             PEMBasedSslContextFactory"
            .to_owned(),
        format => format!("KeyStore.load does not read {format}"),
    })
}

/// JKS and JCEKS: each entry under the name that the file gives it, the last of equal ones; and
/// names are looked up in lower case, so that others are not found.
fn entries(opened: &Opened, passwords: Passwords<'_>) -> Seen {
    let held = &opened.store;
    let mut seen = Seen::default();
    let mut names = HashSet::new();
    let keys = held.keys.iter().map(|entry| (&entry.alias, true));
    let certificates = held.certificates.iter();
    let entries = keys.chain(certificates.map(|entry| (&entry.alias, false)));
    for (alias, is_key) in entries {
        let alias = alias.as_deref().unwrap_or_default();
        if alias.to_lowercase() != alias {
            seen.because(format!(
                "Java looks names up in lower case, so it does not find {}",
                shown(alias)
            ));
        } else if !names.insert(alias) {
            seen.because(same_name(alias));
        } else if is_key {
            seen.private_keys += 1;
        } else {
            seen.trust_anchors += 1;
        }
    }
    if seen.private_keys > 0 && (passwords.store.is_none() || other_key_password(passwords)) {
        seen.private_keys = 0;
        seen.because(match passwords.store {
            None => NO_KEY_PASSWORD,
            Some(_) => OTHER_KEY_PASSWORD,
        });
    }
    seen
}

const NO_KEY_PASSWORD: &str = "without a password Java opens no private key";
const OTHER_KEY_PASSWORD: &str =
    "the private keys have another password than the store, and JSSE is given the store's only";

fn other_key_password(passwords: Passwords<'_>) -> bool {
    passwords
        .key
        .is_some_and(|key| Some(key) != passwords.store)
}

fn same_name(alias: &str) -> String {
    format!(
        "to Java several entries are called {}, and it keeps one of them",
        shown(alias)
    )
}

/// Whether every Java takes a password for PKCS #12: it has to be of printable ASCII. (Java 25
/// takes others for PBES2, and still not for the older ciphers.)
pub(crate) fn takes(password: &str) -> bool {
    password.chars().all(|it| matches!(it, ' '..='~'))
}

/// A name as it may be shown: quoted, without control characters, at most 64 of its characters.
fn shown(alias: &str) -> String {
    let start: String = alias.chars().take(64).collect();
    format!("{start:?}")
}

#[cfg(test)]
mod tests;
