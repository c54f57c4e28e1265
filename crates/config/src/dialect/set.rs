use std::fmt;

use super::{Dialect, Product};

/// Some of the dialects; displayed in ranges of versions: `Cassandra 4.1 to 6.0, ScyllaDB`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dialects(u16);

impl Dialects {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// Cassandra 3.0.
    pub const C30: Self = Self::one(Dialect::Cassandra30);
    /// Cassandra 3.11.
    pub const C311: Self = Self::one(Dialect::Cassandra311);
    /// Cassandra 3.
    pub const C3: Self = Self::C30.and(Self::C311);
    /// Cassandra 4.0.
    pub const C40: Self = Self::one(Dialect::Cassandra40);
    /// Cassandra 4.1.
    pub const C41: Self = Self::one(Dialect::Cassandra41);
    /// Cassandra 5.0.
    pub const C50: Self = Self::one(Dialect::Cassandra50);
    /// Cassandra 6.0.
    pub const C60: Self = Self::one(Dialect::Cassandra60);
    /// Cassandra 5.0 and later.
    pub const C50_ON: Self = Self::C50.and(Self::C60);
    /// Cassandra 4.1 and later.
    pub const C41_ON: Self = Self::C41.and(Self::C50_ON);
    /// Cassandra 4.0 and later.
    pub const C40_ON: Self = Self::C40.and(Self::C41_ON);
    /// Every Cassandra.
    pub const CASSANDRA: Self = Self::C3.and(Self::C40_ON);
    /// DSE 5.1.
    pub const DSE51: Self = Self::one(Dialect::Dse51);
    /// DSE 6.0.
    pub const DSE60: Self = Self::one(Dialect::Dse60);
    /// DSE 6.7 to 6.9.
    pub const DSE67: Self = Self::one(Dialect::Dse67);
    /// DSE 6.0 and later.
    pub const DSE60_ON: Self = Self::DSE60.and(Self::DSE67);
    /// Every DSE.
    pub const DSE: Self = Self::DSE51.and(Self::DSE60_ON);
    /// HCD.
    pub const HCD: Self = Self::one(Dialect::Hcd1);
    /// What runs in a JVM.
    pub const JAVA: Self = Self::CASSANDRA.and(Self::DSE).and(Self::HCD);
    /// ScyllaDB.
    pub const SCYLLA: Self = Self::one(Dialect::Scylla);
    /// Ringlock.
    pub const RINGLOCK: Self = Self::one(Dialect::Ringlock);
    /// The databases.
    pub const DATABASES: Self = Self::JAVA.and(Self::SCYLLA);

    const fn one(dialect: Dialect) -> Self {
        Self(1 << dialect as u16)
    }

    /// These and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it is one of them.
    pub const fn contains(self, dialect: Dialect) -> bool {
        self.0 & Self::one(dialect).0 != 0
    }
}

impl FromIterator<Dialect> for Dialects {
    fn from_iter<I: IntoIterator<Item = Dialect>>(dialects: I) -> Self {
        dialects
            .into_iter()
            .map(Self::one)
            .fold(Self::NONE, Self::and)
    }
}

impl fmt::Display for Dialects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for product in Product::ALL {
            let versions: Vec<_> = Dialect::ALL
                .into_iter()
                .filter(|dialect| dialect.product() == product)
                .collect();
            if versions.len() > 1 && versions.iter().all(|version| self.contains(*version)) {
                write!(f, "{separator}{product}")?;
                separator = ", ";
                continue;
            }
            for run in versions.split(|version| !self.contains(*version)) {
                let (Some(first), Some(last)) = (run.first(), run.last()) else {
                    continue;
                };
                if run.len() == 1 {
                    write!(f, "{separator}{first}")?;
                } else {
                    let (first, last) = (first.versions().0, last.versions().1);
                    write!(f, "{separator}{product} {first} to {last}")?;
                }
                separator = ", ";
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_versions_are_named_as_a_range() {
        let named = |dialects: Dialects| dialects.to_string();
        assert_eq!(named(Dialects::C41_ON), "Cassandra 4.1 to 6.0");
        assert_eq!(
            named(Dialects::C3.and(Dialects::SCYLLA)),
            "Cassandra 3.0 to 3.11, ScyllaDB"
        );
        assert_eq!(
            named(Dialects::C30.and(Dialects::C40)),
            "Cassandra 3.0, Cassandra 4.0"
        );
        assert_eq!(named(Dialects::DSE60_ON), "DSE 6.0 to 6.9");
        assert_eq!(named(Dialects::JAVA), "Cassandra, DSE, HCD 1");
        assert_eq!(named(Dialects::NONE), "");
    }
}
