//! The second engine: OpenSSL, for configurations that only suites satisfy which rustls leaves out
//! on purpose.
//!
//! It does TLS 1.2 and nothing else: no resumption, no renegotiation, no compression. Whom to
//! believe is not its business: it takes any certificate, and the verifiers that rustls asks are
//! asked here ([`handshake`]), so that both engines refuse the same peers with the same alerts.

mod context;
mod failure;
mod handshake;
mod pipe;
mod traffic;

pub(crate) use self::{context::Contexts, handshake::Handshaking};
