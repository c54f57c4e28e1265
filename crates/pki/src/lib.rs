//! Who a node is, whom it trusts, and the certificate authority that says so.
//!
//! ```text
//! KeyStore ──► Identity { chain, key, leaf }      the node's own certificate, fit for use
//! KeyStore ──► Trust { anchors }                  the CAs whose certificates are believed
//! DER      ──► LeafFacts { uri, ips, dns, … }     what any certificate says of its holder
//! Ca + NodeRequest ──► Issued                     a certificate and key for one node
//! ```
//!
//! Every judgement is made against a time that the caller gives. Names in certificates of
//! peers are hostile input: they are read with care and escaped before they are shown.
//!
//! It reads no file, speaks no TLS and verifies no peer; `ringlock-tls` does the last two with
//! what comes out of here.

pub mod ca;
mod chain;
mod identity;
mod key;
mod leaf;
mod text;
mod trust;

pub use identity::{Identity, IdentityError};
pub use key::UnusableKey;
pub use leaf::{LeafError, LeafFacts};
pub use trust::{ExpiredAnchor, Trust, TrustError};

#[cfg(test)]
mod tests;
