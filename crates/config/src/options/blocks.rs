//! The keys of the encryption blocks.

use super::{Kind, OptionSpec, Section, Support};
use crate::dialect::Dialects;

const SERVER: &[Section] = &[Section::Server];
const CLIENT: &[Section] = &[Section::Client];
const BOTH: &[Section] = &[Section::Server, Section::Client];
const EVERY: &[Section] = &[Section::Server, Section::Client, Section::Alternator];
const PEM: &[Section] = &[Section::PemParameters];

const RINGLOCK: Dialects = Dialects::RINGLOCK;
const SCYLLA: Dialects = Dialects::SCYLLA;
const DSE: Dialects = Dialects::DSE;
const C3: Dialects = Dialects::C3;
const C41_ON: Dialects = Dialects::C41_ON;
const C50_ON: Dialects = Dialects::C50_ON.and(RINGLOCK);
const C60: Dialects = Dialects::C60.and(RINGLOCK);
/// Cassandra, and HCD, which is one.
const CASSANDRA: Dialects = Dialects::CASSANDRA.and(Dialects::HCD);
/// Cassandra 4.0 and later, and HCD, which is one.
const C40_ON: Dialects = Dialects::C40_ON.and(Dialects::HCD);
/// DSE takes a blank for an absent key, by its documentation; Ringlock does too.
const LENIENT: Dialects = DSE.and(RINGLOCK);

const HCD_PAGES: &str = "HCD's documentation shows it, and its open source does not know it";

