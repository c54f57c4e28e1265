//! Why GnuTLS refuses a string.

use std::fmt;

use super::keywords::Keyword;
use super::names;
use super::read::Element;
use crate::nearest::nearest;
use crate::suite::{Suite, Vocabulary};
use crate::version::Version;

/// A string that GnuTLS refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriorityError {
    /// An element is not understood. What follows was not looked at.
    #[error("'{element}' at character {} is not understood; expected is {expected}", .character)]
    Element {
        /// The element as it was written.
        element: String,
        /// Where it stands in the string, in bytes from 0.
        at: usize,
        /// The same in characters from 1, for a person.
        character: usize,
        /// What would be understood there.
        expected: Expected,
        /// What GnuTLS says.
        told: String,
    },
    /// Every element is understood, and together they leave nothing to make a connection with.
    #[error("'{text}' leaves no {cause} to make a connection with")]
    Insufficient {
        /// The string.
        text: String,
        /// What is missing.
        cause: Insufficient,
    },
}

impl PriorityError {
    /// Where the element stands that is not understood, in bytes from 0; 0 where the whole string
    /// is at fault.
    #[must_use]
    pub fn at(&self) -> usize {
        match self {
            Self::Element { at, .. } => *at,
            Self::Insufficient { .. } => 0,
        }
    }

    /// What `gnutls-cli --priority` prints for it on standard error, without the end of the line.
    #[must_use]
    pub fn gnutls_message(&self) -> String {
        match self {
            Self::Element { told, .. } => format!("Syntax error at: {told}"),
            Self::Insufficient { .. } => {
                "Error in priorities: No or insufficient priorities were set.".to_owned()
            }
        }
    }

    pub(super) fn insufficient(text: &str, cause: Insufficient) -> Self {
        Self::Insufficient {
            text: text.to_owned(),
            cause,
        }
    }
}

/// What a string leaves none of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insufficient {
    /// Versions.
    Versions,
    /// Signature algorithms for the versions that need them.
    Signatures,
    /// Combinations of cipher, MAC and key exchange.
    Suites,
}

impl fmt::Display for Insufficient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Versions => "version",
            Self::Signatures => "signature algorithm",
            Self::Suites => "cipher suite",
        })
    }
}

/// What would be understood in the place of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// Something: there is nothing between two colons, or at an end.
    Element,
    /// A keyword, or an item behind a sign, or an option.
    KeywordOrItem {
        /// The keyword that may have been meant.
        nearest: Option<&'static str>,
    },
    /// The same with a sign before it.
    Sign(String),
    /// An item that there is.
    Item {
        /// The item that may have been meant, without its sign.
        nearest: Option<String>,
    },
    /// An option that there is.
    Option {
        /// The option that may have been meant, without `%`.
        nearest: Option<&'static str>,
    },
    /// No white space here.
    NoSpace,
    /// A colon, which is the only separator.
    Colon,
    /// Single items: a keyword can only be added.
    NoRemovedKeyword,
    /// `NONE` at the start, and nowhere else.
    NoneFirst,
    /// Cipher, MAC and key exchange, each an item: GnuTLS has no names of suites here.
    NoSuite,
    /// `@` and a name that the configuration of GnuTLS on that machine defines; here it is not
    /// known, so whether the string is good is not known either.
    MachineEntry,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let perhaps = |f: &mut fmt::Formatter<'_>, sign: &str, nearest: Option<&str>| {
            nearest.map_or(Ok(()), |name| write!(f, "; perhaps {sign}{name}"))
        };
        match self {
            Self::Element => f.write_str("something between the colons"),
            Self::KeywordOrItem { nearest } => {
                f.write_str(
                    "a keyword such as SECURE128, an item after '+' or '-', or an option after '%'",
                )?;
                perhaps(f, "", *nearest)
            }
            Self::Sign(name) => write!(f, "'+' or '-' before the item: +{name}"),
            Self::Item { nearest } => {
                f.write_str("a version, cipher, MAC, key exchange, group or signature of GnuTLS")?;
                perhaps(f, "", nearest.as_deref())
            }
            Self::Option { nearest } => {
                f.write_str("an option of GnuTLS 3.7, in capitals")?;
                perhaps(f, "%", *nearest)
            }
            Self::NoSpace => f.write_str("no white space in it"),
            Self::Colon => f.write_str("':' between elements"),
            Self::NoRemovedKeyword => {
                f.write_str("a single item: a keyword can be added but not removed")
            }
            Self::NoneFirst => f.write_str("NONE at the start of the string only"),
            Self::NoSuite => {
                f.write_str("cipher, MAC and key exchange one by one: no suite has a name here")
            }
            Self::MachineEntry => f.write_str(
                "a string of its own: what '@' names is defined by the machine's configuration of GnuTLS",
            ),
        }
    }
}

