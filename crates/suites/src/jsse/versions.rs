//! `protocol` and `accepted_protocols`.

use super::{Line, Provider, Side};
use crate::java::Java;
use crate::nearest::nearest;
use crate::version::Version;

/// The versions that a connection can have, where `protocol` and `accepted_protocols` are as given;
/// `None` is an option that is absent or blank.
///
/// # Errors
/// A name is unknown to what does TLS, so that the node does not start, or no connection is made.
pub fn versions(
    line: Line,
    side: Side,
    provider: Provider,
    protocol: Option<&str>,
    accepted: Option<&[&str]>,
) -> Result<EnabledVersions, JsseError> {
    match (line, provider) {
        (Line::Three, Provider::Jdk(java)) => in_context(java, side, protocol.unwrap_or("TLS")),
        // 3.x knows Java's TLS only.
        (Line::Three, Provider::OpenSsl) => {
            in_context(Java::latest(8), side, protocol.unwrap_or("TLS"))
        }
        (Line::Four, _) => in_list(provider, protocol, accepted),
    }
}

/// The versions that can be negotiated, and those that were named in vain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnabledVersions {
    /// The newest first. With none, every handshake fails.
    pub versions: Vec<Version>,
    /// Named, and disabled by Java as delivered: accepted at the start, never negotiated.
    pub disabled: Vec<Version>,
    /// Whether these are the defaults, because nothing in the file says otherwise.
    pub by_default: bool,
    /// Whether `protocol` names a version and does not limit this side: in 3.x it limits only the
    /// side that dials.
    pub unlimited: bool,
}

/// A protocol that what does TLS does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsseError {
    /// Java has no context of this name.
    #[error("Java knows no protocol '{name}'{}", perhaps(*.nearest))]
    UnknownContext {
        /// What was written.
        name: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
    },
    /// There is no version of this name; case counts.
    #[error("'{name}' is no name of a version for {} (names are case-sensitive){}", provider_name(*.provider), perhaps(*.nearest))]
    UnknownVersion {
        /// What was written.
        name: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
        /// What does TLS.
        provider: Provider,
    },
    /// It is a version of DTLS, which does not run over TCP.
    #[error(
        "'{name}' is DTLS, which does not run over TCP; expected is TLS, or a version such as TLSv1.2"
    )]
    Datagrams {
        /// What was written.
        name: String,
    },
}

impl JsseError {
    /// What the product's log says about it, as far as it is fixed.
    #[must_use]
    pub fn product_message(&self) -> String {
        match self {
            Self::UnknownContext { name, .. } => format!("{name} SSLContext not available"),
            Self::UnknownVersion { name, provider, .. } => match provider {
                Provider::OpenSsl => format!("Protocol {name} is not supported."),
                // The separator came with Java 21.
                Provider::Jdk(java) if java.release < 21 => format!("Unsupported protocol{name}"),
                Provider::Jdk(_) => format!("Unsupported protocol: {name}"),
            },
            Self::Datagrams { name } => format!("{name} is not supported over a stream"),
        }
    }
}

fn perhaps(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; perhaps {name}"))
}

fn provider_name(provider: Provider) -> &'static str {
    match provider {
        Provider::Jdk(_) => "Java",
        Provider::OpenSsl => "Netty's OpenSSL",
    }
}

