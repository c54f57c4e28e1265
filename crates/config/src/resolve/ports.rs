use super::setting::{Setting, Settings};
use crate::options::Section;

/// Where a node listens. `None` where the product has no such port or does not open it; 0 switches
/// a listener of ScyllaDB off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ports {
    /// `storage_port`: nodes.
    pub storage: Setting<u16>,
    /// `ssl_storage_port`: nodes with TLS, in Cassandra 3, DSE and ScyllaDB; for older nodes only
    /// in Cassandra 4 and later.
    pub ssl_storage: Setting<u16>,
    /// `native_transport_port`: clients.
    pub native_transport: Setting<u16>,
    /// `native_transport_port_ssl`: clients with TLS; the port above is then plaintext.
    pub native_transport_ssl: Setting<Option<u16>>,
    /// `native_shard_aware_transport_port`.
    pub native_shard_aware: Setting<Option<u16>>,
    /// `native_shard_aware_transport_port_ssl`.
    pub native_shard_aware_ssl: Setting<Option<u16>>,
    /// `alternator_port`.
    pub alternator: Setting<Option<u16>>,
    /// `alternator_https_port`.
    pub alternator_https: Setting<Option<u16>>,
    /// `start_native_transport`: whether clients are listened for at all.
    pub start_native_transport: Setting<bool>,
}

/// The addresses of a node, as the file has them; most may also be names of hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// `listen_address`; unset, that of the host's name.
    pub listen: Setting<Option<String>>,
    /// `listen_interface`.
    pub listen_interface: Setting<Option<String>>,
    /// `broadcast_address`; unset, the one that is listened on.
    pub broadcast: Setting<Option<String>>,
    /// `listen_on_broadcast_address`.
    pub listen_on_broadcast: Setting<bool>,
    /// `rpc_address`, or `native_transport_address` where the product calls it that.
    pub client: Setting<Option<String>>,
    /// `rpc_interface`, or `native_transport_interface`.
    pub client_interface: Setting<Option<String>>,
    /// `broadcast_rpc_address`, or `native_transport_broadcast_address`.
    pub client_broadcast: Setting<Option<String>>,
}

/// The classes that decide who may connect; their names only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// `authenticator`.
    pub clients: Setting<Option<String>>,
    /// `internode_authenticator`.
    pub nodes: Setting<Option<String>>,
    /// `crypto_provider`.
    pub crypto_provider: Setting<Option<String>>,
}

impl Ports {
    pub(super) fn of(settings: &Settings) -> Self {
        let port = |name| settings.port(Section::Top, name);
        let known = |name, usual| port(name).map(|port| port.unwrap_or(usual));
        Self {
            storage: known("storage_port", 7000),
            ssl_storage: known("ssl_storage_port", 7001),
            native_transport: known("native_transport_port", 9042),
            native_transport_ssl: port("native_transport_port_ssl"),
            native_shard_aware: port("native_shard_aware_transport_port"),
            native_shard_aware_ssl: port("native_shard_aware_transport_port_ssl"),
            alternator: port("alternator_port"),
            alternator_https: port("alternator_https_port"),
            start_native_transport: settings
                .flag(Section::Top, "start_native_transport")
                .map(|start| start.unwrap_or(true)),
        }
    }
}

impl Addresses {
    pub(super) fn of(settings: &Settings) -> Self {
        let text = |name| settings.text(Section::Top, name);
        // The newer name counts where it is given.
        let either = |new, old| {
            let setting: Setting<_> = text(new);
            if setting.is_given() {
                setting
            } else {
                text(old)
            }
        };
        Self {
            listen: text("listen_address"),
            listen_interface: text("listen_interface"),
            broadcast: text("broadcast_address"),
            listen_on_broadcast: settings
                .flag(Section::Top, "listen_on_broadcast_address")
                .map(Option::unwrap_or_default),
            client: either("native_transport_address", "rpc_address"),
            client_interface: either("native_transport_interface", "rpc_interface"),
            client_broadcast: either(
                "native_transport_broadcast_address",
                "broadcast_rpc_address",
            ),
        }
    }
}

impl Authentication {
    pub(super) fn of(settings: &Settings) -> Self {
        let class = |name| settings.text(Section::Top, name);
        Self {
            clients: class("authenticator"),
            nodes: class("internode_authenticator"),
            crypto_provider: class("crypto_provider"),
        }
    }
}
