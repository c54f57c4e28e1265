use std::fmt;

/// Two neighbours, by who dials and who is dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pair {
    /// Both behind agents.
    AgentAgent,
    /// Behind an agent, towards native TLS.
    AgentNative,
    /// Native TLS, towards an agent.
    NativeAgent,
}

impl Pair {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::AgentAgent, Self::AgentNative, Self::NativeAgent];

    /// Every way between two nodes, by their indices, that is one of these.
    pub(crate) const fn ways(self) -> [(usize, usize); 2] {
        match self {
            Self::AgentAgent => [(0, 1), (1, 0)],
            Self::AgentNative => [(0, 2), (1, 2)],
            Self::NativeAgent => [(2, 0), (2, 1)],
        }
    }

    /// The way that hints take: who keeps them, and who is missed.
    pub(crate) const fn hints(self) -> (usize, usize) {
        match self {
            Self::AgentAgent => (0, 1),
            Self::AgentNative => (0, 2),
            Self::NativeAgent => (2, 1),
        }
    }

    /// The way that streams take: whose rows they are, and who lacks them. Each node lacks some,
    /// as none can rebuild two keyspaces at the same time.
    pub(crate) const fn streams(self) -> (usize, usize) {
        match self {
            Self::AgentAgent => (1, 0),
            Self::AgentNative => (0, 2),
            Self::NativeAgent => (2, 1),
        }
    }

    /// The replication under which the node that lacks rows comes to lack them, and that under
    /// which it should have them.
    pub(crate) const fn replication(self) -> [&'static str; 2] {
        match self {
            Self::AgentAgent => ["'dc1': 1", "'dc1': 2"],
            Self::AgentNative => ["'dc1': 1", "'dc1': 1, 'dc2': 1"],
            Self::NativeAgent => ["'dc2': 1", "'dc1': 2, 'dc2': 1"],
        }
    }

    /// The datacenter that holds the rows.
    pub(crate) const fn source(self) -> &'static str {
        match self {
            Self::AgentAgent | Self::AgentNative => "dc1",
            Self::NativeAgent => "dc2",
        }
    }

    /// In the names of keyspaces and rows.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::AgentAgent => "agent_agent",
            Self::AgentNative => "agent_native",
            Self::NativeAgent => "native_agent",
        }
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AgentAgent => "agent → agent",
            Self::AgentNative => "agent → native",
            Self::NativeAgent => "native → agent",
        })
    }
}
