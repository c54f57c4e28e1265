use std::path::PathBuf;

use fs_err as fs;

use super::CassandraError;

/// What differs between versions of Cassandra as far as starting one goes.
#[derive(Debug, PartialEq, Eq)]
pub struct Release {
    /// The version of its jars.
    pub version: &'static str,
    /// The major version of the Java it runs on.
    pub java: u32,
    /// Lines of its `cassandra.yaml` that other versions spell otherwise.
    pub(super) yaml: &'static str,
    /// Packages that it opens beyond [`OPENS`].
    pub(super) more_opens: &'static [&'static str],
}

/// Apache Cassandra 5.0.
pub static CASSANDRA_5_0: Release = Release {
    version: "5.0.6",
    java: 17,
    yaml: "commitlog_sync: periodic\ncommitlog_sync_period: 10s\n",
    more_opens: &["java.base/jdk.internal.util.jar"],
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

/// Packages that every version needs exported.
const EXPORTS: [&str; 7] = [
    "java.base/jdk.internal.misc",
    "java.base/jdk.internal.ref",
    "java.base/sun.nio.ch",
    "java.management.rmi/com.sun.jmx.remote.internal.rmi",
    "java.rmi/sun.rmi.registry",
    "java.rmi/sun.rmi.server",
    "java.sql/java.sql",
];
/// Packages that every version needs opened.
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
        let dir = cache_dir()
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

    /// The flags by which it reaches into Java's own modules.
    pub(super) fn module_flags(&self) -> impl Iterator<Item = String> {
        let opens = OPENS.iter().chain(self.more_opens);
        EXPORTS
            .iter()
            .map(|package| format!("--add-exports={package}=ALL-UNNAMED"))
            .chain(opens.map(|package| format!("--add-opens={package}=ALL-UNNAMED")))
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

/// Where downloads of earlier runs are kept.
fn cache_dir() -> PathBuf {
    let from = |variable: &str| std::env::var_os(variable).map(PathBuf::from);
    from("RINGLOCK_CACHE")
        .or_else(|| from("XDG_CACHE_HOME").map(|dir| dir.join("ringlock")))
        .or_else(|| from("HOME").map(|home| home.join(".cache/ringlock")))
        .unwrap_or_else(|| PathBuf::from("/var/cache/ringlock"))
}
