//! Keeps connections from running in circles.

use std::net::SocketAddr;

use crate::refusal::Refusal;

/// Refuses a destination that is one of the agent's own listening ports on this very host:
/// relaying to it would come back here, and again, until descriptors run out.
pub(crate) fn check(
    destination: SocketAddr,
    accepted_on: SocketAddr,
    own_ports: &[u16],
) -> Result<(), Refusal> {
    let own_host = destination.ip() == accepted_on.ip() || destination.ip().is_loopback();
    if own_host && own_ports.contains(&destination.port()) {
        return Err(Refusal::Loop);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(destination: &str, accepted_on: &str) -> bool {
        check(
            destination.parse().unwrap(),
            accepted_on.parse().unwrap(),
            &[17000, 17001],
        )
        .is_ok()
    }

    #[test]
    fn the_agents_own_ports_are_no_destination() {
        assert!(!checked("10.0.0.1:17000", "10.0.0.1:17000"));
        assert!(!checked("127.0.0.1:17001", "10.0.0.1:17000"));
        assert!(!checked("[fd00::1]:17001", "[fd00::1]:17001"));
    }

    #[test]
    fn a_storage_port_anywhere_and_our_port_elsewhere_are_fine() {
        assert!(checked("10.0.0.1:7000", "10.0.0.1:17000"));
        assert!(checked("10.0.0.2:17000", "127.0.0.1:17001"));
    }
}
