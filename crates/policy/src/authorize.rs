use std::net::IpAddr;

use ringlock_model::{Direction, NodeUri, PlaintextReason};

use crate::trusted::PeerList;

/// What a peer must prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirements {
    /// The cluster that node URIs must name.
    pub cluster: String,
    /// `require_client_auth`: a peer that dials must present a certificate (C3N-21).
    pub client_auth: bool,
    /// `require_endpoint_verification`: the peer's address must be among the IP addresses of its
    /// certificate (DSE-20).
    pub endpoint_verification: bool,
    /// Who is let in of those whose chain is good: each list must hold the peer.
    pub lists: Vec<PeerList>,
}

/// Whom the agent met at the other end.
#[derive(Clone, Copy, Debug)]
pub enum Met<'a> {
    /// Nobody in particular: plaintext, which the mode allowed for this reason.
    Plaintext(PlaintextReason),
    /// TLS of the databases' own, which the agent does not open.
    Native,
    /// A TLS peer with no certificate.
    Anonymous,
    /// A TLS peer whose certificate chain was verified.
    Certificate {
        /// The node URI in it, if it has one.
        uri: Option<&'a NodeUri>,
        /// All its URIs.
        uris: &'a [String],
        /// Its subject.
        subject: &'a str,
        /// Its IP addresses.
        ips: &'a [IpAddr],
        /// The address that was dialled, or that dialled.
        address: IpAddr,
        /// Who dialled.
        direction: Direction,
    },
}

/// Proof that [`authorize`] allowed a connection. The relay takes nothing without it.
#[derive(Debug)]
pub struct Permit(());

/// Why a peer whose handshake succeeded is refused all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No certificate where one is required.
    #[error("the peer presented no certificate, and require_client_auth is true")]
    NoCertificate,
    /// The certificate is another node's, or lacks the address.
    #[error(
        "the peer's address {address} is not in its certificate, which holds {}",
        list(.certified)
    )]
    AddressNotCertified {
        /// The peer's address.
        address: IpAddr,
        /// What its certificate holds.
        certified: Vec<IpAddr>,
    },
    /// The certificate belongs to another cluster.
    #[error("the peer's certificate is for cluster \"{found}\", this is cluster \"{expected}\"")]
    WrongCluster {
        /// The cluster in the peer's certificate.
        found: String,
        /// This agent's cluster.
        expected: String,
    },
    /// The certificate is good, and not one of those that are let in.
    #[error(
        "the peer's certificate holds {held}, and {option} allows {}",
        .allowed.join(", ")
    )]
    NotTrusted {
        /// What names the peer, escaped for printing.
        held: String,
        /// The option with the list.
        option: &'static str,
        /// What stands in it, shortened.
        allowed: Vec<String>,
    },
    /// The peer says that it is another node.
    #[error(
        "the peer claims to be {claimed}, and its certificate{} holds {}",
        of_node(.uri.as_deref()),
        list(.certified)
    )]
    ClaimsAnother {
        /// The address in the peer's first message.
        claimed: IpAddr,
        /// What its certificate holds.
        certified: Vec<IpAddr>,
        /// The node that its certificate names.
        uri: Option<Box<NodeUri>>,
    },
}

/// Says whether the peer that was `met` is allowed.
///
/// It is asked after every handshake, resumed ones included: a resumed session skips the
/// verification of certificates, so what holds must be held here.
///
/// # Errors
/// [`Denied`] names what was found and what was expected.
pub fn authorize(requirements: &Requirements, met: Met<'_>) -> Result<Permit, Denied> {
    match met {
        Met::Plaintext(_) | Met::Native => Ok(Permit(())),
        Met::Anonymous if requirements.client_auth => Err(Denied::NoCertificate),
        Met::Anonymous => Ok(Permit(())),
        Met::Certificate {
            uri,
            uris,
            subject,
            ips,
            address,
            direction,
        } => {
            if let Some(uri) = uri
                && uri.cluster != requirements.cluster
            {
                return Err(Denied::WrongCluster {
                    found: uri.cluster.clone(),
                    expected: requirements.cluster.clone(),
                });
            }
            if requirements.endpoint_verification && !ips.contains(&address) {
                return Err(Denied::AddressNotCertified {
                    address,
                    certified: ips.to_vec(),
                });
            }
            for list in &requirements.lists {
                list.check(uri, uris, subject, direction)?;
            }
            Ok(Permit(()))
        }
    }
}