/// The error for an element that cannot be understood.
pub(super) fn refused(text: &str, element: Element<'_>) -> PriorityError {
    // The place that GnuTLS names can lie within a character.
    let told = text.as_bytes().get(element.told..).unwrap_or_default();
    PriorityError::Element {
        element: element.text.to_owned(),
        at: element.at,
        character: text
            .get(..element.at)
            .map_or(1, |before| before.chars().count() + 1),
        expected: expected(element),
        told: String::from_utf8_lossy(told).into_owned(),
    }
}

fn expected(element: Element<'_>) -> Expected {
    let text = element.text;
    let (sign, name) = match text.chars().next() {
        None => return Expected::Element,
        Some('@') if element.is_first => return Expected::MachineEntry,
        Some(sign @ ('+' | '-' | '!' | '%')) => (Some(sign), &text[1..]),
        Some(_) => (None, text),
    };
    let is_known = |name: &str| Keyword::find(name).is_some() || item(name).is_some();
    if name.contains([',', ';']) {
        Expected::Colon
    } else if name.contains(char::is_whitespace) {
        Expected::NoSpace
    } else if name.eq_ignore_ascii_case("NONE") {
        Expected::NoneFirst
    } else if sign == Some('%') {
        Expected::Option {
            nearest: nearest(name, names::OPTIONS.iter().copied()),
        }
    } else if sign.is_some() && Keyword::find(name).is_some() {
        Expected::NoRemovedKeyword
    } else if Suite::by_name(name).is_some_and(|named| named.vocabulary != Vocabulary::OpenSsl) {
        Expected::NoSuite
    } else if sign.is_none() && is_known(name) {
        Expected::Sign(name.to_owned())
    } else if sign.is_none() {
        Expected::KeywordOrItem {
            nearest: nearest(name, Keyword::names()),
        }
    } else {
        Expected::Item {
            nearest: nearest_item(name),
        }
    }
}

fn item(name: &str) -> Option<String> {
    items().find(|item| item.eq_ignore_ascii_case(name))
}

fn nearest_item(name: &str) -> Option<String> {
    // As others write a version: TLSv1.2, TLS1.2, VERS-TLSv1.2.
    let bare = names::strip(name, "VERS-").unwrap_or(name);
    let plain = bare.replace(['v', 'V'], "");
    if let Some(version) = names::version(&plain) {
        return Some(format!("VERS-{}", version.gnutls_name()));
    }
    let all: Vec<String> = items().chain(Keyword::names().map(str::to_owned)).collect();
    if let Some(same) = all.iter().find(|item| ends_with_name(item, name)) {
        return Some(same.clone());
    }
    nearest(name, all.iter().map(String::as_str)).map(str::to_owned)
}

/// Whether `item` is `name` behind the name of its category.
fn ends_with_name(item: &str, name: &str) -> bool {
    item.split_once('-')
        .is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(name))
}

/// Every single item as it is written behind a sign.
fn items() -> impl Iterator<Item = String> {
    let prefixed = |prefix: &'static str, names: &'static [&'static str]| {
        names.iter().map(move |name| format!("{prefix}{name}"))
    };
    let versions = Version::ALL
        .into_iter()
        .map(|version| format!("VERS-{}", version.gnutls_name()));
    versions
        .chain(prefixed("", names::CIPHERS))
        .chain(prefixed("", names::MACS))
        .chain(prefixed("", names::KEY_EXCHANGES))
        .chain(prefixed("GROUP-", names::GROUPS))
        .chain(prefixed("SIGN-", names::SIGNATURES))
        .chain(prefixed("CTYPE-", names::CERTIFICATE_TYPES))
        .chain(
            [
                "VERS-ALL",
                "VERS-TLS-ALL",
                "VERS-DTLS-ALL",
                "CIPHER-ALL",
                "MAC-ALL",
                "KX-ALL",
            ]
            .map(str::to_owned),
        )
}
