//! Tells the dialect of a file from what stands in it.

use ringlock_finding::Position;

use super::{Dialect, Dialects, Product};
use crate::{
    document::{Document, Entry},
    options::{self, Section, Support},
};

/// What a file seems to be, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detected {
    /// The dialect.
    pub dialect: Dialect,
    /// The evidence, as a phrase: `legacy_ssl_storage_port_enabled (line 12) came with Cassandra
    /// 4.1`.
    pub because: String,
    /// Whether the evidence leaves no other dialect. Otherwise it is the newest that accepts every
    /// key of the file.
    pub certain: bool,
}

/// Tells the dialect of `document`. A `version` that a version file or a jar beside the file names
/// decides alone, if it is one that is known; then the keys and the file's name do.
pub fn detect(document: &Document, version: Option<&str>) -> Detected {
    if let Some((version, dialect)) =
        version.and_then(|version| Some((version, Dialect::of_version(version)?)))
    {
        return Detected {
            dialect,
            because: format!("the version is {}", version.trim()),
            certain: true,
        };
    }
    let evidence = Evidence::gather(document);
    by_product(document, &evidence)
        .unwrap_or_else(|| newest_that_accepts(document, Product::Cassandra))
}

fn by_product(document: &Document, evidence: &Evidence<'_>) -> Option<Detected> {
    if let Some(at) = evidence.first(&["ringlock"]) {
        return Some(at.says("is Ringlock's own section", Dialect::Ringlock));
    }
    if let Some(at) = evidence.first(SCYLLA) {
        return Some(at.says("is known to ScyllaDB alone", Dialect::Scylla));
    }
    if let Some(marker) = evidence.dse(document) {
        return Some(marker);
    }
    let name = document.path().to_string_lossy();
    let of_path = |part: &str, dialect, certain| {
        name.contains(part).then(|| Detected {
            dialect,
            because: format!("the file is called {name}"),
            certain,
        })
    };
    of_path("scylla.yaml", Dialect::Scylla, true)
        .or_else(|| of_path("ringlock.yaml", Dialect::Ringlock, true))
        .or_else(|| of_path("/hcd", Dialect::Hcd1, true))
        .or_else(|| {
            let newest = || newest_that_accepts(document, Product::Dse);
            name.contains("/dse").then(newest)
        })
}

/// Keys that ScyllaDB alone knows.
const SCYLLA: &[&str] = &[
    "server_encryption_options.certificate",
    "server_encryption_options.keyfile",
    "server_encryption_options.certficate_revocation_list",
    "server_encryption_options.priority_string",
    "client_encryption_options.certificate",
    "client_encryption_options.keyfile",
    "client_encryption_options.certficate_revocation_list",
    "client_encryption_options.priority_string",
    "alternator_encryption_options",
    "vector_store_encryption_options",
    "native_shard_aware_transport_port",
    "native_shard_aware_transport_port_ssl",
    "api_port",
    "alternator_port",
    "alternator_https_port",
];

/// The keys of the top level and of the blocks, each with its place.
struct Evidence<'d> {
    keys: Vec<(String, &'d Entry)>,
}

/// A key that says something.
struct Marker {
    key: String,
    at: Position,
}

impl Marker {
    fn says(&self, what: &str, dialect: Dialect) -> Detected {
        Detected {
            dialect,
            because: format!("{} (line {}) {what}", self.key, self.at.line),
            certain: true,
        }
    }
}

impl<'d> Evidence<'d> {
    fn gather(document: &'d Document) -> Self {
        let mut keys = Vec::new();
        for entry in document.root().entries() {
            keys.push((entry.key.clone(), entry));
            for below in entry.node.entries() {
                keys.push((format!("{}.{}", entry.key, below.key), below));
            }
        }
        Self { keys }
    }

    fn first(&self, wanted: &[&str]) -> Option<Marker> {
        let (key, entry) = self
            .keys
            .iter()
            .find(|(key, _)| wanted.contains(&key.as_str()))?;
        Some(Marker {
            key: key.clone(),
            at: entry.at,
        })
    }

