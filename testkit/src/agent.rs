//! `ringlock agent run` as a child process, and the commands that speak to it.

mod config;

use std::{
    io,
    net::IpAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use fs_err as fs;
use ringlock_model::{Direction, Mode, admin::Status};

pub use self::config::{AgentConfig, Interception, Listener};
use crate::{
    command::{self, CommandError},
    lab::Namespace,
    process::{Process, ProcessError, Signal, last_lines},
    secrets,
};

/// The line by which an agent says that it serves.
const READY: &str = "ready";
const PATIENCE: Duration = Duration::from_secs(20);

/// Why an agent is not in the state that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Its configuration could not be written.
    #[error("cannot write the configuration of {agent}: {source}")]
    Files {
        /// Which agent.
        agent: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// It did not start, or ended.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A command for it failed.
    #[error("{agent}: {source}")]
    Command {
        /// Which agent.
        agent: String,
        /// What the command said.
        source: CommandError,
    },
    /// Its status is not the JSON that it promises.
    #[error("{agent}: cannot read its status: {source}")]
    Status {
        /// Which agent.
        agent: String,
        /// Where it is wrong.
        source: serde_json::Error,
    },
    /// It logged what nobody may see.
    #[error("{agent} logged a secret: {line}")]
    Secret {
        /// Which agent.
        agent: String,
        /// The line.
        line: String,
    },
    /// It complained about something that was not expected.
    #[error("{agent} complained:\n{}", lines.join("\n"))]
    Complaints {
        /// Which agent.
        agent: String,
        /// The lines.
        lines: Vec<String>,
    },
}

/// Which connections `ringlock agent cut` is to cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Those with this peer; absent means all.
    pub peer: Option<IpAddr>,
    /// Those opened this way; absent means both.
    pub direction: Option<Direction>,
    /// How long to wait for each quiet moment and for each return.
    pub patience: Duration,
}

/// The program under test: `RINGLOCK_BIN`, or `ringlock` on the path.
pub fn ringlock() -> Command {
    Command::new(program())
}

/// The path of [`ringlock`], or its name where the path is not given.
pub fn program() -> PathBuf {
    std::env::var_os("RINGLOCK_BIN").map_or_else(|| "ringlock".into(), PathBuf::from)
}

/// A running agent. Killed when dropped.
#[derive(Debug)]
pub struct Agent {
    process: Process,
    namespace: Option<Namespace>,
    config: PathBuf,
    socket: PathBuf,
    environment: Vec<(String, String)>,
}

impl Agent {
    /// Writes `ringlock.yaml` into `dir`, starts an agent with it, in the namespace or where this
    /// program runs, and waits until it is ready.
    pub fn start(
        name: &str,
        config: &AgentConfig,
        dir: &Path,
        namespace: Option<&Namespace>,
    ) -> Result<Self, AgentError> {
        let path = dir.join("ringlock.yaml");
        fs::create_dir_all(dir)
            .and_then(|()| fs::write(&path, config.to_yaml()))
            .map_err(|source| AgentError::Files {
                agent: name.to_owned(),
                source,
            })?;
        let mut agent = Self {
            process: spawn(
                name,
                &path,
                &dir.join("agent.log"),
                namespace,
                &config.environment,
            )?,
            namespace: namespace.cloned(),
            config: path,
            socket: config.admin_socket.clone(),
            environment: config.environment.clone(),
        };
        agent.process.wait_for(READY, 1, PATIENCE)?;
        Ok(agent)
    }

    /// Starts the agent again with the configuration as it now stands, after it has ended.
    pub fn start_again(&mut self) -> Result<(), AgentError> {
        let times = self.process.log()?.matches(READY).count() + 1;
        let log = self.process.log_path().to_owned();
        self.process.kill();
        let name = self.name().to_owned();
        let namespace = self.namespace.as_ref();
        self.process = spawn(&name, &self.config, &log, namespace, &self.environment)?;
        Ok(self.process.wait_for(READY, times, PATIENCE)?)
    }

    /// What it is called here.
    pub fn name(&self) -> &str {
        self.process.name()
    }

    /// Its process: log, memory, processor time, signals.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Its `ringlock.yaml`.
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// Its admin socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// `ringlock status --format json`.
    pub fn status(&self) -> Result<Status, AgentError> {
        let mut command = ringlock();
        command.args(["status", "--format", "json"]);
        let json = self.run(command.arg("--socket").arg(&self.socket))?;
        serde_json::from_str(&json).map_err(|source| AgentError::Status {
            agent: self.name().to_owned(),
            source,
        })
    }

    /// `ringlock agent mode MODE`.
    pub fn set_mode(&self, mode: Mode) -> Result<(), AgentError> {
        self.order(&["mode", &mode.to_string()]).map(drop)
    }

