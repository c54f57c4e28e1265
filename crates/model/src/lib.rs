//! Names and values that every other crate speaks in.
//!
//! This crate holds what a Cassandra operator would say aloud about a link: its peer, its
//! [`Direction`], whether it is TLS or [plaintext and why](PlaintextReason), who the peer proved
//! to be ([`NodeUri`]). It does no I/O and decides nothing.
//!
//! [`admin`] holds the JSON that the agent's admin socket speaks, so that the agent and the
//! tools that ask it share one definition.

pub mod admin;
mod client_auth;
mod direction;
mod ending;
mod link;
mod mode;
mod network;
mod node;
mod pattern;
mod place;

pub use client_auth::ClientAuth;
pub use direction::Direction;
pub use ending::EndReason;
pub use link::{
    KeyExchange, NativeChoice, NativeFacts, PeerName, PlaintextReason, Security, TlsFacts,
};
pub use mode::{InternodeEncryption, Mode, UnknownMode};
pub use network::{Network, NoNetwork};
pub use node::{NodeUri, NodeUriError};
pub use pattern::PeerPattern;
pub use place::{Crossing, Place};
