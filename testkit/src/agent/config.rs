use std::{
    fmt::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use ringlock_model::{Direction, Mode};

use crate::pki::Issued;

/// A `ringlock.yaml`.
#[derive(Clone, Debug)]
pub struct AgentConfig {
    /// `cluster`.
    pub cluster: String,
    /// Where connections come from.
    pub interception: Interception,
    /// `internode_encryption` with `optional`.
    pub mode: Mode,
    /// `require_client_auth`.
    pub require_client_auth: bool,
    /// `require_endpoint_verification`.
    pub require_endpoint_verification: bool,
    /// `certificate`, `keyfile` and `truststore`.
    pub identity: Issued,
    /// `admin_socket`.
    pub admin_socket: PathBuf,
    /// `state_directory`.
    pub state_directory: PathBuf,
    /// More lines of the section `ringlock`, without their indentation.
    pub ringlock_lines: Vec<String>,
    /// More lines of `server_encryption_options`, without their indentation.
    pub encryption_lines: Vec<String>,
    /// Instead of `server_encryption_options`: this text, which stands at the top level.
    pub instead_of_block: Option<String>,
    /// Variables of the agent's environment, besides those of this program.
    pub environment: Vec<(String, String)>,
}

/// `interception`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interception {
    /// By nftables.
    Transparent,
    /// By connections to explicit listeners.
    Listen(Vec<Listener>),
}

/// One of `listeners`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where its connections go on to.
    pub target: SocketAddr,
    /// Which side speaks TLS.
    pub direction: Direction,
}

impl AgentConfig {
    /// Mutual authentication with endpoint verification; socket and state below `dir`.
    pub fn new(
        cluster: &str,
        interception: Interception,
        mode: Mode,
        identity: &Issued,
        dir: &Path,
    ) -> Self {
        Self {
            cluster: cluster.to_owned(),
            interception,
            mode,
            require_client_auth: true,
            require_endpoint_verification: true,
            identity: identity.clone(),
            admin_socket: dir.join("admin.sock"),
            state_directory: dir.join("state"),
            ringlock_lines: Vec::new(),
            encryption_lines: Vec::new(),
            instead_of_block: None,
            environment: Vec::new(),
        }
    }

    /// The file's text.
    pub fn to_yaml(&self) -> String {
        let mut yaml = format!("ringlock:\n  cluster: {}\n", self.cluster);
        self.write_section(&mut yaml);
        if let Some(text) = &self.instead_of_block {
            return yaml + text;
        }
        // Writing to a string cannot fail.
        let _ = write!(
            yaml,
            "server_encryption_options:\n  \
               internode_encryption: {encryption}\n  \
               optional: {optional}\n  \
               require_client_auth: {client_auth}\n  \
               require_endpoint_verification: {endpoint}\n  \
               certificate: {certificate}\n  \
               keyfile: {key}\n  \
               truststore: {ca}\n",
            encryption = self.mode.encryption,
            optional = self.mode.optional,
            client_auth = self.require_client_auth,
            endpoint = self.require_endpoint_verification,
            certificate = self.identity.certificate.display(),
            key = self.identity.key.display(),
            ca = self.identity.ca.display(),
        );
        for line in &self.encryption_lines {
            let _ = writeln!(yaml, "  {line}");
        }
        yaml
    }

    fn write_section(&self, yaml: &mut String) {
        let mut lines = match &self.interception {
            Interception::Transparent => vec!["interception: transparent".to_owned()],
            Interception::Listen(listeners) => listen_lines(listeners),
        };
        lines.push(format!("admin_socket: {}", self.admin_socket.display()));
        lines.push(format!(
            "state_directory: {}",
            self.state_directory.display()
        ));
        for line in lines.iter().chain(&self.ringlock_lines) {
            let _ = writeln!(yaml, "  {line}");
        }
    }
}

fn listen_lines(listeners: &[Listener]) -> Vec<String> {
    let mut lines = vec!["interception: listen".to_owned(), "listeners:".to_owned()];
    for listener in listeners {
        lines.push(format!("- address: \"{}\"", listener.address));
        lines.push(format!("  target: \"{}\"", listener.target));
        lines.push(format!("  direction: {}", listener.direction));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_in_the_file() {
        let mut config = AgentConfig::new(
            "Test Cluster",
            Interception::Listen(vec![Listener {
                address: "127.0.0.1:7100".parse().unwrap(),
                target: "10.0.0.2:7000".parse().unwrap(),
                direction: Direction::Outbound,
            }]),
            Mode::ACCEPT_BOTH,
            &Issued::in_dir(Path::new("/pki")),
            Path::new("/run/n1"),
        );
        config.ringlock_lines.push("workers: 1".to_owned());
        let expected = "\
ringlock:
  cluster: Test Cluster
  interception: listen
  listeners:
  - address: \"127.0.0.1:7100\"
    target: \"10.0.0.2:7000\"
    direction: outbound
  admin_socket: /run/n1/admin.sock
  state_directory: /run/n1/state
  workers: 1
server_encryption_options:
  internode_encryption: none
  optional: true
  require_client_auth: true
  require_endpoint_verification: true
  certificate: /pki/node.crt
  keyfile: /pki/node.key
  truststore: /pki/ca.crt
";
        assert_eq!(config.to_yaml(), expected);
    }
}
