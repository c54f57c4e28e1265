//! `cipher_suites`.

use std::fmt;

use super::Provider;
use crate::java::JavaBan;
use crate::suite::{Suite, Vocabulary};
use crate::version::Version;

/// What is left of a list of suites once Cassandra has dropped what is not supported.
///
/// Names are compared exactly, in every line of Cassandra. 3.x goes on with what is left, even with
/// nothing; 4.0 and later do not start with nothing.
#[must_use]
pub fn suites<'a>(provider: Provider, names: &[&'a str]) -> ChosenSuites<'a> {
    let mut chosen = ChosenSuites::default();
    for name in names.iter().copied() {
        match supported(provider, name) {
            Ok(suite) => {
                if !chosen.kept.contains(&suite) {
                    chosen.kept.push(suite);
                }
            }
            Err(mut why) => {
                if let Dropped::Unknown { nearest } = &mut why
                    && chosen.dropped.len() < SUGGESTIONS
                {
                    *nearest = self::nearest(provider, name);
                }
                chosen.dropped.push((name, why));
            }
        }
    }
    let only_tls13 = chosen
        .kept
        .iter()
        .all(|suite| suite.first_version() == Version::Tls13);
    chosen.limits_nothing = provider == Provider::OpenSsl && !chosen.kept.is_empty() && only_tls13;
    chosen
}

/// Of so many dropped names it is looked for what was meant; a longer list is wrong altogether.
const SUGGESTIONS: usize = 16;

/// A list of suites, sorted out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChosenSuites<'a> {
    /// In force, in the order of the list, repeated ones once.
    pub kept: Vec<&'static Suite>,
    /// Dropped, with the name as it was written.
    pub dropped: Vec<(&'a str, Dropped)>,
    /// Whether the list limits nothing though it names suites: BoringSSL takes no orders about TLS
    /// 1.3, and a list of TLS 1.3's suites alone leaves TLS 1.2 with all that it has.
    pub limits_nothing: bool,
}

/// Why a name is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// No vocabulary has the name.
    Unknown {
        /// The name that was probably meant, which JSSE has; looked for only among the first
        /// sixteen dropped names of a list.
        nearest: Option<&'static str>,
    },
    /// It is another vocabulary's name.
    Foreign {
        /// Whose name it is.
        vocabulary: Vocabulary,
        /// JSSE's own, where JSSE has the suite.
        jsse: Option<&'static str>,
    },
    /// It is the name that JSSE takes but does not list, so that Cassandra does not find it.
    Alias {
        /// The name that JSSE lists.
        jsse: &'static str,
    },
    /// Java disables it as delivered.
    Disabled(JavaBan),
    /// What does TLS has no code for it.
    Missing,
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { nearest: None } => f.write_str("is no cipher suite"),
            Self::Unknown {
                nearest: Some(name),
            } => write!(f, "is no cipher suite; perhaps {name}"),
            Self::Foreign {
                vocabulary,
                jsse: Some(name),
            } => write!(f, "is {vocabulary}'s name; Java's is {name}"),
            Self::Foreign {
                vocabulary,
                jsse: None,
            } => write!(
                f,
                "is {vocabulary}'s name of a suite that Java does not have"
            ),
            Self::Alias { jsse } => {
                write!(
                    f,
                    "is an alias that Java does not list; its own name is {jsse}"
                )
            }
            Self::Disabled(ban) => write!(
                f,
                "is disabled by '{ban}' in jdk.tls.disabledAlgorithms, {}",
                ban.since()
            ),
            Self::Missing => f.write_str("is not implemented there"),
        }
    }
}

fn supported(provider: Provider, name: &str) -> Result<&'static Suite, Dropped> {
    let Some(suite) = Suite::all().find(|suite| suite.jsse() == Some(name)) else {
        return Err(unlisted(name));
    };
    match provider {
        Provider::OpenSsl if suite.is_in_boringssl() => Ok(suite),
        Provider::OpenSsl => Err(Dropped::Missing),
        Provider::Jdk(java) if !suite.is_in(java) => Err(Dropped::Missing),
        Provider::Jdk(java) => match suite.bans().find(|ban| ban.holds_in(java)) {
            Some(ban) => Err(Dropped::Disabled(ban)),
            None => Ok(suite),
        },
    }
}

/// Why a name that JSSE does not list is dropped.
fn unlisted(name: &str) -> Dropped {
    let alias = Suite::all().find(|suite| suite.jsse_alias() == Some(name));
    if let Some(jsse) = alias.and_then(Suite::jsse) {
        return Dropped::Alias { jsse };
    }
    match Suite::by_name(name) {
        Some(named) if named.vocabulary == Vocabulary::Iana => Dropped::Missing,
        Some(named) => Dropped::Foreign {
            vocabulary: named.vocabulary,
            jsse: named.suite.jsse(),
        },
        None => Dropped::Unknown { nearest: None },
    }
}

fn nearest(provider: Provider, name: &str) -> Option<&'static str> {
    // IBM's Java begins every name with SSL_.
    let standard = name.strip_prefix("SSL_").map(|rest| format!("TLS_{rest}"));
    let same = standard.and_then(|name| Suite::in_vocabulary(Vocabulary::Jsse, &name));
    let offered = |suite: &&Suite| match provider {
        Provider::OpenSsl => suite.is_in_boringssl(),
        Provider::Jdk(java) => suite.is_offered_by(java),
    };
    same.and_then(Suite::jsse).or_else(|| {
        let names = Suite::all().filter(offered).filter_map(Suite::jsse);
        crate::nearest::nearest(name, names)
    })
}
