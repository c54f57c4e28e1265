use std::time::Duration;

use ringlock_model::ClientAuth;

use super::{
    place::FilePath,
    secret::Secret,
    setting::{Setting, Settings},
    shapes::{Factory, InternodeScope},
};
use crate::{dialect::Dialect, options::Section};

/// `server_encryption_options`: links between nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerOptions {
    /// Whose options they are.
    pub dialect: Dialect,
    /// `internode_encryption`: which links are encrypted.
    pub internode_encryption: Setting<InternodeScope>,
    /// `enabled`, which has no effect but on what an absent `optional` means.
    pub enabled: Setting<Option<bool>>,
    /// `optional`: whether plaintext is accepted beside TLS; see [`ServerOptions::policy`] for what
    /// none means.
    pub optional: Setting<Option<bool>>,
    /// `legacy_ssl_storage_port_enabled`, or `enable_legacy_ssl_storage_port`.
    pub legacy_ssl_storage_port: Setting<bool>,
    /// `outbound_keystore`; none: the keystore.
    pub outbound_keystore: Setting<Option<FilePath>>,
    /// `outbound_keystore_password`; none: that of the keystore.
    pub outbound_keystore_password: Setting<Option<Secret>>,
    /// `outbound_keystore_password_file`.
    pub outbound_keystore_password_file: Setting<Option<FilePath>>,
    /// What both blocks have.
    pub tls: TlsOptions,
}

/// `client_encryption_options`: links from clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientOptions {
    /// Whose options they are.
    pub dialect: Dialect,
    /// `enabled`; none means false.
    pub enabled: Setting<Option<bool>>,
    /// `optional`: whether plaintext is accepted beside TLS; see [`ClientOptions::policy`] for what
    /// none means.
    pub optional: Setting<Option<bool>>,
    /// What both blocks have.
    pub tls: TlsOptions,
}

/// What both blocks have. An option that the product does not know is `None`, or what follows from
/// its absence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsOptions {
    /// `certificate`, PEM.
    pub certificate: Setting<Option<FilePath>>,
    /// `keyfile`, PEM.
    pub keyfile: Setting<Option<FilePath>>,
    /// `keystore`.
    pub keystore: Setting<Option<FilePath>>,
    /// `keystore_password`. DSE may hold it encrypted.
    pub keystore_password: Setting<Option<Secret>>,
    /// `keystore_password_file`; the password beside it wins.
    pub keystore_password_file: Setting<Option<FilePath>>,
    /// `truststore`.
    pub truststore: Setting<Option<FilePath>>,
    /// `truststore_password`.
    pub truststore_password: Setting<Option<Secret>>,
    /// `truststore_password_file`; the password beside it wins.
    pub truststore_password_file: Setting<Option<FilePath>>,
    /// `store_type`: the format of both stores.
    pub store_type: Setting<Option<String>>,
    /// `keystore_type`.
    pub keystore_type: Setting<Option<String>>,
    /// `truststore_type`.
    pub truststore_type: Setting<Option<String>>,
    /// `certficate_revocation_list`, PEM.
    pub revocation_list: Setting<Option<FilePath>>,
    /// `protocol`, in Java's words.
    pub protocol: Setting<Option<String>>,
    /// `accepted_protocols`, in Java's words, each with its place.
    pub accepted_protocols: Setting<Option<Vec<Setting<String>>>>,
    /// `algorithm` of Java's key managers.
    pub algorithm: Setting<Option<String>>,
    /// `cipher_suites`, in Java's names, each with its place.
    pub cipher_suites: Setting<Option<Vec<Setting<String>>>>,
    /// `priority_string`, in GnuTLS's words.
    pub priority_string: Setting<Option<String>>,
    /// `require_client_auth`.
    pub require_client_auth: Setting<ClientAuth>,
    /// `require_endpoint_verification`.
    pub require_endpoint_verification: Setting<bool>,
    /// `enable_session_tickets`.
    pub enable_session_tickets: Setting<Option<bool>>,
    /// `ssl_context_factory`.
    pub ssl_context_factory: Setting<Option<Factory>>,
    /// `max_certificate_validity_period`, in whole minutes.
    pub max_certificate_validity_period: Setting<Option<Duration>>,
    /// `certificate_validity_warn_threshold`, in whole minutes.
    pub certificate_validity_warn_threshold: Setting<Option<Duration>>,
}

impl ServerOptions {
    pub(super) fn of(settings: &Settings) -> Self {
        const HERE: Section = Section::Server;
        let legacy = settings.flag(HERE, "enable_legacy_ssl_storage_port");
        let legacy = if legacy.value.is_some() {
            legacy
        } else {
            settings.flag(HERE, "legacy_ssl_storage_port_enabled")
        };
        Self {
            dialect: settings.dialect,
            internode_encryption: settings.scope(),
            enabled: settings.flag(HERE, "enabled"),
            optional: settings.flag(HERE, "optional"),
            legacy_ssl_storage_port: legacy.map(Option::unwrap_or_default),
            outbound_keystore: settings.path(HERE, "outbound_keystore"),
            outbound_keystore_password: settings.secret(HERE, "outbound_keystore_password"),
            outbound_keystore_password_file: settings.path(HERE, "outbound_keystore_password_file"),
            tls: TlsOptions::of(settings, HERE),
        }
    }
}

impl ClientOptions {
    pub(super) fn of(settings: &Settings) -> Self {
        const HERE: Section = Section::Client;
        Self {
            dialect: settings.dialect,
            enabled: settings.flag(HERE, "enabled"),
            optional: settings.flag(HERE, "optional"),
            tls: TlsOptions::of(settings, HERE),
        }
    }
}

impl TlsOptions {
    /// Those of the block for ScyllaDB's other interface, where there is one.
    pub(super) fn alternator(settings: &Settings) -> Option<Self> {
        settings
            .has(Section::Alternator)
            .then(|| Self::of(settings, Section::Alternator))
    }

    fn of(settings: &Settings, section: Section) -> Self {
        let path = |name| settings.path(section, name);
        let text = |name| settings.text(section, name);
        let secret = |name| settings.secret(section, name);
        let flag = |name| settings.flag(section, name);
        Self {
            certificate: path("certificate"),
            keyfile: path("keyfile"),
            keystore: path("keystore"),
            keystore_password: secret("keystore_password"),
            keystore_password_file: path("keystore_password_file"),
            truststore: path("truststore"),
            truststore_password: secret("truststore_password"),
            truststore_password_file: path("truststore_password_file"),
            store_type: text("store_type"),
            keystore_type: text("keystore_type"),
            truststore_type: text("truststore_type"),
            revocation_list: path("certficate_revocation_list"),
            protocol: text("protocol"),
            accepted_protocols: settings.list(section, "accepted_protocols"),
            algorithm: text("algorithm"),
            cipher_suites: settings.list(section, "cipher_suites"),
            priority_string: text("priority_string"),
            require_client_auth: settings.client_auth(section),
            require_endpoint_verification: flag("require_endpoint_verification")
                .map(Option::unwrap_or_default),
            enable_session_tickets: flag("enable_session_tickets"),
            ssl_context_factory: settings.factory(section, "ssl_context_factory"),
            max_certificate_validity_period: settings
                .span(section, "max_certificate_validity_period"),
            certificate_validity_warn_threshold: settings
                .span(section, "certificate_validity_warn_threshold"),
        }
    }
}
