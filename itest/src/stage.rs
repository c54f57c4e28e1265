use std::{fs::Permissions, net::SocketAddr, os::unix::fs::PermissionsExt as _, path::Path};

use fs_err as fs;
use ringlock_model::Direction;
use ringlock_testkit::{
    agent::{AgentConfig, ringlock},
    command,
    pki::Issued,
};

use crate::{Conduct, Database, OrFail, Site, Watched};

/// What stands around an agent that takes peers' connections: a database that echoes, the agent's
/// own certificate, and one for its peer. The agent itself is started by the test.
#[derive(Debug)]
pub struct Stage {
    /// The files of the test.
    pub site: Site,
    /// The agent's certificate.
    pub own: Issued,
    /// A peer's certificate.
    pub peer: Issued,
    /// How the agent is to be started; it requires TLS.
    pub config: AgentConfig,
    /// Where it takes peers' connections.
    pub address: SocketAddr,
    _database: Database,
}

impl Stage {
    /// A new one, with a CA of its own.
    #[expect(
        clippy::new_without_default,
        reason = "it makes files and starts a thread, which no default should"
    )]
    pub fn new() -> Self {
        let site = Site::new();
        let database = Database::start(Conduct::Echo);
        let own = site.issue("n1", &["127.0.0.1"]);
        let (config, address) = site.config("n1", Direction::Inbound, database.address(), &own);
        Self {
            peer: site.issue("n2", &["127.0.0.1"]),
            site,
            own,
            config,
            address,
            _database: database,
        }
    }

    /// The configuration with this block instead of its own.
    pub fn with_block(&self, block: &str) -> AgentConfig {
        AgentConfig {
            instead_of_block: Some(block.to_owned()),
            ..self.config.clone()
        }
    }

    /// What an agent says that does not start with this configuration.
    #[track_caller]
    pub fn refused(&self, config: &AgentConfig) -> String {
        let file = self.site.path("ringlock.yaml");
        fs::write(&file, config.to_yaml()).or_fail("writing ringlock.yaml");
        let mut agent = ringlock();
        agent.args(["agent", "run", "--config"]).arg(&file);
        agent.envs(config.environment.iter().cloned());
        let output = command::output(&mut agent).or_fail("running an agent");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        told
    }

    /// Starts an agent with this configuration.
    pub fn start(&self, config: &AgentConfig) -> Watched {
        self.site.start("n1", config)
    }
}

/// Writes a file that only its owner may read, as a key must be.
pub fn write_private(file: &Path, bytes: impl AsRef<[u8]>) {
    fs::write(file, bytes).or_fail("writing a private file");
    fs::set_permissions(file, Permissions::from_mode(0o600)).or_fail("making a file private");
}