/// `SSLContext.getInstance(name)`: in any case, and what it enables differs by side.
fn in_context(java: Java, side: Side, name: &str) -> Result<EnabledVersions, JsseError> {
    const NAMES: [&str; 8] = [
        "TLS", "TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1", "SSL", "SSLv3", "Default",
    ];
    if ["DTLS", "DTLSv1.0", "DTLSv1.2"]
        .iter()
        .any(|datagrams| datagrams.eq_ignore_ascii_case(name))
    {
        return Err(JsseError::Datagrams {
            name: name.to_owned(),
        });
    }
    let Some(context) = NAMES.iter().find(|known| known.eq_ignore_ascii_case(name)) else {
        return Err(JsseError::UnknownContext {
            name: name.to_owned(),
            nearest: meant(name, NAMES),
        });
    };
    // Of a context by a version's name, the client enables that and what is older.
    let newest = match *context {
        "TLSv1.2" => Version::Tls12,
        "TLSv1.1" => Version::Tls11,
        "TLSv1" | "SSLv3" => Version::Tls10,
        _ => Version::Tls13,
    };
    let limits = side == Side::Dials;
    let offered = java.versions();
    Ok(EnabledVersions {
        disabled: if limits && !offered.contains(&newest) && newest < Version::Tls12 {
            vec![newest]
        } else {
            Vec::new()
        },
        versions: offered
            .into_iter()
            .filter(|version| !limits || *version <= newest)
            .collect(),
        by_default: newest == Version::Tls13,
        unlimited: !limits && newest != Version::Tls13,
    })
}

/// The list that 4.0 and later hand to Netty.
fn in_list(
    provider: Provider,
    protocol: Option<&str>,
    accepted: Option<&[&str]>,
) -> Result<EnabledVersions, JsseError> {
    // `TLS` in any case stands for what Java enables by default.
    let version = protocol.filter(|name| !name.eq_ignore_ascii_case("TLS"));
    let mut names: Vec<&str> = accepted.unwrap_or_default().to_vec();
    match (accepted, version) {
        (None, None) => {
            return Ok(EnabledVersions {
                versions: vec![Version::Tls13, Version::Tls12],
                by_default: true,
                ..EnabledVersions::default()
            });
        }
        (_, Some(version)) if !names.iter().any(|name| name.eq_ignore_ascii_case(version)) => {
            names.push(version);
        }
        _ => {}
    }
    let mut enabled = EnabledVersions::default();
    for name in names {
        let Some(version) = named(provider, name)? else {
            continue;
        };
        let list = if is_disabled(provider, version) {
            &mut enabled.disabled
        } else {
            &mut enabled.versions
        };
        if !list.contains(&version) {
            list.push(version);
        }
    }
    enabled.versions.sort_unstable_by(|a, b| b.cmp(a));
    enabled.disabled.sort_unstable_by(|a, b| b.cmp(a));
    Ok(enabled)
}

/// The version of this name; none for the one name that stands for the form of a greeting.
fn named(provider: Provider, name: &str) -> Result<Option<Version>, JsseError> {
    if name == "SSLv2Hello" {
        return Ok(None);
    }
    let known = Version::ALL
        .into_iter()
        .filter(|version| match provider {
            Provider::Jdk(_) => true,
            Provider::OpenSsl => !version.is_datagram() && *version != Version::Ssl3,
        })
        .find(|version| version.jsse_name() == Some(name));
    match known {
        Some(version) if version.is_datagram() => Err(JsseError::Datagrams {
            name: name.to_owned(),
        }),
        Some(version) => Ok(Some(version)),
        None => Err(JsseError::UnknownVersion {
            name: name.to_owned(),
            nearest: meant(name, ["TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1"]),
            provider,
        }),
    }
}

fn is_disabled(provider: Provider, version: Version) -> bool {
    match provider {
        Provider::Jdk(java) => !java.versions().contains(&version),
        Provider::OpenSsl => false,
    }
}

/// What people write for a version, and else the most similar name.
fn meant<const N: usize>(name: &str, names: [&'static str; N]) -> Option<&'static str> {
    let bare: String = name
        .chars()
        .filter(|c| !matches!(c, 'v' | 'V' | ' ' | '_' | '-'))
        .collect();
    let usual = match bare.to_ascii_uppercase().as_str() {
        "TLS1.3" => "TLSv1.3",
        "TLS1.2" => "TLSv1.2",
        "TLS1.1" => "TLSv1.1",
        "TLS1.0" | "TLS1" => "TLSv1",
        // Not a version but any: what OpenSSL once called SSLv23.
        "SSL23" | "SSL2" | "SSL2HELLO" => "TLS",
        _ => return nearest(name, names),
    };
    names.contains(&usual).then_some(usual)
}
