use std::{fmt::Display, path::Path, time::Duration};

use ringlock_model::ClientAuth;
use ringlock_suites::Engine;

use crate::{
    Config, Dialect, IdentityFiles, Interception, Listener, Origin, SpiffePeers, StaleLists,
    StorePassword, TlsOffer, TokenChoice, TokenKey, TrustAnchors, resolve::Line, value::spelled,
};

impl Config {
    /// The whole configuration in force, one `key = value  # origin` a line, in the order of the
    /// reference. Holds no secret.
    pub fn describe(&self) -> Vec<String> {
        self.lines().iter().map(ToString::to_string).collect()
    }

    /// The whole configuration in force, in the order of the reference. Holds no secret.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = Lines {
            config: self,
            lines: Vec::new(),
        };
        lines.ringlock();
        lines.database();
        lines.add_port("storage_port", self.storage_port);
        lines.add_port("ssl_storage_port", self.ssl_storage_port);
        lines.server_encryption();
        lines.lines
    }
}

const PRIVATE_KEY: &str = "ssl_context_factory.parameters.private_key";
const OUTBOUND_KEY: &str = "ssl_context_factory.parameters.outbound_private_key";
const TRUSTED: &str = "ssl_context_factory.parameters.trusted_certificates";

struct Lines<'c> {
    config: &'c Config,
    lines: Vec<Line>,
}