pub(super) static OPTIONS: &[OptionSpec] = &[
    OptionSpec::new(
        SERVER,
        "internode_encryption",
        Kind::Scope,
        "which links between nodes are encrypted",
    )
    .default(Dialects::DATABASES.and(RINGLOCK), "none")
    .blank(LENIENT)
    .requirement("C3N-07"),
    OptionSpec::new(
        SERVER,
        "enabled",
        Kind::Flag,
        "switches nothing on, but decides what an absent `optional` means; \
         Cassandra warns of it",
    )
    .unset_not_blank(C40_ON)
    .unset(RINGLOCK)
    .requirement("B-13"),
    OptionSpec::new(
        CLIENT,
        "enabled",
        Kind::Flag,
        "whether links from clients are encrypted; absent means `false`",
    )
    .default(C3.and(DSE).and(SCYLLA), "false")
    .unset_not_blank(C40_ON)
    .unset(RINGLOCK)
    .blank(LENIENT)
    .requirement("C3C-05"),
    OptionSpec::new(
        SERVER,
        "optional",
        Kind::Flag,
        "whether plaintext is accepted beside TLS; absent, it follows from \
         `enabled` and from whether the keystore exists",
    )
    .unset_not_blank(C40_ON)
    .unset(Dialects::DSE67.and(RINGLOCK))
    .since(Dialects::DSE67, "6.9.7")
    .requirement("B-01"),
    OptionSpec::new(
        CLIENT,
        "optional",
        Kind::Flag,
        "whether plaintext is accepted beside TLS; absent, it follows from \
         `enabled` and from whether the keystore exists",
    )
    .default(C3.and(DSE), "false")
    .unset_not_blank(C40_ON)
    .unset(RINGLOCK)
    .blank(LENIENT)
    .requirement("C3C-06"),
    OptionSpec::new(
        SERVER,
        "legacy_ssl_storage_port_enabled",
        Kind::Flag,
        "whether TLS is also taken on `ssl_storage_port`, for nodes before 4.0",
    )
    .default(C41_ON.and(RINGLOCK), "false")
    .blank(RINGLOCK)
    .requirement("B-02"),
    OptionSpec::new(
        SERVER,
        "enable_legacy_ssl_storage_port",
        Kind::Flag,
        "the same in Cassandra 4.0, HCD and DSE",
    )
    .since(Dialects::DSE67, "6.9.7")
    .default(
        Dialects::C40.and(Dialects::HCD).and(Dialects::DSE67),
        "false",
    )
    .support_in(
        C41_ON.and(RINGLOCK),
        Support::Renamed("legacy_ssl_storage_port_enabled"),
    )
    .blank(LENIENT)
    .requirement("B-02"),
    OptionSpec::new(
        EVERY,
        "certificate",
        Kind::Path,
        "the node's certificate and what leads to the CA, PEM",
    )
    .default(SCYLLA, "scylla.crt")
    .unset(RINGLOCK)
    .requirement("SCY-10"),
    OptionSpec::new(
        EVERY,
        "keyfile",
        Kind::Path,
        "the certificate's private key, PEM",
    )
    .default(SCYLLA, "scylla.key")
    .unset(RINGLOCK)
    .requirement("SCY-11"),
    OptionSpec::new(
        BOTH,
        "keystore",
        Kind::Path,
        "the store with the node's private key and certificate",
    )
    .default(CASSANDRA, "conf/.keystore")
    .default(DSE, "resources/dse/conf/.keystore")
    .unset(RINGLOCK)
    .blank(LENIENT)
    .requirement("C3N-12"),
    OptionSpec::new(
        BOTH,
        "keystore_password",
        Kind::Text,
        "opens the keystore; the default ended with Cassandra 4.1.2",
    )
    .default(
        C3.and(Dialects::C40).and(Dialects::HCD).and(DSE),
        "cassandra",
    )
    .unset(C41_ON.and(RINGLOCK))
    .blank(LENIENT)
    .secret()
    .requirement("C3N-13"),
    OptionSpec::new(
        BOTH,
        "keystore_password_file",
        Kind::Path,
        "holds the keystore's password in its first line",
    )
    .unset(C60)
    .requirement("B-06"),
    OptionSpec::new(
        BOTH,
        "keystore_type",
        Kind::Text,
        "the format of the keystore",
    )
    .default(Dialects::DSE67, "JKS")
    .unset(RINGLOCK)
    .support_in(Dialects::HCD, Support::Doubtful(HCD_PAGES))
    .blank(LENIENT)
    .requirement("DSE-13"),
    OptionSpec::new(
        SERVER,
        "outbound_keystore",
        Kind::Path,
        "shown to nodes that are dialled, instead of `keystore`",
    )
    .unset(C50_ON)
    .requirement("B-05"),
    OptionSpec::new(SERVER, "outbound_keystore_password", Kind::Text, "opens it")
        .unset(C50_ON)
        .secret()
        .requirement("B-05"),
    OptionSpec::new(
        SERVER,
        "outbound_keystore_password_file",
        Kind::Path,
        "holds its password in its first line",
    )
    .unset(C60)
    .requirement("B-06"),
    OptionSpec::new(
        BOTH,
        "truststore",
        Kind::Path,
        "the store with the certificates to trust",
    )
    .default(CASSANDRA, "conf/.truststore")
    .default(DSE, "resources/dse/conf/.truststore")
    .unset(SCYLLA.and(RINGLOCK))
    .blank(LENIENT)
    .requirement("C3N-14"),
    OptionSpec::new(
        &[Section::Alternator],
        "truststore",
        Kind::Path,
        "the certificates to trust, PEM",
    )
    .unset(SCYLLA)
    .requirement("B-27"),
    OptionSpec::new(
        BOTH,
        "truststore_password",
        Kind::Text,
        "opens the truststore; the default ended with Cassandra 4.1.2",
    )
    .default(
        C3.and(Dialects::C40).and(Dialects::HCD).and(DSE),
        "cassandra",
    )
    .unset(C41_ON.and(RINGLOCK))
    .blank(LENIENT)
    .secret()
    .requirement("C3N-15"),
    OptionSpec::new(
        BOTH,
        "truststore_password_file",
        Kind::Path,
        "holds the truststore's password in its first line",
    )
    .unset(C60)
    .requirement("B-06"),
    OptionSpec::new(
        BOTH,
        "truststore_type",
        Kind::Text,
        "the format of the truststore",
    )
    .default(Dialects::DSE67, "JKS")
    .unset(RINGLOCK)
    .support_in(
        Dialects::DSE60,
        Support::Doubtful("one page of DSE 6.0 shows it, and its file does not"),
    )
    .support_in(Dialects::HCD, Support::Doubtful(HCD_PAGES))
    .blank(LENIENT)
    .requirement("DSE-22"),
    OptionSpec::new(BOTH, "store_type", Kind::Text, "the format of both stores")
        .default(CASSANDRA.and(Dialects::DSE51).and(Dialects::DSE60), "JKS")
        .unset(RINGLOCK)
        .support_in(
            Dialects::DSE67,
            Support::Doubtful("keystore_type and truststore_type took its place in DSE 6.7"),
        )
        .blank(LENIENT)
        .requirement("C3N-18"),
    OptionSpec::new(
        EVERY,
        "certficate_revocation_list",
        Kind::Path,
        "certificates that were revoked, PEM; ScyllaDB's own spelling lacks a letter",
    )
    .since(SCYLLA, "5.0")
    .unset(SCYLLA.and(RINGLOCK))
    .requirement("SCY-14"),
    OptionSpec::new(
        EVERY,
        "certificate_revocation_list",
        Kind::Path,
        "the same as it should be spelt, which ScyllaDB does not know",
    )
    .support_in(RINGLOCK, Support::Renamed("certficate_revocation_list"))
    .blank(RINGLOCK)
    .requirement("SCY-14"),
    OptionSpec::new(
        BOTH,
        "protocol",
        Kind::Text,
        "the TLS version in Java's words",
    )
    .default(C3.and(DSE), "TLS")
    .unset_not_blank(Dialects::C40.and(Dialects::HCD))
    .unset(C41_ON.and(RINGLOCK))
    .blank(LENIENT)
    .requirement("C3N-16"),
    OptionSpec::new(BOTH, "accepted_protocols", Kind::List, "the TLS versions")
        .unset_not_blank(Dialects::C40.and(Dialects::HCD))
        .unset(C41_ON.and(RINGLOCK))
        .requirement("B-04"),
    OptionSpec::new(
        BOTH,
        "algorithm",
        Kind::Text,
        "the algorithm of Java's key and trust managers; means nothing outside a JVM",
    )
    .default(C3.and(DSE), "SunX509")
    .unset(C40_ON.and(RINGLOCK))
    .blank(LENIENT)
    .requirement("C3N-17"),
    OptionSpec::new(
        BOTH,
        "cipher_suites",
        Kind::List,
        "the cipher suites in Java's names; absent, those of the JVM",
    )
    .unset_not_blank(C3)
    .unset(C40_ON.and(LENIENT))
    .requirement("C3N-19"),
    OptionSpec::new(
        EVERY,
        "priority_string",
        Kind::Text,
        "versions, suites and groups in GnuTLS's words; replaces the default",
    )
    .default(SCYLLA, "SECURE128:-VERS-TLS1.0")
    .unset(RINGLOCK)
    .requirement("SCY-17"),
    OptionSpec::new(
        BOTH,
        "require_client_auth",
        Kind::ClientAuth,
        "whether who dials must show a certificate",
    )
    .default(Dialects::DATABASES.and(RINGLOCK), "false")
    .unset_not_blank(Dialects::C60)
    .blank(LENIENT)
    .requirement("C3N-21"),
    OptionSpec::new(
        &[Section::Alternator],
        "require_client_auth",
        Kind::ClientAuth,
        "whether who dials must show a certificate",
    )
    .default(SCYLLA, "false")
    .requirement("B-27"),
    OptionSpec::new(
        SERVER,
        "require_endpoint_verification",
        Kind::Flag,
        "whether a node's address must be in its certificate",
    )
    .since(Dialects::C311, "3.6")
    .default(Dialects::C311.and(C40_ON).and(LENIENT), "false")
    .blank(LENIENT)
    .requirement("DSE-20"),
    OptionSpec::new(
        CLIENT,
        "require_endpoint_verification",
        Kind::Flag,
        "whether a client's address must be in its certificate",
    )
    .default(C50_ON, "false")
    .support_in(
        Dialects::C311
            .and(Dialects::C40)
            .and(Dialects::C41)
            .and(Dialects::HCD),
        Support::Ignored,
    )
    .support_in(
        DSE,
        Support::Doubtful("DSE documents it for server_encryption_options alone"),
    )
    .blank(LENIENT)
    .requirement("B-10"),
    OptionSpec::new(
        BOTH,
        "ssl_context_factory",
        Kind::Factory,
        "the class that makes TLS contexts, and its parameters",
    )
    .default(
        C41_ON,
        "org.apache.cassandra.security.DefaultSslContextFactory",
    )
    .unset(RINGLOCK)
    .requirement("B-07"),
    OptionSpec::new(
        EVERY,
        "enable_session_tickets",
        Kind::Flag,
        "whether sessions may be resumed",
    )
    .since(SCYLLA, "2025.2")
    .default(SCYLLA.and(RINGLOCK), "true")
    .blank(RINGLOCK)
    .requirement("B-23"),
    OptionSpec::new(
        BOTH,
        "max_certificate_validity_period",
        Kind::Span,
        "the longest validity of a certificate that is accepted",
    )
    .unset(C60)
    .requirement("B-11"),
    OptionSpec::new(
        BOTH,
        "certificate_validity_warn_threshold",
        Kind::Span,
        "how long before its end a certificate is warned of",
    )
    .unset(C60)
    .requirement("B-12"),
    OptionSpec::new(
        PEM,
        "private_key",
        Kind::Text,
        "the key, PKCS#8, followed by its chain, PEM",
    )
    .unset(C41_ON.and(RINGLOCK))
    .secret()
    .requirement("B-08"),
    OptionSpec::new(PEM, "private_key_password", Kind::Text, "opens the key")
        .unset(C41_ON.and(RINGLOCK))
        .secret()
        .requirement("B-08"),
    OptionSpec::new(
        PEM,
        "trusted_certificates",
        Kind::Text,
        "the certificates to trust, PEM",
    )
    .unset(C41_ON.and(RINGLOCK))
    .requirement("B-08"),
    OptionSpec::new(
        PEM,
        "outbound_private_key",
        Kind::Text,
        "shown to nodes that are dialled; Cassandra 5.0 reads it and shows \
         `private_key`",
    )
    .unset(C50_ON)
    .secret()
    .requirement("B-08"),
    OptionSpec::new(PEM, "outbound_private_key_password", Kind::Text, "opens it")
        .unset(C50_ON)
        .secret()
        .requirement("B-08"),
];
