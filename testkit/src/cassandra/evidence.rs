/// What a node's own log and process say about an experiment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeEvidence {
    /// The node's name in the lab.
    pub node: String,
    /// Whether its process has ended or is another one than at the start.
    pub restarted: bool,
    /// The lines by which it marked peers down, or saw them come back with a new generation.
    pub marked_down: Vec<String>,
    /// Its lines of the levels WARN and ERROR, apart from the complaints at start-up about the
    /// machine's settings.
    pub complaints: Vec<String>,
}

/// What the node logs when a peer is marked down, or is seen to have been started again.
const DOWN: [&str; 2] = ["is now DOWN", "has restarted, now UP"];
/// What nodes say on a machine that is set up for tests.
const HARMLESS: [&str; 4] = [
    "StartupChecks.java",
    "Cannot initialize un-mmaper",
    "No host ID found, created",
    "Not marking nodes down due to local pause",
];

impl NodeEvidence {
    pub(super) fn read(node: &str, log: &str, restarted: bool) -> Self {
        let lines_with = |words: &[&str]| {
            log.lines()
                .filter(|line| words.iter().any(|word| line.contains(word)))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let starts = log.matches("Startup complete").count();
        let mut complaints = lines_with(&["WARN  [", "ERROR ["]);
        complaints.retain(|line| !HARMLESS.iter().any(|harmless| line.contains(harmless)));
        Self {
            node: node.to_owned(),
            restarted: restarted || starts != 1,
            marked_down: lines_with(&DOWN),
            complaints,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
WARN  [main] 2026-11-22 17:49:35,251 StartupChecks.java:262 - jemalloc could not be preloaded
INFO  [main] 2026-11-22 17:49:40,000 CassandraDaemon.java:760 - Startup complete
INFO  [GossipStage:1] 2026-11-22 17:51:15,190 Gossiper.java:1474 - InetAddress /10.77.0.1:7000 is now DOWN
";

    #[test]
    fn a_peer_marked_down_is_evidence() {
        let evidence = NodeEvidence::read("n2", LOG, false);
        assert!(!evidence.restarted);
        assert_eq!(evidence.marked_down.len(), 1);
        assert!(evidence.complaints.is_empty());
    }

    #[test]
    fn a_second_start_in_the_log_is_a_restart() {
        let twice = format!("{LOG}{LOG}");
        assert!(NodeEvidence::read("n2", &twice, false).restarted);
    }
}
