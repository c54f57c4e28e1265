//! The databases' own TLS, made by other people's libraries, against an agent under the databases' own
//! blocks, in both directions: GnuTLS as ScyllaDB has it, and JSSE as DSE has it.

mod gnutls;
mod jsse;
mod scene;
