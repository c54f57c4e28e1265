//! What GnuTLS accepts and a reader of the string would not expect.

use std::fmt;

use super::strength::Profile;
use crate::version::Version;

/// Something about a string, or about one element of it, that does not do what it seems to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The element as it was written; empty where the whole string is meant.
    pub element: String,
    /// Where the element stands in the string, in bytes from 0; 0 for the whole string.
    pub at: usize,
    /// What is the matter.
    pub kind: WarningKind,
}

impl Warning {
    pub(super) fn of(element: &str, at: usize, kind: WarningKind) -> Self {
        Self {
            element: element.to_owned(),
            at,
            kind,
        }
    }

    pub(super) fn of_all(kind: WarningKind) -> Self {
        Self::of("", 0, kind)
    }
}

/// What is the matter.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WarningKind {
    /// GnuTLS takes the element and does nothing.
    Ignored,
    /// Only the first 128 elements are looked at.
    BeyondLimit,
    /// It was enabled before; it keeps its place.
    ThereAlready,
    /// There was nothing to remove.
    NotThere,
    /// A keyword after it set the list anew.
    UndoneBy(String),
    /// It is taken for this, whatever follows.
    ReadAs(&'static str),
    /// It names a few algorithms and removes all of their kind.
    EmptiesAll,
    /// The keyword lowers what certificates must reach.
    LowersProfile {
        /// What was demanded before it.
        from: Profile,
        /// What is demanded from it on.
        to: Profile,
    },
    /// The keyword undoes an option before it, so that there are session tickets again.
    BringsBackTickets,
    /// The option takes a protection away.
    Weakens,
    /// No version is left: the string is accepted and every connection fails.
    NoVersion,
    /// Versions are left, and no suite for any of them: every connection fails.
    NoSuite,
    /// Only DTLS is left, which the databases do not speak.
    OnlyDatagrams,
    /// These are enabled, and deprecated by RFC 8996.
    OldVersions(Vec<Version>),
    /// DTLS is still on, so GnuTLS offers suites of TLS 1.2 though TLS 1.2 is off.
    DatagramsLeftOn,
    /// A client offers an older version before a newer one.
    OlderFirst,
    /// TLS 1.3 is in the string and GnuTLS turned it off.
    Tls13Dropped,
}

/// A clause without its subject for an element, a sentence's body for the whole string.
impl fmt::Display for WarningKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ignored => f.write_str("is accepted by GnuTLS and has no effect"),
            Self::BeyondLimit => {
                f.write_str("has no effect: GnuTLS reads the first 128 elements only")
            }
            Self::ThereAlready => f.write_str(
                "has no effect: it is enabled already and keeps its place; remove it first to move it",
            ),
            Self::NotThere => f.write_str("has no effect: it was not enabled"),
            Self::UndoneBy(keyword) => {
                write!(f, "has no effect: {keyword} after it sets the lists anew")
            }
            Self::ReadAs(name) => write!(f, "is taken by GnuTLS for {name}"),
            Self::EmptiesAll => {
                f.write_str("removes every algorithm of that kind, not only those it names")
            }
            Self::LowersProfile { from, to } => write!(
                f,
                "lowers what certificates must reach from {from} to {to}; a keyword never raises it"
            ),
            Self::BringsBackTickets => {
                f.write_str("brings back the session tickets that an option before it turned off")
            }
            Self::Weakens => f.write_str("takes a protection away"),
            Self::NoVersion => f.write_str(
                "the string is accepted but leaves no version enabled, so every connection fails",
            ),
            Self::NoSuite => f.write_str(
                "the string is accepted but leaves no suite that an enabled version of TLS can use, \
                 so every connection fails",
            ),
            Self::OnlyDatagrams => f.write_str(
                "the string leaves only DTLS enabled, which does not run over TCP, so every connection fails",
            ),
            Self::OldVersions(versions) => {
                let names: Vec<String> = versions.iter().map(ToString::to_string).collect();
                write!(f, "the string leaves {} enabled", names.join(" and "))
            }
            Self::DatagramsLeftOn => f.write_str(
                "DTLS is still enabled, so suites of TLS 1.2 are offered though TLS 1.2 is not; \
                 -VERS-ALL removes both, -VERS-TLS-ALL only TLS",
            ),
            Self::OlderFirst => f.write_str(
                "an older version stands before a newer one, and a client offers them in this order",
            ),
            Self::Tls13Dropped => f.write_str(
                "TLS 1.3 is in the string, but GnuTLS turns it off: it does not go with the rest of the string",
            ),
        }
    }
}

/// `element 3 …`: the sentence as an operator reads it.
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.element.is_empty() {
            write!(f, "{}", self.kind)
        } else {
            write!(f, "'{}' {}", self.element, self.kind)
        }
    }
}
