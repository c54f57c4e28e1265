use fs_err as fs;

use super::CassandraError;
use crate::cache;

/// What differs between versions of Cassandra as far as starting one goes.
#[derive(Debug, PartialEq, Eq)]
pub struct Release {
    /// The version of its jars.
    pub version: &'static str,
    /// The Java it runs on.
    pub java: Java,
    /// Whether a Java that can be had runs its `nodetool`; JMX answers in place of one that it
    /// does not run.
    pub has_nodetool: bool,
    /// Lines of its `cassandra.yaml` that other versions spell otherwise.
    pub(super) yaml: &'static str,
}

/// The versions of Java that Cassandra and its operators' tools run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Java {
    /// For everything before Cassandra 5.0.
    Eleven,
    /// For Cassandra 5.0, and for the tools of 4.0 and later.
    Seventeen,
    /// The newest one that is supported for long; for its `keytool`.
    TwentyFive,
}

/// Apache Cassandra 3.11.
pub static CASSANDRA_3_11: Release = Release {
    version: "3.11.19",
    java: Java::Eleven,
    has_nodetool: false,
    yaml: "commitlog_sync: periodic\ncommitlog_sync_period_in_ms: 10000\n\
           start_rpc: false\nstart_native_transport: true\n",
};

/// Apache Cassandra 4.0.
pub static CASSANDRA_4_0: Release = Release {
    version: "4.0.19",
    java: Java::Eleven,
    has_nodetool: true,
    yaml: "commitlog_sync: periodic\ncommitlog_sync_period_in_ms: 10000\n",
};

/// Apache Cassandra 4.1.
pub static CASSANDRA_4_1: Release = Release {
    version: "4.1.10",
    java: Java::Eleven,
    has_nodetool: true,
    yaml: "commitlog_sync: periodic\ncommitlog_sync_period: 10s\n",
};

/// Apache Cassandra 5.0.
pub static CASSANDRA_5_0: Release = Release {
    version: "5.0.6",
    java: Java::Seventeen,
    has_nodetool: true,
    yaml: "commitlog_sync: periodic\ncommitlog_sync_period: 10s\n",
};

/// How much of Java's just-in-time compiler a node uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Jit {
    /// Only its quick first stage: three nodes start in a third less time, and their latency
    /// does not drift while the second stage warms up. For tests and for comparisons in time.
    #[default]
    Quick,
    /// All of it, as in production. For benchmarks of throughput.
    Full,
}

/// Packages that every version of Java needs exported.
const EXPORTS: [&str; 7] = [
    "java.base/jdk.internal.misc",
    "java.base/jdk.internal.ref",
    "java.base/sun.nio.ch",
    "java.management.rmi/com.sun.jmx.remote.internal.rmi",
    "java.rmi/sun.rmi.registry",
    "java.rmi/sun.rmi.server",
    "java.sql/java.sql",
];
/// Packages that every version of Java needs opened.
const OPENS: [&str; 14] = [
    "java.base/java.lang.module",
    "java.base/java.net",
    "java.base/jdk.internal.loader",
    "java.base/jdk.internal.ref",
    "java.base/jdk.internal.reflect",
    "java.base/jdk.internal.math",
    "java.base/jdk.internal.module",
    "java.base/sun.nio.ch",
    "java.base/java.io",
    "java.base/java.nio",
    "java.base/java.util.concurrent",
    "java.base/java.util",
    "java.base/java.lang",
    "jdk.management/com.sun.management.internal",
];

impl Release {
    /// The class path entry for all its jars.
    pub(super) fn jars(&self) -> Result<String, CassandraError> {
        let dir = cache::folder()
            .join(format!("cassandra-{}", self.version))
            .join("lib");
        let main_jar = dir.join(format!("cassandra-all-{}.jar", self.version));
        if fs::metadata(main_jar).is_ok() {
            Ok(format!("{}/*", dir.display()))
        } else {
            Err(CassandraError::NoJars {
                version: self.version,
                dir,
            })
        }
    }
}

impl Java {
    /// Its major version.
    pub const fn major(self) -> u32 {
        match self {
            Self::Eleven => 11,
            Self::Seventeen => 17,
            Self::TwentyFive => 25,
        }
    }

    /// The flags by which Cassandra reaches into Java's own modules.
    pub(super) fn module_flags(self) -> impl Iterator<Item = String> {
        let opens = OPENS.iter().chain(self.more_opens());
        EXPORTS
            .iter()
            .map(|package| format!("--add-exports={package}=ALL-UNNAMED"))
            .chain(opens.map(|package| format!("--add-opens={package}=ALL-UNNAMED")))
    }

    /// Packages that are needed opened in this version alone.
    fn more_opens(self) -> &'static [&'static str] {
        match self {
            Self::Eleven => &[],
            Self::Seventeen | Self::TwentyFive => &["java.base/jdk.internal.util.jar"],
        }
    }
}

impl Jit {
    pub(super) fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Quick => &["-XX:TieredStopAtLevel=1"],
            Self::Full => &[],
        }
    }
}