    /// `ringlock agent cut`; gives what it prints.
    pub fn cut(&self, cut: &Cut) -> Result<String, AgentError> {
        let patience = format!("{}ms", cut.patience.as_millis());
        let peer = cut.peer.map(|peer| peer.to_string());
        let mut order = vec!["cut", "--patience", &patience];
        match &peer {
            Some(peer) => order.extend(["--peer", peer]),
            None => order.push("--all"),
        }
        if let Some(direction) = cut.direction {
            order.extend(["--direction", direction.as_str()]);
        }
        self.order(&order)
    }

    /// `ringlock agent drain`: takes no new connection from now on.
    pub fn drain(&self) -> Result<(), AgentError> {
        self.order(&["drain"]).map(drop)
    }

    /// `ringlock agent reload`.
    pub fn reload(&self) -> Result<(), AgentError> {
        self.order(&["reload"]).map(drop)
    }

    /// `ringlock agent intercept install`, in the agent's namespace.
    pub fn install_interception(&self) -> Result<(), AgentError> {
        self.intercept("install").map(drop)
    }

    /// `ringlock agent intercept release`, in the agent's namespace.
    pub fn release_interception(&self) -> Result<(), AgentError> {
        self.intercept("release").map(drop)
    }

    /// `ringlock agent intercept remove`, in the agent's namespace.
    pub fn remove_interception(&self) -> Result<(), AgentError> {
        self.intercept("remove").map(drop)
    }

    /// `ringlock agent intercept show`, in the agent's namespace.
    pub fn show_interception(&self) -> Result<String, AgentError> {
        self.intercept("show")
    }

    /// Ends it with SIGTERM, and with SIGKILL after `patience`; an error if it did not end well.
    pub fn stop(&mut self, patience: Duration) -> Result<(), AgentError> {
        let status = self.process.stop(patience);
        if status.success() {
            return Ok(());
        }
        Err(AgentError::Process(ProcessError::Ended {
            name: self.name().to_owned(),
            status,
            last_lines: last_lines(&self.process.log()?),
        }))
    }

    /// Asks it to read its files again.
    pub fn hang_up(&mut self) {
        self.process.signal(Signal::HUP);
    }

    /// An error if it complained of anything that none of `expected` occurs in, or logged a secret.
    pub fn check_log(&self, expected: &[&str]) -> Result<(), AgentError> {
        let log = self.process.log()?;
        if let Some((line, _)) = secrets::shown(&log) {
            return Err(AgentError::Secret {
                agent: self.name().to_owned(),
                line,
            });
        }
        let lines: Vec<_> = complaints(&log)
            .filter(|line| !expected.iter().any(|words| line.contains(words)))
            .map(str::to_owned)
            .collect();
        if lines.is_empty() {
            return Ok(());
        }
        Err(AgentError::Complaints {
            agent: self.name().to_owned(),
            lines,
        })
    }

    /// Panics if it complained of anything that none of `expected` occurs in.
    #[track_caller]
    pub fn assert_clean_log(&self, expected: &[&str]) {
        if let Err(error) = self.check_log(expected) {
            panic!("{error}");
        }
    }

    fn order(&self, order: &[&str]) -> Result<String, AgentError> {
        let mut command = ringlock();
        command.arg("agent").args(order);
        self.run(command.arg("--socket").arg(&self.socket))
    }

    fn intercept(&self, verb: &str) -> Result<String, AgentError> {
        let mut command = ringlock();
        command.args(["agent", "intercept", verb]);
        self.run(command.arg("--config").arg(&self.config))
    }

    fn run(&self, command: &mut Command) -> Result<String, AgentError> {
        let output = match &self.namespace {
            Some(namespace) => namespace.run(command),
            None => command::run(command),
        };
        output.map_err(|source| AgentError::Command {
            agent: self.name().to_owned(),
            source,
        })
    }
}

fn spawn(
    name: &str,
    config: &Path,
    log: &Path,
    namespace: Option<&Namespace>,
    environment: &[(String, String)],
) -> Result<Process, ProcessError> {
    let mut command = ringlock();
    command.args(["agent", "run", "--config"]).arg(config);
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    Process::start(name, command, namespace, log)
}

/// Lines of the levels WARN and ERROR, and what Rust says of a panic.
fn complaints(log: &str) -> impl Iterator<Item = &str> {
    log.lines().filter(|line| {
        let mut words = line.split_whitespace().take(2);
        words.any(|word| word == "WARN" || word == "ERROR") || line.contains("panicked at")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_known_by_its_level() {
        let log = "\
2026-11-22T18:00:00.000Z  INFO ready
2026-11-22T18:00:01.000Z  WARN refused peer=10.77.0.9
2026-11-22T18:00:02.000Z  INFO the word WARN or ERROR in a message is none
thread 'main' panicked at src/main.rs:1:1:
";
        let lines: Vec<_> = complaints(log).collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains("refused"));
    }
}
