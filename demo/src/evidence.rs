use ringlock_testkit::{Moment, capture::Captured, cassandra::NodeEvidence, load::LoadReport};

/// What the clients, the network and the databases themselves say about the whole run.
pub(crate) struct Evidence {
    pub(crate) load: LoadReport,
    pub(crate) wire: Wire,
    pub(crate) nodes: Vec<NodeEvidence>,
    /// Whether the cluster was taken back to plaintext, too.
    pub(crate) there_and_back: bool,
}

/// What crossed the bridge.
pub(crate) struct Wire {
    /// Plaintext before the cut.
    pub(crate) before: Seen,
    /// Plaintext while it was required that there is none.
    pub(crate) required: Seen,
    /// Packets that the capture missed.
    pub(crate) dropped: u64,
    /// Bytes after such packets, which it cannot vouch for.
    pub(crate) unverified: u64,
    /// The plaintext connections of the required phase, if there were any.
    pub(crate) culprits: Vec<String>,
}

/// Plaintext on the bridge in a span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Bytes of payload between the nodes.
    pub(crate) bytes: u64,
    /// Rows of the load that could be read.
    pub(crate) rows: usize,
}

/// When what was required.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeline {
    /// The load ran and no agent did.
    pub(crate) plaintext_from: Moment,
    /// The first agent was started.
    pub(crate) plaintext_until: Moment,
    /// Every agent required TLS.
    pub(crate) required_from: Moment,
    /// The first agent was told to dial plaintext again.
    pub(crate) required_until: Moment,
}

impl Evidence {
    /// No failed request, no plaintext byte while TLS was required, no node restarted or seen
    /// down, and a capture that saw everything.
    pub(crate) fn proves_the_promise(&self) -> bool {
        self.load.requests() > 0
            && self.load.failed() == 0
            && self.wire.required == Seen::default()
            && self.wire.before.rows > 0
            && self.wire.dropped == 0
            && self.wire.unverified == 0
            && self.restarted() == 0
            && self.marked_down() == 0
    }

    /// Nodes whose process is another one, or gone.
    pub(crate) fn restarted(&self) -> usize {
        self.nodes.iter().filter(|node| node.restarted).count()
    }

    /// How often a node marked another one down.
    pub(crate) fn marked_down(&self) -> usize {
        self.nodes.iter().map(|node| node.marked_down.len()).sum()
    }
}

impl Wire {
    pub(crate) fn new(captured: &Captured, timeline: &Timeline) -> Self {
        let traffic = &captured.traffic;
        let seen = |from, until| Seen {
            bytes: traffic.plaintext_bytes_between(from, until),
            rows: traffic.sightings_between(from, until),
        };
        let required = seen(timeline.required_from, timeline.required_until);
        let culprits = if required.bytes == 0 {
            Vec::new()
        } else {
            traffic
                .plaintext_flows_since(timeline.required_from)
                .into_iter()
                .filter(|flow| flow.first_seen < timeline.required_until)
                .map(|flow| {
                    format!(
                        "{} → {}, since {}",
                        flow.client, flow.server, flow.first_seen
                    )
                })
                .collect()
        };
        Self {
            before: seen(timeline.plaintext_from, timeline.plaintext_until),
            required,
            dropped: captured.dropped_by_kernel,
            unverified: traffic.unverified_bytes(),
            culprits,
        }
    }
}