fn of_node(uri: Option<&NodeUri>) -> String {
    uri.map_or_else(String::new, |uri| format!(", that of {uri},"))
}

/// The addresses of a certificate that are named in a sentence; it may have thousands.
const SHOWN: usize = 16;

fn list(addresses: &[IpAddr]) -> String {
    if addresses.is_empty() {
        return "no IP address".to_owned();
    }
    let shown = addresses.iter().take(SHOWN).map(IpAddr::to_string);
    let shown = shown.collect::<Vec<_>>().join(", ");
    match addresses.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_addresses_the_first_are_named() {
        let addresses: Vec<IpAddr> = (0..3000_u16)
            .map(|number| {
                let [high, low] = number.to_be_bytes();
                [10, 0, high, low].into()
            })
            .collect();
        assert_eq!(list(&addresses[..2]), "10.0.0.0, 10.0.0.1");
        assert!(list(&addresses[..16]).ends_with("10.0.0.15"));
        assert!(list(&addresses).ends_with("10.0.0.15 and 2984 more"));
    }

    fn requirements() -> Requirements {
        Requirements {
            cluster: "orders".into(),
            client_auth: true,
            endpoint_verification: true,
            lists: Vec::new(),
        }
    }

    fn uri(cluster: &str) -> NodeUri {
        format!("ringlock://{cluster}/dc1/r1/n1").parse().unwrap()
    }

    fn certificate<'a>(uri: Option<&'a NodeUri>, ips: &'a [IpAddr], from: &str) -> Met<'a> {
        Met::Certificate {
            uri,
            uris: &[],
            subject: "CN=node",
            ips,
            direction: Direction::Inbound,
            address: from.parse().unwrap(),
        }
    }

    #[test]
    fn a_peer_at_its_own_address_is_permitted() {
        let ips = ["10.0.0.1".parse().unwrap(), "fd00::1".parse().unwrap()];
        let uri = uri("orders");
        for from in ["10.0.0.1", "fd00::1"] {
            assert!(authorize(&requirements(), certificate(Some(&uri), &ips, from)).is_ok());
        }
    }

    #[test]
    fn a_certificate_used_from_another_address_is_refused_with_both_named() {
        let ips = ["10.0.0.1".parse().unwrap()];
        let denied = authorize(&requirements(), certificate(None, &ips, "10.0.0.9")).unwrap_err();
        assert_eq!(
            denied.to_string(),
            "the peer's address 10.0.0.9 is not in its certificate, which holds 10.0.0.1"
        );
        let denied = authorize(&requirements(), certificate(None, &[], "10.0.0.9")).unwrap_err();
        assert!(denied.to_string().ends_with("holds no IP address"));
    }

    #[test]
    fn the_address_is_not_asked_for_unless_endpoint_verification_is_on() {
        let lenient = Requirements {
            endpoint_verification: false,
            ..requirements()
        };
        assert!(authorize(&lenient, certificate(None, &[], "10.0.0.9")).is_ok());
    }

    #[test]
    fn a_node_of_another_cluster_is_refused_even_without_endpoint_verification() {
        let lenient = Requirements {
            endpoint_verification: false,
            ..requirements()
        };
        let other = uri("billing");
        let denied = authorize(&lenient, certificate(Some(&other), &[], "10.0.0.9")).unwrap_err();
        assert_eq!(
            denied.to_string(),
            "the peer's certificate is for cluster \"billing\", this is cluster \"orders\""
        );
    }

    #[test]
    fn a_missing_certificate_is_refused_only_where_client_auth_is_required() {
        let denied = authorize(&requirements(), Met::Anonymous).unwrap_err();
        assert_eq!(denied, Denied::NoCertificate);
        let lenient = Requirements {
            client_auth: false,
            ..requirements()
        };
        assert!(authorize(&lenient, Met::Anonymous).is_ok());
    }
}