impl Lines<'_> {
    fn ringlock(&mut self) {
        let config = self.config;
        self.add("ringlock.cluster", &config.cluster);
        match &config.interception {
            Interception::Transparent {
                inbound_port,
                outbound_port,
                mark,
            } => {
                self.add("ringlock.interception", "transparent");
                self.add("ringlock.inbound_port", inbound_port);
                self.add("ringlock.outbound_port", outbound_port);
                self.add("ringlock.mark", format_args!("{mark:#x}"));
            }
            Interception::Listen { listeners } => {
                self.add("ringlock.interception", "listen");
                for (position, listener) in listeners.iter().enumerate() {
                    self.listener(position, listener);
                }
            }
        }
        self.add_path("ringlock.admin_socket", &config.admin_socket);
        self.add_path("ringlock.state_directory", &config.state_directory);
        for (key, path) in [
            ("ringlock.secret_key", &config.secret_key),
            ("ringlock.dse_config", &config.dse_config),
        ] {
            if let Some(path) = path {
                self.add_path(key, path);
            }
        }
        match config.workers {
            Some(workers) => self.add("ringlock.workers", workers),
            None => self.add("ringlock.workers", "number of cores, at most 4"),
        }
        match config.busy_poll {
            Some(busy_poll) => self.add("ringlock.busy_poll", busy_poll),
            None => self.add("ringlock.busy_poll", "unless a CPU limit is set"),
        }
        self.add_duration("ringlock.handshake_timeout", config.handshake_timeout);
        self.add("ringlock.max_handshakes", config.max_handshakes);
        self.add_duration("ringlock.drain_timeout", config.drain_timeout);
        match config.max_link_age {
            Some(age) => self.add_duration("ringlock.max_link_age", age),
            None => self.add("ringlock.max_link_age", "as long as the certificates"),
        }
        self.trusted_peers();
        self.topology();
    }

    fn topology(&mut self) {
        let topology = &self.config.topology;
        if let Some(own) = &topology.own {
            self.add("ringlock.topology.datacenter", &own.datacenter);
            self.add("ringlock.topology.rack", &own.rack);
        }
        for (network, place) in &topology.nodes {
            let key = |name| format!("ringlock.topology.nodes.{network}.{name}");
            self.add(&key("datacenter"), &place.datacenter);
            self.add(&key("rack"), &place.rack);
        }
        for (key, file) in [
            ("ringlock.topology.rackdc_file", &topology.rackdc_file),
            ("ringlock.topology.topology_file", &topology.topology_file),
        ] {
            if let Some(file) = file {
                self.add_path(key, &file.path);
            }
        }
        if let Some(cql) = &topology.cql {
            self.add("ringlock.topology.cql.address", cql.address);
            if let Some(credentials) = &cql.credentials {
                self.add("ringlock.topology.cql.username", &credentials.username);
                let file = &credentials.password_file;
                self.add_path("ringlock.topology.cql.password_file", file);
            }
            self.add_duration("ringlock.topology.cql.refresh", cql.refresh);
        }
    }

    fn listener(&mut self, position: usize, listener: &Listener) {
        let key = |name| format!("ringlock.listeners[{position}].{name}");
        self.add(&key("address"), listener.address);
        self.add(&key("target"), listener.target);
        self.add(&key("direction"), listener.direction);
    }

    fn database(&mut self) {
        let Some(database) = &self.config.database else {
            return;
        };
        self.add_path("database_config", &database.path);
        let word = database.dialect.word();
        self.add(
            "database_dialect",
            format_args!("{word} ({})", database.because),
        );
    }

    fn server_encryption(&mut self) {
        let key = |name| format!("server_encryption_options.{name}");
        let internode = &self.config.internode;
        let mode = internode.mode;
        self.add(&key("internode_encryption"), mode.encryption);
        self.add_flag(&key("optional"), mode.optional);
        let client_auth = key("require_client_auth");
        match internode.require_client_auth {
            ClientAuth::Optional => self.add(&client_auth, ClientAuth::Optional),
            asked => self.add_flag(&client_auth, asked.is_required()),
        }
        self.add_flag(
            &key("require_endpoint_verification"),
            internode.require_endpoint_verification,
        );
        self.identity();
        self.outbound();
        match &internode.trust {
            TrustAnchors::File(truststore) => self.add_path(&key("truststore"), truststore),
            TrustAnchors::Inline(trusted) => self.add(&key(TRUSTED), &trusted.value),
        }
        let password = internode.truststore_password.as_ref();
        self.add_password(&key("truststore_password"), password);
        if let Some(list) = &internode.revocation_list {
            self.add_path(&key("certficate_revocation_list"), list);
            let stale = match internode.stale_lists {
                StaleLists::Refuse => "refuse",
                StaleLists::Accept => "accept",
            };
            self.add("ringlock.stale_revocation_lists", stale);
        }
        if internode.offer.fips {
            self.add("ringlock.fips", true);
        }
        self.offer(&internode.offer);
        self.add_flag(&key("enable_session_tickets"), internode.session_tickets);
        for (name, limit) in [
            (
                "max_certificate_validity_period",
                internode.max_certificate_validity,
            ),
            (
                "certificate_validity_warn_threshold",
                internode.certificate_warning,
            ),
        ] {
            if let Some(limit) = limit {
                self.add_duration(&key(name), limit);
            }
        }
    }

    fn identity(&mut self) {
        let key = |name| format!("server_encryption_options.{name}");
        let internode = &self.config.internode;
        match &internode.identity {
            IdentityFiles::Pair {
                certificate,
                keyfile,
            } => {
                self.add_path(&key("certificate"), certificate);
                self.add_path(&key("keyfile"), keyfile);
            }
            IdentityFiles::Combined { keystore } => self.add_path(&key("keystore"), keystore),
            IdentityFiles::Token {
                key: token,
                certificate,
            } => {
                self.add(&key("keystore"), "NONE");
                self.add(&key("keystore_type"), "PKCS11");
                if let Some(certificate) = certificate {
                    self.add_path(&key("certificate"), certificate);
                }
                self.token(token);
            }
            IdentityFiles::Inline { private_key } => {
                self.add(&key(PRIVATE_KEY), &private_key.value);
            }
        }
        self.add_password(
            &key("keystore_password"),
            internode.keystore_password.as_ref(),
        );
    }

    fn outbound(&mut self) {
        let Some(outbound) = &self.config.internode.outbound else {
            return;
        };
        let key = |name| format!("server_encryption_options.{name}");
        match &outbound.identity {
            IdentityFiles::Combined { keystore } => {
                self.add_path(&key("outbound_keystore"), keystore);
            }
            IdentityFiles::Inline { private_key } => {
                self.add(&key(OUTBOUND_KEY), &private_key.value);
            }
            // It is never read as one of these.
            IdentityFiles::Pair { .. } | IdentityFiles::Token { .. } => {}
        }
        let password = outbound.password.as_ref();
        self.add_password(&key("outbound_keystore_password"), password);
    }

    /// Whose certificates are taken; nothing where each of a trusted CA is.
    fn trusted_peers(&mut self) {
        let trusted = &self.config.trusted_peers;
        if let Some(patterns) = &trusted.patterns {
            self.add("ringlock.trusted_peers", list(patterns.iter()));
        }
        let parameter = |name| format!("internode_authenticator.parameters.{name}");
        match &trusted.spiffe {
            Some(SpiffePeers::Listed(identities)) => {
                let key = parameter("trusted_peer_identities");
                self.add(&key, list(identities.iter()));
            }
            Some(SpiffePeers::Own { expected }) => {
                let own = expected
                    .as_deref()
                    .unwrap_or("that of this node's certificate");
                self.add(&parameter("node_identity"), own);
            }
            None => {}
        }
    }

    fn offer(&mut self, offer: &TlsOffer) {
        let key = |name| format!("server_encryption_options.{name}");
        let given = |name| matches!(self.config.origin(&key(name)), Origin::File { .. });
        let versions = match &offer.versions[..] {
            _ if offer.engine == Engine::OpenSsl => "TLSv1.2".to_owned(),
            [] => "TLSv1.3, TLSv1.2".to_owned(),
            versions => list(versions.iter().filter_map(|version| version.jsse_name())),
        };
        let suites = match &offer.suites[..] {
            [] => "all that this version carries out".to_owned(),
            suites => list(suites.iter()),
        };
        let by_default = Origin::Default(Dialect::Scylla);
        if given("priority_string") || self.config.origin(&key("priority_string")) == by_default {
            return self.add(
                &key("priority_string"),
                format_args!("{versions}: {suites}"),
            );
        }
        let by_list = given("accepted_protocols") || !given("protocol");
        let name = if by_list {
            "accepted_protocols"
        } else {
            "protocol"
        };
        self.add(&key(name), versions);
        self.add(&key("cipher_suites"), suites);
    }

    fn add_path(&mut self, key: &str, path: &Path) {
        self.add(key, path.display());
    }

    fn token(&mut self, token: &TokenKey) {
        if let Some(module) = &token.module {
            self.add_path("ringlock.pkcs11.module", module);
        }
        match &token.choice {
            TokenChoice::Uri(uri) => self.add("ringlock.pkcs11.uri", uri),
            TokenChoice::Parts { token, slot, key } => {
                let slot = slot.map(|slot| slot.to_string());
                for (name, value) in [("token", token), ("slot", &slot), ("key", key)] {
                    if let Some(value) = value {
                        self.add(&format!("ringlock.pkcs11.{name}"), value);
                    }
                }
            }
        }
    }

    fn add_password(&mut self, key: &str, password: Option<&StorePassword>) {
        match password {
            Some(StorePassword::Given(password)) => {
                let origin = password.origin.clone();
                self.lines.push(Line::text(key, &password.value, origin));
            }
            Some(StorePassword::File(path)) => self.add_path(&format!("{key}_file"), path),
            None => {}
        }
    }

    fn add_duration(&mut self, key: &str, duration: Duration) {
        let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.add(key, spelled(milliseconds));
    }

    fn add(&mut self, key: &str, value: impl Display) {
        let origin = self.config.origin(key);
        self.lines.push(Line::text(key, value, origin));
    }

    fn add_port(&mut self, key: &str, port: u16) {
        let origin = self.config.origin(key);
        self.lines.push(Line::port(key, port, origin));
    }

    fn add_flag(&mut self, key: &str, flag: bool) {
        let origin = self.config.origin(key);
        self.lines.push(Line::flag(key, flag, origin));
    }
}

fn list(words: impl Iterator<Item = impl Display>) -> String {
    let words: Vec<_> = words.map(|word| word.to_string()).collect();
    words.join(", ")
}
