use std::net::IpAddr;

use rcgen::string::Ia5String;

/// The most characters of a name in a subject (RFC 5280 appendix A.1).
pub(super) const MOST_CHARACTERS: usize = 64;

/// Why a name or address cannot stand in a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// A name is empty, too long or holds what cannot be shown.
    #[error("the {field} name {value:?} {reason}")]
    Name {
        /// Which name.
        field: &'static str,
        /// The name.
        value: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There is no address, so that peers could not tell the node from another.
    #[error("there is no IP address; expected those at which peers see the node, at least one")]
    NoAddress,
    /// An address that no node can have.
    #[error("the address {address} {reason}")]
    Address {
        /// The address.
        address: IpAddr,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A text that is no DNS name.
    #[error("the DNS name {value:?} {reason}")]
    Dns {
        /// The text.
        value: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Checks a name of a cluster, datacenter, rack or node.
pub(super) fn check(field: &'static str, value: &str) -> Result<(), NameError> {
    let reason = if value.is_empty() {
        "is empty"
    } else if value.chars().count() > MOST_CHARACTERS {
        "has more than 64 characters, the most that a certificate's subject takes"
    } else if value.chars().any(char::is_control) {
        "holds a control character"
    } else if value.trim() != value {
        "begins or ends with a blank"
    } else {
        return Ok(());
    };
    Err(NameError::Name {
        field,
        value: value.to_owned(),
        reason,
    })
}

/// The addresses in canonical form, each once, in the order given.
pub(super) fn addresses(given: &[IpAddr]) -> Result<Vec<IpAddr>, NameError> {
    if given.is_empty() {
        return Err(NameError::NoAddress);
    }
    let mut addresses = Vec::with_capacity(given.len());
    for address in given.iter().map(IpAddr::to_canonical) {
        if let Some(reason) = impossible(address) {
            return Err(NameError::Address { address, reason });
        }
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

/// The DNS names, each once, in the order given.
pub(super) fn dns(given: &[String]) -> Result<Vec<Ia5String>, NameError> {
    let mut names: Vec<Ia5String> = Vec::with_capacity(given.len());
    for value in given {
        if let Some(reason) = no_dns_name(value) {
            return Err(NameError::Dns {
                value: value.clone(),
                reason,
            });
        }
        let name = ia5(value)?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// Text as X.509 writes DNS names and URIs.
pub(super) fn ia5(text: &str) -> Result<Ia5String, NameError> {
    Ia5String::try_from(text).map_err(|_| NameError::Dns {
        value: text.to_owned(),
        reason: "holds other characters than ASCII",
    })
}

fn impossible(address: IpAddr) -> Option<&'static str> {
    if address.is_unspecified() {
        Some("stands for every address; expected the one at which peers see the node")
    } else if address.is_multicast() || address == IpAddr::from([255; 4]) {
        Some("stands for many nodes; expected that of one")
    } else {
        None
    }
}

/// RFC 1123 §2.1, with the underscore that container names have. Wildcards are refused: a
/// certificate is one node's.
fn no_dns_name(value: &str) -> Option<&'static str> {
    let label_is_good = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        (1..=63).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if value.parse::<IpAddr>().is_ok() {
        Some("is an IP address; give it as one")
    } else if value.contains('*') {
        Some("holds a wildcard, but a certificate is for one node")
    } else if value.is_empty() || value.len() > 253 || !value.split('.').all(label_is_good) {
        Some(
            "is not letters, digits, hyphens and underscores between dots, at most 63 in a row \
             and 253 in all",
        )
    } else {
        None
    }
}
