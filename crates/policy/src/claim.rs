use std::net::IpAddr;

use ringlock_model::NodeUri;

use crate::{Denied, Requirements};

/// A peer whose word about its own address is held against its certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimant {
    uri: Option<NodeUri>,
    ips: Vec<IpAddr>,
}

impl Claimant {
    /// The peer with that node URI and those addresses in its certificate; none if it may claim
    /// what it likes.
    ///
    /// Claims are held against a certificate with a node URI, which says that it is one node's and
    /// no other's, and against every certificate under `require_endpoint_verification`. A peer
    /// without a certificate has proved nothing that a claim could be held against: not even the
    /// address that it dials from need be the one that it is known by, behind NAT or with a
    /// `broadcast_address`. Who may dial without one may claim any address
    /// (`require_client_auth: false`).
    pub fn new(requirements: &Requirements, uri: Option<&NodeUri>, ips: &[IpAddr]) -> Option<Self> {
        (requirements.endpoint_verification || uri.is_some()).then(|| Self {
            uri: uri.cloned(),
            ips: ips.iter().map(IpAddr::to_canonical).collect(),
        })
    }
}

/// Says whether a peer may claim an address: it must be in its certificate.
///
/// # Errors
/// [`Denied::ClaimsAnother`] names both.
pub fn claim(claimant: &Claimant, claimed: IpAddr) -> Result<(), Denied> {
    if claimant.ips.contains(&claimed.to_canonical()) {
        return Ok(());
    }
    Err(Denied::ClaimsAnother {
        claimed,
        certified: claimant.ips.clone(),
        uri: claimant.uri.clone().map(Box::new),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requirements(endpoint_verification: bool) -> Requirements {
        Requirements {
            cluster: "orders".into(),
            client_auth: true,
            endpoint_verification,
            lists: Vec::new(),
        }
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_peer_may_claim_every_address_of_its_certificate_and_no_other() {
        let ips = [address("10.0.0.2"), address("fd00::2")];
        let claimant = Claimant::new(&requirements(true), None, &ips).unwrap();
        for own in ["10.0.0.2", "::ffff:10.0.0.2", "fd00::2"] {
            assert_eq!(claim(&claimant, address(own)), Ok(()));
        }
        for other in ["10.0.0.1", "fd00::1", "0.0.0.0", "::"] {
            assert!(claim(&claimant, address(other)).is_err());
        }
    }

    #[test]
    fn a_false_claim_is_refused_with_both_nodes_named() {
        let uri: NodeUri = "ringlock://orders/dc1/r1/n2".parse().unwrap();
        let ips = [address("10.0.0.2")];
        let denied = |uri: Option<&NodeUri>, ips: &[IpAddr]| {
            let claimant = Claimant::new(&requirements(true), uri, ips).unwrap();
            claim(&claimant, address("10.0.0.1"))
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            denied(Some(&uri), &ips),
            "the peer claims to be 10.0.0.1, and its certificate, that of \
             ringlock://orders/dc1/r1/n2, holds 10.0.0.2"
        );
        assert_eq!(
            denied(None, &[]),
            "the peer claims to be 10.0.0.1, and its certificate holds no IP address"
        );
    }

    #[test]
    fn claims_are_held_against_a_node_uri_and_under_endpoint_verification() {
        let uri: NodeUri = "ringlock://orders/dc1/r1/n2".parse().unwrap();
        for (verification, uri, held) in [
            (true, Some(&uri), true),
            (true, None, true),
            (false, Some(&uri), true),
            (false, None, false),
        ] {
            let claimant = Claimant::new(&requirements(verification), uri, &[]);
            assert_eq!(claimant.is_some(), held, "{verification} {uri:?}");
        }
    }
}
