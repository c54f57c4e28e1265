//! The one capability that this crate needs.

use rustix::thread::{CapabilitySet, capabilities};

/// `CAP_NET_ADMIN` is missing, and where it is missing.
///
/// It is needed for nftables, for `SO_MARK`, and for destroying a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MissingNetAdmin {
    /// The process does not hold it.
    #[error(
        "the capability CAP_NET_ADMIN is missing: run as root, or grant it to the service \
         (AmbientCapabilities=CAP_NET_ADMIN in its unit, NET_ADMIN in its container)"
    )]
    NotHeld,
    /// The process holds it, but in a user namespace that does not own its network namespace.
    #[error(
        "the capability CAP_NET_ADMIN is missing: the process holds it, but not in the user \
         namespace that owns this network namespace"
    )]
    HeldElsewhere,
}

/// Tells whether the calling thread holds `CAP_NET_ADMIN`.
///
/// # Errors
/// [`MissingNetAdmin::NotHeld`]. That the kernel then honours the capability is not promised: see
/// [`MissingNetAdmin::HeldElsewhere`].
pub fn require_net_admin() -> Result<(), MissingNetAdmin> {
    match capabilities(None) {
        Ok(sets) if sets.effective.contains(CapabilitySet::NET_ADMIN) => Ok(()),
        _ => Err(MissingNetAdmin::NotHeld),
    }
}

impl MissingNetAdmin {
    /// What an `EPERM` of the kernel means for the calling thread.
    pub(crate) fn after_refusal() -> Self {
        match require_net_admin() {
            Ok(()) => Self::HeldElsewhere,
            Err(missing) => missing,
        }
    }
}
