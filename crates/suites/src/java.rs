//! Releases of Java, and what each disables as delivered.

use std::fmt;
use std::str::FromStr;

use crate::suite::{Authentication, Cipher, KeyExchange, Suite};
use crate::version::Version;

/// An update of a release of OpenJDK: 17.0.15 is release 17, update 15; 8u292 is 8 and 292.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Java {
    /// The release: 8, 11, 17, …
    pub release: u8,
    /// The update of that release.
    pub update: u16,
}

impl Java {
    /// The newest update of a release, whichever that is.
    #[must_use]
    pub const fn latest(release: u8) -> Self {
        Self {
            release,
            update: u16::MAX,
        }
    }

    /// The versions of TLS that a JSSE as delivered offers, the newest first. TLS 1.3 came to
    /// Java 8 with 8u261; TLS 1.0 and 1.1 are disabled since 8u292, 11.0.11 and 16.
    #[must_use]
    pub fn versions(self) -> Vec<Version> {
        let mut versions = Vec::new();
        if self.release > 8 || self.update >= 261 {
            versions.push(Version::Tls13);
        }
        versions.push(Version::Tls12);
        if !self.is_since(OLD_VERSIONS_DISABLED) {
            versions.extend([Version::Tls11, Version::Tls10]);
        }
        versions
    }

    /// Whether it is one of these updates, or later in the same release, or a release later than
    /// all of them.
    fn is_since(self, since: &[(u8, u16)]) -> bool {
        let newest = since.iter().map(|(release, _)| *release).max();
        since
            .iter()
            .any(|(release, update)| self.release == *release && self.update >= *update)
            || newest.is_some_and(|newest| self.release > newest)
    }
}

const OLD_VERSIONS_DISABLED: &[(u8, u16)] = &[(8, 292), (11, 11), (16, 0)];

/// `17.0.15`, `17`, `8u292`, `1.8.0_292`: a release alone is its newest update.
impl FromStr for Java {
    type Err = UnknownJava;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownJava(text.to_owned());
        let modern = text.strip_prefix("1.").unwrap_or(text);
        let mut numbers = modern
            .split(['.', 'u', '_', '+', '-'])
            .map(str::parse::<u16>);
        let release = numbers.next().and_then(Result::ok).ok_or_else(unknown)?;
        let release = u8::try_from(release).map_err(|_| unknown())?;
        let rest: Vec<u16> = numbers.map_while(Result::ok).collect();
        let update = if modern.contains('u') {
            rest.first()
        } else {
            rest.get(1)
        };
        Ok(Self {
            release,
            update: update.copied().unwrap_or(u16::MAX),
        })
    }
}

impl fmt::Display for Java {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.release, self.update) {
            (release, u16::MAX) => write!(f, "Java {release}"),
            (8, update) => write!(f, "Java 8u{update}"),
            (release, update) => write!(f, "Java {release}.0.{update}"),
        }
    }
}

/// A text that does not name a version of Java.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no version of Java; expected is one such as 17, 17.0.15 or 8u292")]
pub struct UnknownJava(pub String);

/// An entry of `jdk.tls.disabledAlgorithms` as OpenJDK is delivered.
///
/// A disabled suite is never negotiated, even if it is enabled by name. The file that holds the
/// property is `conf/security/java.security` (Java 8: `lib/security`); it can be replaced by
/// `-Djava.security.properties=FILE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JavaBan {
    /// `RC4`.
    Rc4,
    /// `DES`.
    Des,
    /// `3DES_EDE_CBC`.
    TripleDes,
    /// `anon`.
    Anonymous,
    /// `NULL`.
    Null,
    /// `ECDH`: static, not ECDHE.
    StaticEcdh,
    /// `TLS_RSA_*`: RSA key exchange. The wildcard matches JSSE's own names only, so those that
    /// begin with `SSL_RSA_` need another entry.
    RsaKeyExchange,
}

impl JavaBan {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        [
            Self::Rc4,
            Self::Des,
            Self::TripleDes,
            Self::Anonymous,
            Self::Null,
            Self::StaticEcdh,
            Self::RsaKeyExchange,
        ]
        .into_iter()
    }

    /// The entry as the property spells it.
    #[must_use]
    pub fn entry(self) -> &'static str {
        match self {
            Self::Rc4 => "RC4",
            Self::Des => "DES",
            Self::TripleDes => "3DES_EDE_CBC",
            Self::Anonymous => "anon",
            Self::Null => "NULL",
            Self::StaticEcdh => "ECDH",
            Self::RsaKeyExchange => "TLS_RSA_*",
        }
    }

    /// Since when, in words.
    #[must_use]
    pub fn since(self) -> &'static str {
        match self {
            Self::StaticEcdh => "since Java 8u432, 11.0.25, 17.0.13, 21.0.5 and 24",
            Self::RsaKeyExchange => "since Java 24, and in Java 17 by 17.0.21 at the latest",
            _ => "in every release that is maintained",
        }
    }

    /// Whether the release has it. Where the update that brought an entry is not known exactly,
    /// the last one that it can have been counts.
    #[must_use]
    pub fn holds_in(self, java: Java) -> bool {
        match self {
            // JDK-8279164 and its backports of October 2024.
            Self::StaticEcdh => java.is_since(&[(8, 432), (11, 25), (17, 13), (21, 5), (24, 0)]),
            // JDK-8245545 and its backports.
            Self::RsaKeyExchange => java.is_since(&[(17, 21), (21, 13), (24, 0)]),
            _ => java.is_since(OLD_VERSIONS_DISABLED),
        }
    }

    pub(crate) fn covers(self, suite: &Suite) -> bool {
        let cipher = suite.cipher();
        match self {
            Self::Rc4 => matches!(cipher, Cipher::Rc4_40 | Cipher::Rc4_56 | Cipher::Rc4_128),
            Self::Des => matches!(cipher, Cipher::DesCbc | Cipher::Des40Cbc),
            Self::TripleDes => cipher == Cipher::TripleDesCbc,
            Self::Anonymous => suite.authentication() == Authentication::Anonymous,
            Self::Null => cipher == Cipher::Null,
            Self::StaticEcdh => {
                suite.key_exchange() == KeyExchange::Ecdh
                    && suite.authentication() != Authentication::Anonymous
            }
            Self::RsaKeyExchange => suite
                .jsse()
                .is_some_and(|name| name.starts_with("TLS_RSA_")),
        }
    }
}

/// As it stands in the property.
impl fmt::Display for JavaBan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.entry())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_a_version_of_java_is_read() {
        let java = |text: &str| text.parse::<Java>().map(|java| java.to_string());
        assert_eq!(java("17.0.15").unwrap(), "Java 17.0.15");
        assert_eq!(java("17.0.15+6-Debian").unwrap(), "Java 17.0.15");
        assert_eq!(java("8u292").unwrap(), "Java 8u292");
        assert_eq!(java("1.8.0_292").unwrap(), "Java 8u292");
        assert_eq!(java("21").unwrap(), "Java 21");
        assert!(java("").is_err() && java("new").is_err() && java("1000").is_err());
    }

    #[test]
    fn old_versions_are_offered_until_the_update_that_disabled_them() {
        let old = Java {
            release: 8,
            update: 252,
        };
        assert_eq!(
            old.versions(),
            [Version::Tls12, Version::Tls11, Version::Tls10]
        );
        assert_eq!(Java::latest(8).versions(), [Version::Tls13, Version::Tls12]);
        assert_eq!(
            Java::latest(25).versions(),
            [Version::Tls13, Version::Tls12]
        );
    }
}
