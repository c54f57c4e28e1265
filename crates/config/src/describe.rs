use std::{fmt::Display, path::Path, time::Duration};

use crate::{Config, IdentityFiles, Interception, Listener, value::spelled};

impl Config {
    /// The whole configuration in force, one `key = value  # origin` a line, in the order of the
    /// reference. Holds no secret.
    pub fn describe(&self) -> Vec<String> {
        let mut lines = Lines {
            config: self,
            lines: Vec::new(),
        };
        lines.ringlock();
        lines.add("storage_port", self.storage_port);
        lines.add("ssl_storage_port", self.ssl_storage_port);
        lines.server_encryption();
        lines.lines
    }
}

struct Lines<'c> {
    config: &'c Config,
    lines: Vec<String>,
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
    }

    fn listener(&mut self, position: usize, listener: &Listener) {
        let key = |name| format!("ringlock.listeners[{position}].{name}");
        self.add(&key("address"), listener.address);
        self.add(&key("target"), listener.target);
        self.add(&key("direction"), listener.direction);
    }

    fn server_encryption(&mut self) {
        let key = |name| format!("server_encryption_options.{name}");
        let internode = &self.config.internode;
        let mode = internode.mode;
        self.add(&key("internode_encryption"), mode.encryption);
        self.add(&key("optional"), mode.optional);
        self.add(&key("require_client_auth"), internode.require_client_auth);
        self.add(
            &key("require_endpoint_verification"),
            internode.require_endpoint_verification,
        );
        match &internode.identity {
            IdentityFiles::Pair {
                certificate,
                keyfile,
            } => {
                self.add_path(&key("certificate"), certificate);
                self.add_path(&key("keyfile"), keyfile);
            }
            IdentityFiles::Combined { keystore } => self.add_path(&key("keystore"), keystore),
        }
        self.add_path(&key("truststore"), &internode.truststore);
    }

    fn add_path(&mut self, key: &str, path: &Path) {
        self.add(key, path.display());
    }

    fn add_duration(&mut self, key: &str, duration: Duration) {
        let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.add(key, spelled(milliseconds));
    }

    fn add(&mut self, key: &str, value: impl Display) {
        let origin = self.config.origin(key);
        self.lines.push(format!("{key} = {value}  # {origin}"));
    }
}
