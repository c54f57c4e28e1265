use std::{
    net::SocketAddr,
    ops::{Deref, DerefMut},
    path::Path,
    sync::Arc,
    thread,
};

use ringlock_model::{Direction, admin::Status};
use ringlock_testkit::{
    agent::{Agent, AgentConfig, Listener},
    lab::Namespace,
};
use tempfile::TempDir;

use crate::{OrFail, retry_until};

/// An agent whose log may hold no complaint but those that the test expects: anything else at
/// the levels WARN and ERROR fails the test when this is dropped.
#[derive(Debug)]
pub struct Watched {
    agent: Agent,
    expected: Vec<String>,
    /// Where its files are, if they would go before it otherwise.
    dir: Option<Arc<TempDir>>,
}

impl Watched {
    /// Starts an agent in `dir`, in the namespace or on this machine, and waits until it is ready.
    pub fn start(
        name: &str,
        config: &AgentConfig,
        dir: &Path,
        namespace: Option<&Namespace>,
    ) -> Self {
        Self {
            agent: Agent::start(name, config, dir, namespace).or_fail("starting an agent"),
            expected: Vec::new(),
            dir: None,
        }
    }

    /// Keeps the directory at least as long as the agent.
    pub(crate) fn keeping(mut self, dir: &Arc<TempDir>) -> Self {
        self.dir = Some(Arc::clone(dir));
        self
    }

    /// From now on a complaint with these words is expected.
    pub fn expect(&mut self, words: &str) {
        self.expected.push(words.to_owned());
    }

    /// What it has logged.
    pub fn log(&mut self) -> String {
        self.agent.process().log().or_fail("reading the log")
    }

    /// Its status, which must be there.
    pub fn state(&self) -> Status {
        self.agent.status().or_fail("asking for the status")
    }

    /// Waits until a line of the log holds all of these words.
    #[track_caller]
    pub fn await_line(&mut self, words: &[&str]) -> String {
        retry_until(&format!("a line with {words:?}"), || {
            let log = self.log();
            let mut lines = log.lines();
            let line = lines.find(|line| words.iter().all(|word| line.contains(word)));
            line.map(str::to_owned)
        })
    }

    /// Waits until connections were refused for this reason, so many times, and for no other, and
    /// until the log says so in this sentence, which is then no complaint.
    #[track_caller]
    pub fn await_refusals(&mut self, code: &str, times: u64, sentence: &str) {
        self.expect(sentence);
        retry_until(&format!("{times} connections refused as {code}"), || {
            let counted = self.state().refused.get(code).copied().unwrap_or_default();
            (counted >= times).then_some(())
        });
        self.await_line(&["refused", code, sentence]);
        let refused = self.state().refused;
        assert_eq!(
            refused.into_iter().collect::<Vec<_>>(),
            [(code.to_owned(), times)]
        );
    }
}

/// A listener on loopback, towards a target.
pub(crate) fn listener(direction: Direction, address: SocketAddr, target: SocketAddr) -> Listener {
    Listener {
        address,
        target,
        direction,
    }
}

impl Deref for Watched {
    type Target = Agent;

    fn deref(&self) -> &Agent {
        &self.agent
    }
}

impl DerefMut for Watched {
    fn deref_mut(&mut self) -> &mut Agent {
        &mut self.agent
    }
}

impl Drop for Watched {
    #[expect(
        clippy::print_stdout,
        reason = "the test runner shows it beside the failure of a test"
    )]
    fn drop(&mut self) {
        if thread::panicking() {
            // The failure at hand counts; what the agent says helps to understand it.
            let log = self.agent.process().log();
            println!("the log of an agent:\n{}", log.unwrap_or_default());
            return;
        }
        let expected: Vec<_> = self.expected.iter().map(String::as_str).collect();
        self.agent.assert_clean_log(&expected);
    }
}
