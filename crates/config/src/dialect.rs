//! Whose yaml a file is. Products and versions that take the same keys with the same defaults
//! share a dialect.

mod detect;
mod set;

use std::{fmt, str::FromStr};

use thiserror::Error;

pub use detect::{Detected, detect};
pub use set::Dialects;

/// One product in the versions that read their yaml alike; displayed as operators name it, such as
/// `Cassandra 4.1` or `DSE 6.7 to 6.9`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Dialect {
    /// Apache Cassandra 3.0, which differs from 3.11 in what it refuses.
    Cassandra30,
    /// Apache Cassandra 3.1 to 3.11.
    Cassandra311,
    /// Apache Cassandra 4.0.
    Cassandra40,
    /// Apache Cassandra 4.1.
    Cassandra41,
    /// Apache Cassandra 5.0.
    Cassandra50,
    /// Apache Cassandra 6.0.
    Cassandra60,
    /// DataStax Enterprise 5.1.
    Dse51,
    /// DataStax Enterprise 6.0.
    Dse60,
    /// DataStax Enterprise 6.7, 6.8 and 6.9.
    Dse67,
    /// Hyper-Converged Database 1.x.
    Hcd1,
    /// ScyllaDB.
    Scylla,
    /// Ringlock itself, which takes the words of all of them.
    Ringlock,
}

/// Who makes it, whatever the version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Product {
    /// Apache Cassandra.
    Cassandra,
    /// DataStax Enterprise.
    Dse,
    /// Hyper-Converged Database.
    Hcd,
    /// ScyllaDB.
    Scylla,
    /// Ringlock.
    Ringlock,
}

/// A word that names no dialect.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is no dialect; expected one of {words}", words = words())]
pub struct UnknownDialect(String);

fn words() -> String {
    Dialect::WORDS.map(|(word, _)| word).join(", ")
}

impl Dialect {
    /// Every dialect, oldest first within each product.
    pub const ALL: [Self; 12] = [
        Self::Cassandra30,
        Self::Cassandra311,
        Self::Cassandra40,
        Self::Cassandra41,
        Self::Cassandra50,
        Self::Cassandra60,
        Self::Dse51,
        Self::Dse60,
        Self::Dse67,
        Self::Hcd1,
        Self::Scylla,
        Self::Ringlock,
    ];

    /// The words for dialects on the command line. A product without a version stands for the
    /// newest of that line.
    pub const WORDS: [(&str, Self); 18] = [
        ("cassandra-3", Self::Cassandra311),
        ("cassandra-3.0", Self::Cassandra30),
        ("cassandra-3.11", Self::Cassandra311),
        ("cassandra-4", Self::Cassandra41),
        ("cassandra-4.0", Self::Cassandra40),
        ("cassandra-4.1", Self::Cassandra41),
        ("cassandra-5", Self::Cassandra50),
        ("cassandra-5.0", Self::Cassandra50),
        ("cassandra-6", Self::Cassandra60),
        ("cassandra-6.0", Self::Cassandra60),
        ("dse", Self::Dse67),
        ("dse-5.1", Self::Dse51),
        ("dse-6.0", Self::Dse60),
        ("dse-6.7", Self::Dse67),
        ("hcd", Self::Hcd1),
        ("hcd-1", Self::Hcd1),
        ("scylla", Self::Scylla),
        ("ringlock", Self::Ringlock),
    ];

    /// Whether its nodes take TLS from each other on `ssl_storage_port` and not on `storage_port`
    /// (C3N-30).
    pub const fn has_port_for_tls(self) -> bool {
        match self {
            Self::Cassandra30
            | Self::Cassandra311
            | Self::Dse51
            | Self::Dse60
            | Self::Dse67
            | Self::Scylla => true,
            Self::Cassandra40
            | Self::Cassandra41
            | Self::Cassandra50
            | Self::Cassandra60
            | Self::Hcd1
            | Self::Ringlock => false,
        }
    }

    /// Who makes it.
    pub const fn product(self) -> Product {
        match self {
            Self::Cassandra30
            | Self::Cassandra311
            | Self::Cassandra40
            | Self::Cassandra41
            | Self::Cassandra50
            | Self::Cassandra60 => Product::Cassandra,
            Self::Dse51 | Self::Dse60 | Self::Dse67 => Product::Dse,
            Self::Hcd1 => Product::Hcd,
            Self::Scylla => Product::Scylla,
            Self::Ringlock => Product::Ringlock,
        }
    }

    /// Whether there is a release of it; what is not released yet is known by its sources.
    pub const fn is_released(self) -> bool {
        !matches!(self, Self::Cassandra60)
    }

    /// The first and the last of its versions; empty where the version makes no difference.
    const fn versions(self) -> (&'static str, &'static str) {
        match self {
            Self::Cassandra30 => ("3.0", "3.0"),
            Self::Cassandra311 => ("3.1", "3.11"),
            Self::Cassandra40 => ("4.0", "4.0"),
            Self::Cassandra41 => ("4.1", "4.1"),
            Self::Cassandra50 => ("5.0", "5.0"),
            Self::Cassandra60 => ("6.0", "6.0"),
            Self::Dse51 => ("5.1", "5.1"),
            Self::Dse60 => ("6.0", "6.0"),
            Self::Dse67 => ("6.7", "6.9"),
            Self::Hcd1 => ("1.0", "1.2"),
            Self::Scylla | Self::Ringlock => ("", ""),
        }
    }

