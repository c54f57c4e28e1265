use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

use ringlock_itest::{
    OrFail as _, Stage, Watched, connect, free_address, retry_until,
    testkit::agent::{AgentConfig, Interception, Listener},
};
use ringlock_model::{Direction, Security, TlsFacts};

/// What an agent without endpoint verification says at its start.
pub(crate) const UNVERIFIED: &str = "require_endpoint_verification is false";

/// What a database says to its peer: the beginning that all have in common, and a line.
const WORDS: &[u8] = b"\xca\x55\x2d\xfa over somebody else's TLS\n";

/// An agent that takes a peer's connections, and dials another one where it says.
pub(crate) struct Node {
    pub(crate) agent: Watched,
    /// Where it takes the peer's.
    pub(crate) inbound: SocketAddr,
    /// Where it takes its database's, to dial the peer.
    outbound: SocketAddr,
}

impl Node {
    /// Under this block; the peer that is dialled is at `peer`.
    pub(crate) fn start(stage: &Stage, block: &str, peer: SocketAddr) -> Self {
        let outbound = free_address();
        let config = towards(stage.with_block(block), outbound, peer);
        let mut agent = stage.start(&config);
        if !block.contains("require_endpoint_verification: true") {
            agent.expect(UNVERIFIED);
        }
        Self {
            agent,
            inbound: stage.address,
            outbound,
        }
    }

    /// The database dials, and hears its own words back.
    #[track_caller]
    pub(crate) fn ask(&self) -> TcpStream {
        let mut database = self.dial();
        let mut back = vec![0; WORDS.len()];
        database.read_exact(&mut back).or_fail("hearing the peer");
        assert_eq!(back, WORDS);
        database
    }

    /// The database dials and speaks.
    pub(crate) fn dial(&self) -> TcpStream {
        let mut database = connect(self.outbound);
        database
            .write_all(WORDS)
            .or_fail("speaking as the database");
        database
    }

    /// What was agreed on for the only link in this direction.
    #[track_caller]
    pub(crate) fn agreed(&self, direction: Direction) -> TlsFacts {
        let link = retry_until("a single link", || {
            let mut links = self.agent.state().links;
            links.retain(|link| link.direction == direction);
            links.pop().filter(|_| links.is_empty())
        });
        match link.security {
            Security::Tls(facts) => facts,
            other => None.or_fail(&format!("a link over TLS, not {other}")),
        }
    }

    /// Nobody was refused.
    #[track_caller]
    pub(crate) fn assert_nobody_refused(&self) {
        let refused = self.agent.state().refused;
        assert!(refused.is_empty(), "{refused:?}");
    }
}

fn towards(mut config: AgentConfig, address: SocketAddr, target: SocketAddr) -> AgentConfig {
    if let Interception::Listen(listeners) = &mut config.interception {
        listeners.push(Listener {
            address,
            target,
            direction: Direction::Outbound,
        });
    }
    config
}