    fn dse(&self, document: &Document) -> Option<Detected> {
        const TYPES: &[&str] = &[
            "server_encryption_options.keystore_type",
            "client_encryption_options.keystore_type",
        ];
        const ADDRESSES: &[&str] = &[
            "native_transport_address",
            "native_transport_interface",
            "native_transport_broadcast_address",
            "native_transport_keepalive",
        ];
        if let Some(marker) = self.first(TYPES) {
            return Some(marker.says("came with DSE 6.7", Dialect::Dse67));
        }
        let named = self.keys.iter().find(|(_, entry)| {
            let text = entry.node.scalar();
            text.is_some_and(|text| text.starts_with("com.datastax.bdp."))
        });
        let marker = self
            .first(ADDRESSES)
            .map(|marker| (marker, "came with DSE 6.0"));
        let class = named.map(|(key, entry)| {
            let at = entry.at;
            (
                Marker {
                    key: key.clone(),
                    at,
                },
                "names a class of DSE",
            )
        });
        let (marker, what) = marker.or(class)?;
        let accepted = newest_that_accepts(document, Product::Dse);
        Some(Detected {
            certain: false,
            ..marker.says(what, accepted.dialect)
        })
    }
}

/// The newest released dialect of a product that knows every key of the file which is of interest
/// here, with the keys that exclude the versions next to those that do.
fn newest_that_accepts(document: &Document, product: Product) -> Detected {
    let judged: Vec<_> = Dialect::ALL
        .into_iter()
        .filter(|dialect| dialect.product() == product)
        .map(|dialect| (dialect, refused(document, dialect)))
        .collect();
    let least = judged.iter().map(|(_, refused)| refused.len()).min();
    let accepts = |judged: &&(Dialect, Vec<Marker>)| Some(judged.1.len()) == least;
    let accepting: Vec<_> = judged
        .iter()
        .filter(accepts)
        .map(|(dialect, _)| *dialect)
        .collect();
    let newest = accepting.iter().rev().find(|dialect| dialect.is_released());
    let dialect = newest.or(accepting.last()).copied();
    let dialect = dialect.unwrap_or(Dialect::Cassandra50);
    let older = judged.iter().take_while(|one| !accepts(one)).last();
    let newer = judged.iter().rev().take_while(|one| !accepts(one)).last();
    let mut markers: Vec<_> = [older, newer]
        .into_iter()
        .filter_map(|neighbour| neighbour?.1.first())
        .collect();
    markers.sort_by_key(|marker| marker.at);
    markers.dedup_by_key(|marker| marker.at);
    let left: Dialects = accepting.iter().copied().collect();
    Detected {
        dialect,
        because: because(&markers, left, dialect, accepting.len() == 1),
        certain: accepting.len() == 1,
    }
}

fn because(markers: &[&Marker], left: Dialects, newest: Dialect, alone: bool) -> String {
    if markers.is_empty() {
        return format!("{newest} is the newest release that accepts every key");
    }
    let keys: Vec<_> = markers
        .iter()
        .map(|marker| format!("{} (line {})", marker.key, marker.at.line))
        .collect();
    let verb = if keys.len() == 1 { "leaves" } else { "leave" };
    let rest = if alone {
        " alone".to_owned()
    } else {
        format!(", of which {newest} is the newest release")
    };
    format!("{} {verb} {left}{rest}", keys.join(" and "))
}

/// The keys of the file that some database knows and this one does not, or calls otherwise today.
fn refused(document: &Document, dialect: Dialect) -> Vec<Marker> {
    let mut found = Vec::new();
    for entry in document.root().entries() {
        if let Some(section) = Section::named(&entry.key) {
            let below = entry.node.entries().iter();
            found.extend(below.filter_map(|below| refuses(section, below, dialect)));
        }
        found.extend(refuses(Section::Top, entry, dialect));
        found.extend(outdated(entry, dialect));
    }
    found
}

fn refuses(section: Section, entry: &Entry, dialect: Dialect) -> Option<Marker> {
    let spec = options::find(section, &entry.key)?;
    let refused = match spec.support(dialect) {
        Support::No | Support::Doubtful(_) => true,
        Support::Renamed(_) => !Dialects::C3.contains(dialect),
        Support::Taken(_) | Support::Ignored => false,
    };
    refused.then(|| Marker {
        key: section.path_of(&entry.key),
        at: entry.at,
    })
}

