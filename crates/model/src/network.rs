use std::{fmt, net::IpAddr, str::FromStr};

/// One address, or all addresses that begin with the same bits (RFC 4632, RFC 4291 §2.3).
///
/// An IPv4 address that is written as a mapped IPv6 one is taken for the IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Why a text is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoNetwork {
    /// What stands before the slash is no IP address.
    #[error("not an IP address")]
    Address,
    /// The number of bits is no number, or more than an address has.
    #[error("not a length of 0 to {0}")]
    Prefix(u8),
    /// Bits behind the prefix are set, so that the text may mean one address or many.
    #[error("an address within a network, and not the network's own")]
    HostBits,
}

impl Network {
    /// The network of one address.
    pub fn host(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self {
            address,
            prefix: bits(address),
        }
    }

    /// Whether the address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differing = (own.to_bits() ^ other.to_bits()).leading_zeros();
                differing >= u32::from(self.prefix)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differing = (own.to_bits() ^ other.to_bits()).leading_zeros();
                differing >= u32::from(self.prefix)
            }
            _ => false,
        }
    }

    /// How many bits all its addresses begin with; the more, the narrower it is.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    /// The address, where it is one alone.
    pub fn as_host(&self) -> Option<IpAddr> {
        (self.prefix == bits(self.address)).then_some(self.address)
    }
}

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let Some((address, prefix)) = text.split_once('/') else {
            let address: IpAddr = text.parse().map_err(|_| NoNetwork::Address)?;
            return Ok(Self::host(address));
        };
        let address: IpAddr = address.parse().map_err(|_| NoNetwork::Address)?;
        let most = bits(address);
        let prefix = Some(prefix)
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .filter(|prefix: &u8| *prefix <= most)
            .ok_or(NoNetwork::Prefix(most))?;
        let trailing = match address {
            IpAddr::V4(address) => address.to_bits().trailing_zeros(),
            IpAddr::V6(address) => address.to_bits().trailing_zeros(),
        };
        if trailing < u32::from(most - prefix) {
            return Err(NoNetwork::HostBits);
        }
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_host() {
            Some(address) => address.fmt(f),
            None => write!(f, "{}/{}", self.address, self.prefix),
        }
    }
}

fn bits(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        let network: Network = network.parse().unwrap();
        network.contains(address.parse().unwrap())
    }

    #[test]
    fn a_network_holds_the_addresses_that_begin_as_it_does() {
        assert!(contains("10.0.0.0/24", "10.0.0.255"));
        assert!(!contains("10.0.0.0/24", "10.0.1.0"));
        assert!(contains("10.0.0.0/24", "::ffff:10.0.0.1"));
        assert!(contains("0.0.0.0/0", "192.0.2.1"));
        assert!(!contains("0.0.0.0/0", "fd00::1"));
        assert!(contains("fd00::/64", "fd00::ffff"));
        assert!(!contains("fd00::/64", "fd00:0:0:1::"));
        assert!(contains("10.0.0.1", "10.0.0.1") && !contains("10.0.0.1", "10.0.0.2"));
    }

    #[test]
    fn each_broken_network_says_what_is_wrong_with_it() {
        let parse = |text: &str| text.parse::<Network>().unwrap_err();
        assert_eq!(parse("db1"), NoNetwork::Address);
        assert_eq!(parse("10.0.0/24"), NoNetwork::Address);
        assert_eq!(parse("10.0.0.0/33"), NoNetwork::Prefix(32));
        assert_eq!(parse("10.0.0.0/+8"), NoNetwork::Prefix(32));
        assert_eq!(parse("fd00::/"), NoNetwork::Prefix(128));
        assert_eq!(parse("10.0.0.1/24"), NoNetwork::HostBits);
        assert_eq!(parse("fd00::1/64"), NoNetwork::HostBits);
    }

    #[test]
    fn a_network_reads_back_as_it_was_written() {
        for text in ["10.0.0.0/8", "10.0.0.1", "fd00::/16", "::1", "0.0.0.0/0"] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
    }
}
