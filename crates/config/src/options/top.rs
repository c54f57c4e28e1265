//! The keys of the top level that concern encryption, ports and addresses.

use super::{Kind, OptionSpec, Section, Support};
use crate::dialect::Dialects;

const TOP: &[Section] = &[Section::Top];
const RINGLOCK: Dialects = Dialects::RINGLOCK;
const SCYLLA: Dialects = Dialects::SCYLLA;
const JAVA: Dialects = Dialects::JAVA;
const EVERY: Dialects = Dialects::DATABASES.and(RINGLOCK);
/// Ringlock and ScyllaDB go on with the default where a value of the top level is blank; so does
/// DSE by its documentation.
const LENIENT: Dialects = SCYLLA.and(RINGLOCK).and(Dialects::DSE);
/// What has Thrift.
const THRIFT: Dialects = Dialects::C3.and(Dialects::DSE51);
/// Where clients' addresses are called `rpc_…`.
const RPC: Dialects = Dialects::CASSANDRA
    .and(Dialects::HCD)
    .and(Dialects::DSE51)
    .and(RINGLOCK);

pub(super) static OPTIONS: &[OptionSpec] = &[
    port("storage_port", "where nodes meet", EVERY, "7000").requirement("B-03"),
    port(
        "ssl_storage_port",
        "where nodes meet with TLS; Cassandra 4 and later use it for older nodes only",
        EVERY,
        "7001",
    )
    .requirement("B-03"),
    port(
        "native_transport_port",
        "where clients meet the node",
        EVERY,
        "9042",
    )
    .requirement("C3C-17"),
    OptionSpec::new(
        TOP,
        "native_transport_port_ssl",
        Kind::Port,
        "a second port for clients, with TLS; the first is then plaintext",
    )
    .unset(JAVA.and(SCYLLA).and(RINGLOCK))
    .support_in(Dialects::C60, Support::No)
    .requirement("C3C-18"),
    port(
        "native_shard_aware_transport_port",
        "the same for drivers that know ScyllaDB's shards",
        SCYLLA,
        "19042",
    ),
    OptionSpec::new(
        TOP,
        "native_shard_aware_transport_port_ssl",
        Kind::Port,
        "the same with TLS",
    )
    .unset(SCYLLA)
    .requirement("B-26"),
    port(
        "native_transport_port_proxy_protocol",
        "for clients behind a proxy; 0 is off, since 2026.1",
        SCYLLA,
        "0",
    ),
    port(
        "native_transport_port_ssl_proxy_protocol",
        "the same with TLS",
        SCYLLA,
        "0",
    ),
    port(
        "native_shard_aware_transport_port_proxy_protocol",
        "the same for drivers that know shards",
        SCYLLA,
        "0",
    ),
    port(
        "native_shard_aware_transport_port_ssl_proxy_protocol",
        "the same with TLS",
        SCYLLA,
        "0",
    ),
    port(
        "alternator_port",
        "where clients of the other interface meet the node; 0 is off",
        SCYLLA,
        "0",
    ),
    port("alternator_https_port", "the same with TLS", SCYLLA, "0"),
    OptionSpec::new(
        TOP,
        "start_native_transport",
        Kind::Flag,
        "whether clients can connect",
    )
    .default(EVERY, "true")
    .default(Dialects::C3, "false")
    .blank(LENIENT),
    OptionSpec::new(
        TOP,
        "start_rpc",
        Kind::Flag,
        "whether Thrift clients can connect, in plaintext or as \
         `client_encryption_options` say",
    )
    .default(THRIFT, "true"),
    OptionSpec::new(
        TOP,
        "rpc_port",
        Kind::Port,
        "where Thrift clients meet the node",
    )
    .default(THRIFT, "9160")
    .support_in(SCYLLA, Support::Ignored),
    OptionSpec::new(
        TOP,
        "listen_address",
        Kind::Text,
        "the address for nodes; unset, that of the host's name",
    )
    .unset(JAVA.and(RINGLOCK))
    .default(SCYLLA, "localhost")
    .blank(LENIENT),
    OptionSpec::new(
        TOP,
        "listen_interface",
        Kind::Text,
        "the network interface for nodes, instead of an address",
    )
    .unset(JAVA.and(RINGLOCK))
    .support_in(SCYLLA, Support::Ignored),
    flag("listen_interface_prefer_ipv6", "which of its addresses"),
    OptionSpec::new(
        TOP,
        "broadcast_address",
        Kind::Text,
        "the address that other nodes are told; unset, the one that is listened on",
    )
    .unset(EVERY),
    flag(
        "listen_on_broadcast_address",
        "whether nodes are also listened for there",
    )
    .default(SCYLLA, "false"),
    OptionSpec::new(
        TOP,
        "rpc_address",
        Kind::Text,
        "the address for clients; unset, that of the host's name",
    )
    .unset(RPC)
    .default(SCYLLA, "localhost")
    .support_in(
        Dialects::DSE60_ON,
        Support::Doubtful("it is called native_transport_address since DSE 6.0"),
    )
    .blank(LENIENT),
    OptionSpec::new(
        TOP,
        "rpc_interface",
        Kind::Text,
        "the network interface for clients, instead of an address",
    )
    .unset(RPC)
    .support_in(
        Dialects::DSE60_ON,
        Support::Doubtful("it is called native_transport_interface since DSE 6.0"),
    ),
    OptionSpec::new(
        TOP,
        "broadcast_rpc_address",
        Kind::Text,
        "the address that clients are told",
    )
    .unset(RPC.and(SCYLLA))
    .support_in(
        Dialects::DSE60_ON,
        Support::Doubtful("it is called native_transport_broadcast_address since DSE 6.0"),
    ),
    OptionSpec::new(
        TOP,
        "native_transport_address",
        Kind::Text,
        "the address for clients since DSE 6.0",
    )
    .unset(Dialects::DSE60_ON),
    OptionSpec::new(
        TOP,
        "native_transport_interface",
        Kind::Text,
        "the network interface for clients since DSE 6.0",
    )
    .unset(Dialects::DSE60_ON),
    OptionSpec::new(
        TOP,
        "native_transport_broadcast_address",
        Kind::Text,
        "the address that clients are told since DSE 6.0",
    )
    .unset(Dialects::DSE60_ON),
    OptionSpec::new(
        TOP,
        "authenticator",
        Kind::Class,
        "how clients prove themselves",
    )
    .unset(EVERY)
    .requirement("B-15"),
    OptionSpec::new(
        TOP,
        "internode_authenticator",
        Kind::Class,
        "how nodes prove themselves",
    )
    .unset(JAVA.and(RINGLOCK))
    .support_in(SCYLLA, Support::Ignored)
    .requirement("B-16"),
    OptionSpec::new(
        TOP,
        "crypto_provider",
        Kind::Class,
        "where the JVM's cryptography comes from",
    )
    .unset(Dialects::C50_ON.and(RINGLOCK))
    .requirement("B-17"),
    block("server_encryption_options", "links between nodes")
        .unset_not_blank(EVERY)
        .blank(LENIENT)
        .requirement("C3N-04"),
    block(
        "encryption_options",
        "the same, as it was called before; where both exist, this one wins",
    )
    .support_in(
        Dialects::C3.and(Dialects::DSE).and(RINGLOCK),
        Support::Renamed("server_encryption_options"),
    )
    .requirement("B-43"),
    block("client_encryption_options", "links from clients")
        .unset_not_blank(EVERY)
        .blank(LENIENT)
        .requirement("C3C-03"),
    block(
        "alternator_encryption_options",
        "links from clients of ScyllaDB's other interface",
    )
    .unset(SCYLLA)
    .requirement("B-27"),
    OptionSpec::new(
        TOP,
        "vector_store_encryption_options",
        Kind::Opaque,
        "links to the vector store; `truststore` alone",
    )
    .unset(SCYLLA)
    .requirement("B-27"),
    OptionSpec::new(TOP, "jmx_server_options", Kind::Opaque, "how JMX is served")
        .unset(Dialects::C60)
        .requirement("B-18"),
    OptionSpec::new(TOP, "jmx_encryption_options", Kind::Opaque, "links to JMX")
        .unset(Dialects::C60)
        .requirement("B-18"),
];

const fn port(
    name: &'static str,
    about: &'static str,
    dialects: Dialects,
    default: &'static str,
) -> OptionSpec {
    OptionSpec::new(TOP, name, Kind::Port, about)
        .default(dialects, default)
        .blank(LENIENT)
        .requirement("B-26")
}

const fn flag(name: &'static str, about: &'static str) -> OptionSpec {
    OptionSpec::new(TOP, name, Kind::Flag, about)
        .default(JAVA, "false")
        .blank(LENIENT)
}

const fn block(name: &'static str, about: &'static str) -> OptionSpec {
    OptionSpec::new(TOP, name, Kind::Block, about)
}
