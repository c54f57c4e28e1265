//! Which versions and suites are in force where a Cassandra or DSE file names some.
//!
//! `protocol` and `accepted_protocols` mean something else in Cassandra 3.x (and DSE, which is a
//! fork of it) than since 4.0, something else to the side that listens than to the one that dials,
//! and something else to Java's own TLS than to OpenSSL. [`versions()`] answers for one of each.
//! [`suites()`] does the same for `cipher_suites`.

mod suites;
mod versions;

#[cfg(test)]
mod tests;

pub use self::suites::{ChosenSuites, Dropped, suites};
pub use self::versions::{EnabledVersions, JsseError, versions};
use crate::java::Java;

/// Which of Cassandra's two readings of the options applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Line {
    /// Cassandra 3.x and DSE: `protocol` names a context of Java's, `accepted_protocols` is unknown.
    Three,
    /// Cassandra 4.0 and later, and HCD: both name versions.
    Four,
}

/// Which end of a connection is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The one that listens.
    Listens,
    /// The one that dials.
    Dials,
}

/// What does TLS for Cassandra.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provider {
    /// Java's own TLS: always in 3.x; since 4.0 where Netty's native library does not load.
    Jdk(Java),
    /// The BoringSSL that Netty brings, which 4.0 and later prefer. What
    /// `jdk.tls.disabledAlgorithms` says is nothing to it.
    OpenSsl,
}
