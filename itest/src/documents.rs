//! The databases' blocks as their documents show them, and their stores put where they are.

use std::path::Path;

use ringlock_testkit::pki::{Issued, StorePasswords, Stores};

/// A block of a document, with the files and passwords that it names.
#[derive(Clone, Copy, Debug)]
pub struct Document {
    text: &'static str,
    keystore: &'static str,
    truststore: &'static str,
    /// Keys that the document has in the words of another version.
    renamed: &'static [(&'static str, &'static str)],
    /// The passwords of its stores.
    pub passwords: StorePasswords,
}

macro_rules! block {
    ($name:literal) => {
        include_str!(concat!("../../crates/config/tests/blocks/", $name, ".yaml"))
    };
}

/// Cassandra 3.x in production: JKS stores, TLS between nodes and for clients.
pub const CASSANDRA_3: Document = Document {
    text: block!("cassandra-3-production"),
    keystore: "/usr/local/lib/cassandra/conf/server-keystore.jks",
    truststore: "/usr/local/lib/cassandra/conf/server-truststore.jks",
    renamed: &[],
    passwords: StorePasswords {
        keystore: "myKeyPass",
        truststore: "truststorePass",
    },
};

/// The rolling change's first pass, in the words of Cassandra 4.0, which does not start with the
/// document's own: PKCS12 stores, plaintext still accepted.
pub const ROLLING_TRANSITION_4_0: Document = Document {
    text: block!("rolling-transition"),
    renamed: &[(
        "legacy_ssl_storage_port_enabled",
        "enable_legacy_ssl_storage_port",
    )],
    ..ROLLING_ENFORCED
};

/// The rolling change's second pass: PKCS12 stores, TLS alone.
pub const ROLLING_ENFORCED: Document = Document {
    text: block!("rolling-enforced"),
    keystore: "/etc/cassandra/ssl/db01-keystore.p12",
    truststore: "/etc/cassandra/ssl/cassandra-truststore.p12",
    renamed: &[],
    passwords: StorePasswords {
        keystore: "node-keystore-password",
        truststore: "cluster-truststore-password",
    },
};

/// DSE with local stores: JKS, mutual TLS, endpoint verification.
pub const DSE: Document = Document {
    text: block!("dse-local"),
    keystore: "/etc/dse/conf/keystore.jks",
    truststore: "/etc/dse/conf/truststore.jks",
    renamed: &[],
    passwords: StorePasswords {
        keystore: "keystorePass",
        truststore: "truststorePass",
    },
};

/// ScyllaDB's block, which names PEM files.
#[derive(Clone, Copy, Debug)]
pub struct PemDocument {
    text: &'static str,
}

/// ScyllaDB: PEM files, a revocation list, mutual TLS.
pub const SCYLLA: PemDocument = PemDocument {
    text: block!("scylla"),
};

impl PemDocument {
    /// The text for all links, with nothing else changed but where the files lie, and the priority
    /// string, which may be left out.
    pub fn with_pem(&self, own: &Issued, list: &Path, priority: Option<&str>) -> String {
        const STRING: &str = "SECURE128:-VERS-TLS1.0:-VERS-TLS1.1";
        let text = self.text.replace("encryption: rack", "encryption: all");
        let text = put(&text, "/etc/scylla/db.crt", &own.certificate);
        let text = put(&text, "/etc/scylla/db.key", &own.key);
        let text = put(&text, "/etc/scylla/cadb.pem", &own.ca);
        let text = put(&text, "/etc/scylla/crl.pem", list);
        let written = format!("    priority_string: {STRING}\n");
        assert!(text.contains(&written), "{written:?} in\n{text}");
        let wanted = priority.map(|priority| format!("    priority_string: {priority}\n"));
        text.replace(&written, &wanted.unwrap_or_default())
    }
}

impl Document {
    /// The text with nothing changed but where the stores lie.
    pub fn with_stores(&self, stores: &Stores) -> String {
        self.with_files(&stores.keystore, &stores.truststore)
    }

    /// The same for files that are no Java stores.
    pub fn with_files(&self, keystore: &Path, truststore: &Path) -> String {
        // What the node has in its file anyhow.
        let given = ["cluster_name:", "native_transport_port:"];
        let mut text: String = self
            .text
            .split_inclusive('\n')
            .filter(|line| !given.iter().any(|key| line.starts_with(key)))
            .collect();
        for (theirs, ours) in self.renamed {
            text = text.replace(theirs, ours);
        }
        let text = put(&text, self.keystore, keystore);
        put(&text, self.truststore, truststore)
    }
}

fn put(text: &str, named: &str, file: &Path) -> String {
    let named = format!(": {named}\n");
    assert!(text.contains(&named), "{named:?} in\n{text}");
    text.replace(&named, &format!(": {}\n", file.display()))
}
