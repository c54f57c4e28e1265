//! Which keys there are outside the databases' blocks, and what to say of one that is not.

use crate::options;

/// The keys of one mapping.
#[derive(Debug)]
pub(crate) struct Keys {
    /// The dotted path of the mapping; empty for the whole file.
    pub(crate) path: &'static str,
    /// The keys that are obeyed.
    pub(crate) obeyed: &'static [&'static str],
    /// Keys of the databases' files that do not concern the agent, and do no harm.
    pub(crate) passed_over: &'static [&'static str],
    /// Keys of the databases' files and of the design that this version knows and does not obey.
    pub(crate) not_yet: &'static [&'static str],
}

/// The top level.
pub(crate) static TOP: Keys = Keys {
    path: "",
    obeyed: &[
        "ringlock",
        "database_config",
        "database_dialect",
        "storage_port",
        "ssl_storage_port",
        "server_encryption_options",
        "encryption_options",
        "internode_authenticator",
    ],
    passed_over: &[
        "broadcast_address",
        "broadcast_rpc_address",
        "cluster_name",
        "listen_address",
        "listen_interface",
        "native_shard_aware_transport_port",
        "native_shard_aware_transport_port_ssl",
        "native_transport_port",
        "native_transport_port_ssl",
        "rpc_address",
    ],
    not_yet: &[
        "authenticator",
        "client_encryption_options",
        "crypto_provider",
        "internode_tcp_connect_timeout",
        "internode_tcp_user_timeout",
    ],
};

/// Ringlock's own section.
pub(crate) static RINGLOCK: Keys = Keys {
    path: "ringlock",
    obeyed: &[
        "cluster",
        "interception",
        "inbound_port",
        "outbound_port",
        "mark",
        "listeners",
        "admin_socket",
        "state_directory",
        "workers",
        "busy_poll",
        "handshake_timeout",
        "max_handshakes",
        "drain_timeout",
        "max_link_age",
        "pkcs11",
        "secret_key",
        "dse_config",
        "stale_revocation_lists",
        "fips",
        "topology",
        "trusted_peers",
    ],
    passed_over: &[],
    not_yet: &[],
};

/// One item of `ringlock.listeners`.
pub(crate) static LISTENER: Keys = Keys {
    path: "ringlock.listeners",
    obeyed: &["address", "target", "direction"],
    passed_over: &[],
    not_yet: &[],
};

/// The token that holds the node's key.
pub(crate) static PKCS11: Keys = Keys {
    path: "ringlock.pkcs11",
    obeyed: &["module", "token", "slot", "key", "uri"],
    passed_over: &[],
    not_yet: &[],
};

/// Where nodes stand.
pub(crate) static TOPOLOGY: Keys = Keys {
    path: "ringlock.topology",
    obeyed: &[
        "datacenter",
        "rack",
        "nodes",
        "rackdc_file",
        "topology_file",
        "cql",
    ],
    passed_over: &[],
    not_yet: &[],
};

/// The place of one address in `ringlock.topology.nodes`.
pub(crate) static PLACE: Keys = Keys {
    path: "ringlock.topology.nodes",
    obeyed: &["datacenter", "rack"],
    passed_over: &[],
    not_yet: &[],
};

/// How the local node is asked for its system tables.
pub(crate) static CQL: Keys = Keys {
    path: "ringlock.topology.cql",
    obeyed: &["address", "username", "password_file", "refresh"],
    passed_over: &[],
    not_yet: &[],
};

/// Where a key of one mapping may have been meant to stand instead.
static SECTIONS: [&Keys; 6] = [&TOP, &RINGLOCK, &LISTENER, &PKCS11, &TOPOLOGY, &CQL];

/// What is to be said of a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing.
    Obeyed,
    /// It means something, and not to this version.
    NotYet,
    /// It belongs into the mapping at this path.
    Elsewhere(&'static str),
    /// It resembles this obeyed key.
    Misspelt(&'static str),
    /// It resembles this key that is not obeyed.
    MisspeltNotYet(&'static str),
    /// Nobody knows it.
    Unknown,
}

impl Keys {
    /// What is to be said of `key` in this mapping.
    pub(crate) fn judge(&self, key: &str) -> Standing {
        if self.obeyed.contains(&key) || self.passed_over.contains(&key) {
            return Standing::Obeyed;
        }
        if SECTIONS.iter().any(|keys| keys.not_yet.contains(&key)) {
            return Standing::NotYet;
        }
        if let Some(keys) = SECTIONS.iter().find(|keys| keys.obeyed.contains(&key)) {
            return Standing::Elsewhere(keys.path);
        }
        if options::find(options::Section::Server, key).is_some() {
            return Standing::Elsewhere(options::Section::Server.path());
        }
        match nearest(key, self.obeyed.iter().chain(self.not_yet)) {
            Some(near) if self.obeyed.contains(&near) => Standing::Misspelt(near),
            Some(near) => Standing::MisspeltNotYet(near),
            None => Standing::Unknown,
        }
    }
}

/// The word that `text` is most likely to have been meant for, if there is any: no more than a
/// third of it may differ, and no more than three letters.
pub(crate) fn nearest(
    text: &str,
    words: impl IntoIterator<Item = &'static &'static str>,
) -> Option<&'static str> {
    const MOST_EDITS: usize = 3;
    let text = text.to_lowercase().replace(['-', ' '], "_");
    words
        .into_iter()
        .filter(|word| word.len().abs_diff(text.len()) <= MOST_EDITS)
        .map(|word| (strsim::damerau_levenshtein(&text, word), *word))
        .filter(|(edits, word)| *edits <= (word.len() / 3).min(MOST_EDITS))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_judged_by_where_it_stands() {
        assert_eq!(RINGLOCK.judge("cluster"), Standing::Obeyed);
        assert_eq!(RINGLOCK.judge("Cluster"), Standing::Misspelt("cluster"));
        assert_eq!(
            RINGLOCK.judge("drain-timeout"),
            Standing::Misspelt("drain_timeout")
        );
        assert_eq!(RINGLOCK.judge("storage_port"), Standing::Elsewhere(""));
        assert_eq!(TOP.judge("cluster"), Standing::Elsewhere("ringlock"));
        assert_eq!(
            TOP.judge("cipher_suites"),
            Standing::Elsewhere("server_encryption_options")
        );
        assert_eq!(TOP.judge("listen_address"), Standing::Obeyed);
        assert_eq!(TOP.judge("client_encryption_options"), Standing::NotYet);
        assert_eq!(TOP.judge("num_tokens"), Standing::Unknown);
        assert_eq!(
            TOP.judge("encription_options"),
            Standing::Misspelt("encryption_options")
        );
        assert_eq!(
            TOP.judge("authentikator"),
            Standing::MisspeltNotYet("authenticator")
        );
    }

    #[test]
    fn only_near_words_are_offered() {
        assert_eq!(nearest("al", &["all", "none"]), Some("all"));
        assert_eq!(nearest("nnoe", &["all", "none"]), Some("none"));
        assert_eq!(nearest("off", &["all", "none"]), None);
        assert_eq!(nearest("", &["all", "none"]), None);
        assert_eq!(nearest(&"a".repeat(1000), &["all", "none"]), None);
    }

    #[test]
    fn no_key_is_obeyed_and_refused_at_once() {
        for keys in SECTIONS {
            for key in keys.obeyed.iter().chain(keys.passed_over) {
                assert!(
                    SECTIONS.iter().all(|other| !other.not_yet.contains(key)),
                    "{key}"
                );
            }
        }
    }
}
