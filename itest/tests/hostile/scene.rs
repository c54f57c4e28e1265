use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use ringlock_itest::{
    Conduct, Database, OrFail as _, Peer, Site, Watched, retry_until,
    testkit::{agent::AgentConfig, pki::Issued},
};
use ringlock_model::Direction;

/// An agent before a database, a peer's certificate, and a good link that echoes all the while.
pub(crate) struct Scene {
    pub(crate) site: Site,
    pub(crate) agent: Watched,
    pub(crate) address: SocketAddr,
    /// A good certificate, for 127.0.0.1.
    pub(crate) peer: Issued,
    pub(crate) database: Database,
    good: Undisturbed,
    served: usize,
}

/// A link that must not end before its owner says so.
struct Undisturbed {
    done: Arc<AtomicBool>,
    echoes: Option<JoinHandle<Option<u64>>>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with(|_, _| {})
    }

    /// With this change of the agent's configuration.
    pub(crate) fn with(change: impl FnOnce(&Site, &mut AgentConfig)) -> Self {
        let site = Site::new();
        let database = Database::start(Conduct::Echo);
        let own = site.issue("n1", &["127.0.0.1"]);
        let (mut config, address) = site.config("n1", Direction::Inbound, database.address(), &own);
        change(&site, &mut config);
        let agent = site.start("n1", &config);
        let peer = site.issue("n2", &["127.0.0.1"]);
        Self {
            good: Undisturbed::begin(Peer::openssl(address, Some(&peer), &[])),
            agent,
            address,
            peer,
            database,
            site,
            served: 1,
        }
    }

    /// Another good peer gets in, if need be by dialling again as a node does; how often it dialled.
    #[track_caller]
    pub(crate) fn let_in_at_last(&mut self, arguments: &[&str]) -> u32 {
        let mut attempts = 0;
        retry_until("a good peer's turn", || {
            attempts += 1;
            let mut peer = Peer::openssl(self.address, Some(&self.peer), arguments);
            peer.echoes("another good one").then_some(())
        });
        self.served += 1;
        attempts
    }

    /// A peer that is let in and shows only then what it is up to.
    pub(crate) fn count_served(&mut self) {
        self.served += 1;
    }

    /// Connections were refused for exactly these reasons, so many times; the log has each of the
    /// sentences; the good link was not disturbed, and the database had no other visitors.
    #[track_caller]
    pub(crate) fn assert_refused(mut self, refusals: &[(&str, u64, &str)]) {
        let mut expected = BTreeMap::new();
        for (code, times, sentence) in refusals {
            *expected.entry((*code).to_owned()).or_default() += times;
            self.agent.expect(sentence);
        }
        let awaited = format!("refusals {expected:?}");
        retry_until(&awaited, || {
            (self.agent.state().refused.values().sum::<u64>() >= expected.values().sum())
                .then_some(())
        });
        assert_eq!(self.agent.state().refused, expected);
        for (code, _, sentence) in refusals {
            self.agent
                .await_line(&["refused", &format!("code=\"{code}\""), sentence]);
        }
        self.good.assert_went_on();
        assert_eq!(self.database.accepted(), self.served);
    }

    /// As above, without a word about what else there is.
    #[track_caller]
    pub(crate) fn assert_good_link_went_on(&mut self) {
        self.good.assert_went_on();
    }
}

impl Undisturbed {
    fn begin(mut peer: Peer) -> Self {
        peer.expect_echo("the good link");
        let done = Arc::new(AtomicBool::new(false));
        let is_done = Arc::clone(&done);
        let echoes = thread::spawn(move || {
            let mut echoes = 0;
            while !is_done.load(Ordering::SeqCst) {
                if !peer.echoes("undisturbed") {
                    return None;
                }
                echoes += 1;
                thread::sleep(Duration::from_millis(10));
            }
            Some(echoes)
        });
        Self {
            done,
            echoes: Some(echoes),
        }
    }

    #[track_caller]
    fn assert_went_on(&mut self) {
        self.done.store(true, Ordering::SeqCst);
        let thread = self.echoes.take().or_fail("asking a second time");
        let Ok(echoes) = thread.join() else {
            panic!("the good link's peer panicked");
        };
        let echoes = echoes.or_fail("echoing on the good link to the end");
        assert!(echoes > 0, "the good link never echoed");
    }
}

impl Drop for Undisturbed {
    fn drop(&mut self) {
        self.done.store(true, Ordering::SeqCst);
    }
}
