//! What the databases' configuration says about TLS versions and cipher suites, without I/O.
//!
//! Four vocabularies name the same suites: the IANA registry, JSSE (Cassandra and DSE), OpenSSL
//! and GnuTLS (ScyllaDB). [`Suite`] is the one table of all of them, with what each suite is made
//! of, how strong it is and who carries it.
//!
//! [`priority::Priorities`] is a GnuTLS priority string understood as GnuTLS 3.7 understands it:
//! the versions, the suites in their order, groups and options, and what a reader of the string
//! would not expect. [`jsse`] says which versions and suites are in force where a Cassandra file
//! names some.

pub mod jsse;
pub mod priority;

mod java;
mod nearest;
mod suite;
mod version;

pub use java::{Java, JavaBan, UnknownJava};
pub use suite::{
    Authentication, Cipher, Engine, Flaw, KeyExchange, Mac, Named, Strength, Suite, Vocabulary,
};
pub use version::Version;
