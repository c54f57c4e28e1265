//! Who a node is, whom it trusts, and the certificate authority that says so.
//!
//! ```text
//! KeyStore ──► Identity { chain, key, leaf }      the node's own certificate, fit for use
//! KeyStore ──► Trust { anchors }                  the CAs whose certificates are believed
//! DER      ──► LeafFacts { uri, ips, dns, … }     what any certificate says of its holder
//! KeyStore ──► view::entries                      what a store holds, for an operator
//! CRLs, CAs ──► RevocationLists                   what is not to be believed any more
//! chain, KeyStore ──► verify::Verdict             who would believe it
//! Ca + NodeRequest ──► Issued                     a certificate and key for one node
//! ```
//!
//! Every judgement is made against a time that the caller gives. Names in certificates of
//! peers are hostile input: they are read with care and escaped before they are shown.
//!
//! It reads no file and speaks no TLS; `ringlock-tls` verifies peers with what comes out of here.

pub mod ca;
mod chain;
pub mod crl;
mod identity;
mod key;
mod leaf;
mod signer;
mod text;
mod trust;
pub mod verify;
pub mod view;

pub use crl::{CrlError, RevocationLists, StaleList};
pub use identity::{Identity, IdentityError, Purpose};
pub use key::UnusableKey;
pub use leaf::{LeafError, LeafFacts, not_after};
pub use signer::{Hash, IdentityKey, Scheme, Signer, SignerError};
pub use trust::{ExpiredAnchor, Trust, TrustError};

#[cfg(test)]
mod tests;
