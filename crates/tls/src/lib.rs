//! TLS sessions without I/O: bytes in, bytes out.
//!
//! This is the only crate that names rustls, and with `secret` the only one that names OpenSSL. It turns an identity and trust into a [`TlsState`],
//! publishes it as one pointer ([`Live`]), and gives each connection a [`Session`] that the agent
//! feeds with what it read and that fills what the agent is to write:
//!
//! ```text
//!   handshake   peer ──incoming──▶ Session ──outgoing──▶ peer
//!   outwards    database ──plaintext──▶ Session::seal ──records──▶ peer
//!   inwards     peer ──records──▶ Session::open ──plaintext──▶ database
//! ```
//!
//! A session holds no buffer of its own but the beginning of a record that has not arrived whole,
//! so an idle connection costs its keys and little else.
//!
//! rustls carries everything but a configuration that names old suites alone, which OpenSSL does
//! behind the same [`Session`]: [`Offer::engine`] says which one it is.
//!
//! It never decides whether a peer is welcome beyond its certificate chain: that is
//! `policy::authorize`'s, asked after every handshake because a resumed one skips the verifier.

mod failure;
mod judge;
mod legacy;
mod record;
mod revocation;
mod session;
mod signing;
mod state;
mod suites;
mod trusted;
mod verifier;

pub use failure::HandshakeFailure;
pub use record::{MAX_RECORD, MAX_SEALED_RECORD, RecordError};
pub use ringlock_suites::Engine;
pub use session::{Early, Failed, Handshake, Opened, Session, SessionError, sealed_size};
pub use state::{BuildError, Identities, Live, Options, OwnCertificate, TlsState};
pub use suites::{Offer, Version};
