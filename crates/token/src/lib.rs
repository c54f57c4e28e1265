//! Keys in PKCS #11 tokens, which sign and never leave.
//!
//! ```text
//! pkcs11:token=…;object=… ──► TokenUri ─┐
//! module, token or slot, key ───────────┴─► TokenConfig ──open(PIN)──► Token
//!                                              Token: pki::Signer + the certificates beside the key
//! ```
//!
//! A [`Token`] keeps a few sessions with the token and lends each to one signature at a time. One
//! that is opened beside another of the same token shares its sessions and its login, since the
//! token may have room for no more; the PIN is then proven only if it is the same.
//! When the token was taken out and put back they are opened anew by themselves, with the same
//! PIN, and the key must be the same one.
//!
//! A PIN that a token refused is never tried again by this process, and the last try before the
//! token locks itself is left to a human: a locked token is a dead node.
//!
//! [`TokenUri`] and [`TokenConfig`] are pure; everything else may block for as long as the
//! token's module takes.

mod config;
mod der;
mod error;
mod find;
mod login;
mod mechanism;
mod module;
mod pool;
mod public_key;
mod session;
mod sessions;
mod token;
mod uri;

pub use config::{ConfigError, KeyMatch, TokenConfig, TokenMatch};
pub use error::TokenError;
pub use token::{Token, open};
pub use uri::{ObjectType, Pin, PinSource, TokenUri, UriError};