    /// The exact word for it on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cassandra30 => "cassandra-3.0",
            Self::Cassandra311 => "cassandra-3.11",
            Self::Cassandra40 => "cassandra-4.0",
            Self::Cassandra41 => "cassandra-4.1",
            Self::Cassandra50 => "cassandra-5.0",
            Self::Cassandra60 => "cassandra-6.0",
            Self::Dse51 => "dse-5.1",
            Self::Dse60 => "dse-6.0",
            Self::Dse67 => "dse-6.7",
            Self::Hcd1 => "hcd-1",
            Self::Scylla => "scylla",
            Self::Ringlock => "ringlock",
        }
    }

    /// The dialect of a version that a file beside the yaml names: `4.1.10`, `DSE 6.8.35`,
    /// `hcd-1.2.3`, `2025.1.2-0.20250401.abc`. A bare number is Cassandra's, unless it is a year.
    pub fn of_version(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let digits = lower.find(|c: char| c.is_ascii_digit())?;
        let mut numbers = lower[digits..]
            .split(|c: char| !c.is_ascii_digit())
            .map(|number| number.parse::<u32>().unwrap_or(u32::MAX));
        let (major, minor) = (numbers.next()?, numbers.next().unwrap_or(0));
        let named = &lower[..digits];
        if named.contains("scylla") || major >= 2000 {
            Some(Self::Scylla)
        } else if named.contains("hcd") {
            Some(Self::Hcd1)
        } else if named.contains("dse") {
            Self::of_dse(major, minor)
        } else {
            Self::of_cassandra(major, minor)
        }
    }

    fn of_dse(major: u32, minor: u32) -> Option<Self> {
        match (major, minor) {
            (5, _) => Some(Self::Dse51),
            (6, 0..=6) => Some(Self::Dse60),
            (6, _) => Some(Self::Dse67),
            _ => None,
        }
    }

    fn of_cassandra(major: u32, minor: u32) -> Option<Self> {
        match (major, minor) {
            (3, 0) => Some(Self::Cassandra30),
            (3, _) => Some(Self::Cassandra311),
            (4, 0) => Some(Self::Cassandra40),
            (4, _) => Some(Self::Cassandra41),
            // Cassandra 6.0 was called 5.1 while it was made.
            (5, 0) => Some(Self::Cassandra50),
            (5 | 6, _) => Some(Self::Cassandra60),
            _ => None,
        }
    }
}

impl Product {
    /// Every product.
    pub const ALL: [Self; 5] = [
        Self::Cassandra,
        Self::Dse,
        Self::Hcd,
        Self::Scylla,
        Self::Ringlock,
    ];
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Cassandra => "Cassandra",
            Self::Dse => "DSE",
            Self::Hcd => "HCD",
            Self::Scylla => "ScyllaDB",
            Self::Ringlock => "Ringlock",
        })
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Cassandra30 => "Cassandra 3.0",
            Self::Cassandra311 => "Cassandra 3.11",
            Self::Cassandra40 => "Cassandra 4.0",
            Self::Cassandra41 => "Cassandra 4.1",
            Self::Cassandra50 => "Cassandra 5.0",
            Self::Cassandra60 => "Cassandra 6.0",
            Self::Dse51 => "DSE 5.1",
            Self::Dse60 => "DSE 6.0",
            Self::Dse67 => "DSE 6.7 to 6.9",
            Self::Hcd1 => "HCD 1",
            Self::Scylla => "ScyllaDB",
            Self::Ringlock => "Ringlock",
        })
    }
}

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(text: &str) -> Result<Self, UnknownDialect> {
        Self::WORDS
            .into_iter()
            .find(|(word, _)| *word == text)
            .map(|(_, dialect)| dialect)
            .ok_or_else(|| UnknownDialect(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_is_read_from_its_own_word() {
        for dialect in Dialect::ALL {
            assert_eq!(dialect.word().parse(), Ok(dialect));
        }
        assert_eq!("cassandra-4".parse(), Ok(Dialect::Cassandra41));
        let unknown = "cassandra-2".parse::<Dialect>().unwrap_err().to_string();
        assert!(unknown.starts_with("\"cassandra-2\" is no dialect; expected one of cassandra-3,"));
    }

    #[test]
    fn versions_are_told_as_the_products_write_them() {
        for (version, dialect) in [
            ("3.0.31", Some(Dialect::Cassandra30)),
            ("3.6", Some(Dialect::Cassandra311)),
            ("4.0.19", Some(Dialect::Cassandra40)),
            ("apache-cassandra-4.1.10.jar", Some(Dialect::Cassandra41)),
            ("5.0-rc2", Some(Dialect::Cassandra50)),
            ("5.1-SNAPSHOT", Some(Dialect::Cassandra60)),
            ("dse-6.8.35", Some(Dialect::Dse67)),
            ("DSE 6.0.4", Some(Dialect::Dse60)),
            ("dse-core-5.1.50.jar", Some(Dialect::Dse51)),
            ("hcd-1.2.3", Some(Dialect::Hcd1)),
            ("2025.1.2-0.20250401.0123abcd", Some(Dialect::Scylla)),
            ("scylla-5.4.1", Some(Dialect::Scylla)),
            ("2.2.19", None),
            ("nothing", None),
        ] {
            assert_eq!(Dialect::of_version(version), dialect, "{version}");
        }
    }
}