/// Keys with their unit in the name were renamed in Cassandra 4.1, which takes them still: no
/// shipped file of it has one.
fn outdated(entry: &Entry, dialect: Dialect) -> Option<Marker> {
    const SUFFIXES: [&str; 4] = ["_in_ms", "_in_mb", "_in_kb", "_mb_per_sec"];
    let old = SUFFIXES.iter().any(|suffix| entry.key.ends_with(suffix));
    (old && Dialects::C41_ON.contains(dialect)).then(|| Marker {
        key: entry.key.clone(),
        at: entry.at,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn detected(text: &str, path: &str) -> (Dialect, bool, String) {
        let document = Document::parse(text, Path::new(path)).unwrap();
        let Detected {
            dialect,
            because,
            certain,
        } = detect(&document, None);
        (dialect, certain, because)
    }

    #[test]
    fn a_version_beside_the_file_decides() {
        let document = Document::parse("api_port: 1\n", Path::new("x.yaml")).unwrap();
        let found = detect(&document, Some("4.0.19\n"));
        assert_eq!(found.dialect, Dialect::Cassandra40);
        assert_eq!(found.because, "the version is 4.0.19");
        assert!(found.certain);
        let unknown = detect(&document, Some("no version"));
        assert_eq!(unknown.dialect, Dialect::Scylla);
    }

    #[test]
    fn one_key_tells_a_product() {
        for (text, dialect, because) in [
            (
                "ringlock: {cluster: c}\n",
                Dialect::Ringlock,
                "ringlock (line 1) is Ringlock's own section",
            ),
            (
                "\nnative_shard_aware_transport_port: 1\n",
                Dialect::Scylla,
                "native_shard_aware_transport_port (line 2) is known to ScyllaDB alone",
            ),
            (
                "client_encryption_options:\n  keystore_type: JKS\n",
                Dialect::Dse67,
                "client_encryption_options.keystore_type (line 2) came with DSE 6.7",
            ),
        ] {
            assert_eq!(
                detected(text, "x.yaml"),
                (dialect, true, because.to_owned())
            );
        }
    }

    #[test]
    fn classes_addresses_and_names_tell_dse() {
        let (dialect, certain, because) = detected(
            "authenticator: com.datastax.bdp.cassandra.auth.DseAuthenticator\n\
             start_rpc: true\n",
            "c.yaml",
        );
        assert_eq!((dialect, certain), (Dialect::Dse51, false));
        assert_eq!(because, "authenticator (line 1) names a class of DSE");
        let (dialect, _, because) = detected("native_transport_address: x\n", "c.yaml");
        assert_eq!(dialect, Dialect::Dse67);
        assert_eq!(
            because,
            "native_transport_address (line 1) came with DSE 6.0"
        );
        let (dialect, certain, _) =
            detected("num_tokens: 1\n", "/etc/dse/cassandra/cassandra.yaml");
        assert_eq!((dialect, certain), (Dialect::Dse67, false));
        let (dialect, certain, _) =
            detected("num_tokens: 1\n", "/etc/hcd/cassandra/cassandra.yaml");
        assert_eq!((dialect, certain), (Dialect::Hcd1, true));
        assert_eq!(
            detected("num_tokens: 1\n", "/etc/scylla/scylla.yaml").0,
            Dialect::Scylla
        );
    }

    #[test]
    fn a_line_of_cassandra_is_the_newest_that_accepts_every_key() {
        for (text, dialect, certain, because) in [
            (
                "start_rpc: false\n\
                 server_encryption_options: {require_endpoint_verification: true}\n",
                Dialect::Cassandra311,
                true,
                "start_rpc (line 1) and server_encryption_options.require_endpoint_verification \
                 (line 2) leave Cassandra 3.11 alone",
            ),
            (
                "start_rpc: false\n",
                Dialect::Cassandra311,
                false,
                "start_rpc (line 1) leaves Cassandra 3.0 to 3.11, of which Cassandra 3.11 is the \
                 newest release",
            ),
            (
                "server_encryption_options:\n    enable_legacy_ssl_storage_port: false\n",
                Dialect::Cassandra40,
                true,
                "server_encryption_options.enable_legacy_ssl_storage_port (line 2) leaves \
                 Cassandra 4.0 alone",
            ),
            (
                "native_transport_port_ssl: 9142\ncrypto_provider: []\n",
                Dialect::Cassandra50,
                true,
                "native_transport_port_ssl (line 1) and crypto_provider (line 2) leave Cassandra 5.0 alone",
            ),
            (
                "server_encryption_options:\n  legacy_ssl_storage_port_enabled: false\n",
                Dialect::Cassandra50,
                false,
                "server_encryption_options.legacy_ssl_storage_port_enabled (line 2) leaves \
                 Cassandra 4.1 to 6.0, of which Cassandra 5.0 is the newest release",
            ),
            (
                "read_request_timeout_in_ms: 5000\nserver_encryption_options: {optional: true}\n",
                Dialect::Cassandra40,
                true,
                "",
            ),
            (
                "num_tokens: 16\n",
                Dialect::Cassandra50,
                false,
                "Cassandra 5.0 is the newest release that accepts every key",
            ),
        ] {
            let found = detected(text, "conf/cassandra.yaml");
            assert_eq!((found.0, found.1), (dialect, certain), "{text}");
            if !because.is_empty() {
                assert_eq!(found.2, because);
            }
        }
    }
}
