//! Whether a peer would believe a certificate: Java, ScyllaDB and Ringlock, each by its own rules.
//!
//! ```text
//!                       ┌─ Java:     PKIX as JSSE applies it
//! chain, trust, lists ──┼─ ScyllaDB: as GnuTLS verifies
//!                       └─ Ringlock: Trust::select and webpki, which the agent uses
//! ```
//!
//! The rules are those of JDK 17 and GnuTLS 3.7 as far as they bear on certificates. What is
//! agreed on in a handshake, such as versions and cipher suites, is not looked at. Name
//! constraints of CAs are judged for Ringlock alone.

mod gnutls;
mod java;
mod path;
mod refusal;
mod ringlock;

pub use refusal::Refusal;

use std::net::IpAddr;

use ringlock_store::KeyStore;
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;

use crate::{RevocationLists, leaf::parse, text::name, view::CertificateView};

/// What is presented to whom.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What the node sends: its certificate first.
    pub chain: &'a [CertificateDer<'static>],
    /// The peer's truststore.
    pub trust: &'a KeyStore,
    /// The peer's revocation lists.
    pub lists: &'a RevocationLists,
    /// The addresses at which the peer sees the node, where it verifies endpoints
    /// (`require_endpoint_verification`); none where it does not.
    pub addresses: &'a [IpAddr],
    /// The time to judge at.
    pub now: OffsetDateTime,
}

/// Who judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Cassandra and DSE, by JSSE.
    Java,
    /// ScyllaDB, by GnuTLS.
    Scylla,
    /// A Ringlock agent.
    Ringlock,
}

/// Which end of the connection the node with the certificate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It is dialled.
    Server,
    /// It dials.
    Client,
}

/// What one peer makes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Who judges.
    pub peer: Peer,
    /// Which end the node is.
    pub role: Role,
    /// Why it is refused; empty where it is accepted.
    pub refusals: Vec<Refusal>,
    /// What this peer does not look at although it was asked about.
    pub unseen: Vec<&'static str>,
}

impl Question<'_> {
    /// The answers of all three peers for both roles.
    pub fn verdicts(&self) -> Vec<Verdict> {
        let peers = [Peer::Java, Peer::Scylla, Peer::Ringlock];
        let roles = [Role::Server, Role::Client];
        peers
            .iter()
            .flat_map(|peer| roles.iter().map(|role| self.verdict(*peer, *role)))
            .collect()
    }

    /// The answer of one peer for one role.
    pub fn verdict(&self, peer: Peer, role: Role) -> Verdict {
        let (listed, addressed) = (!self.lists.lists.is_empty(), !self.addresses.is_empty());
        let unseen = match peer {
            Peer::Java if listed => vec!["revocation lists"],
            Peer::Scylla if addressed => vec!["addresses"],
            _ => Vec::new(),
        };
        Verdict {
            peer,
            role,
            refusals: self.refusals(peer, role),
            unseen,
        }
    }

    fn refusals(&self, peer: Peer, role: Role) -> Vec<Refusal> {
        let Some(first) = self.chain.first() else {
            return vec![Refusal::NothingSent];
        };
        let parsed: Result<Vec<_>, _> = self.chain.iter().map(|der| parse(der)).collect();
        let chain = match parsed {
            Ok(chain) => chain,
            Err(error) => return vec![error.into()],
        };
        let leaf = &chain[0];
        let mut refusals = match peer {
            Peer::Java => java::refusals(self, &chain, role),
            Peer::Scylla => gnutls::refusals(self, &chain),
            Peer::Ringlock => ringlock::refusals(self, first, role),
        };
        if peer != Peer::Scylla {
            refusals.extend(address_refusals(leaf, self.addresses));
        }
        refusals
    }
}

impl Peer {
    /// Its name: `Java`, `ScyllaDB`, `Ringlock`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Java => "Java",
            Self::Scylla => "ScyllaDB",
            Self::Ringlock => "Ringlock",
        }
    }
}

impl Role {
    /// `server` or `client`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }

    /// The extended key usage that it needs.
    pub(crate) fn usage(self) -> &'static str {
        match self {
            Self::Server => "serverAuth",
            Self::Client => "clientAuth",
        }
    }
}

/// Addresses are compared with the IP addresses of the certificate alone: a DNS name of the same
/// host does not count (G-04).
fn address_refusals(leaf: &X509Certificate<'_>, addresses: &[IpAddr]) -> Vec<Refusal> {
    let sans = CertificateView::of(leaf).sans;
    let has = |address: &IpAddr| sans.contains(&format!("IP:{}", address.to_canonical()));
    let missing = addresses.iter().filter(|address| !has(address));
    missing
        .map(|address| Refusal::Address {
            subject: name(leaf.subject()),
            address: address.to_canonical(),
            sans: sans.clone(),
        })
        .collect()
}
