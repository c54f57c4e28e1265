//! Whom handshakes believe: CAs with their revocation lists, and nodes by their own certificates.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use ringlock_pki::Trust;
use rustls::{DistinguishedName, RootCertStore, pki_types::CertificateDer};

use crate::{BuildError, revocation::Revocation};

/// The most bytes of names that a peer is told in a `CertificateRequest`, whose length field has
/// two bytes (RFC 5246 §7.4.4, RFC 8446 §4.2.4).
const MOST_HINTS: usize = 60_000;

/// Trust anchors, ready for use by the library's verifiers.
#[derive(Debug)]
pub(crate) struct Trusted {
    /// The CAs.
    pub(crate) roots: Arc<RootCertStore>,
    /// What is looked up for every certificate that a CA issued.
    pub(crate) revocation: Option<Revocation>,
    /// Each node's own certificate in DER, and the same as an anchor for itself alone.
    pinned: HashMap<Vec<u8>, Arc<RootCertStore>>,
}

impl Trusted {
    pub(crate) fn new(trust: &Trust, revocation: Option<Revocation>) -> Result<Self, BuildError> {
        let mut roots = RootCertStore::empty();
        for (index, anchor) in trust.anchors.iter().enumerate() {
            add(&mut roots, anchor, index)?;
        }
        let mut pinned = HashMap::new();
        for (index, certificate) in trust.pinned.iter().enumerate() {
            let mut own = RootCertStore::empty();
            add(&mut own, certificate, trust.anchors.len() + index)?;
            pinned.insert(certificate.to_vec(), Arc::new(own));
        }
        Ok(Self {
            roots: Arc::new(roots),
            revocation,
            pinned,
        })
    }

    /// The anchor for this certificate where it is trusted itself, byte for byte.
    ///
    /// Whoever shows it is verified with itself as the only anchor. So its time, its usages and
    /// its signature count like any other's, and it never issues anything: no other certificate
    /// is ever verified with this anchor.
    pub(crate) fn pin(&self, leaf: &CertificateDer<'_>) -> Option<&Arc<RootCertStore>> {
        self.pinned.get(leaf.as_ref())
    }

    /// The subjects of all that is trusted, each once, as Java names them to those who dial: its
    /// key managers show a certificate only if they find one of its issuers there. None where
    /// they are too many, which stands for any.
    pub(crate) fn hints(&self) -> Vec<DistinguishedName> {
        let nodes = self.pinned.values().flat_map(|own| own.subjects());
        let all = self.roots.subjects().into_iter().chain(nodes);
        let mut seen = HashSet::new();
        let hints: Vec<_> = all
            .filter(|name| seen.insert(name.as_ref().to_vec()))
            .collect();
        let length = |name: &DistinguishedName| name.as_ref().len() + size_of::<u16>();
        match hints.iter().map(length).sum::<usize>() <= MOST_HINTS {
            true => hints,
            false => Vec::new(),
        }
    }
}

fn add(
    store: &mut RootCertStore,
    anchor: &CertificateDer<'static>,
    index: usize,
) -> Result<(), BuildError> {
    let added = store.add(anchor.clone());
    added.map_err(|source| BuildError::Anchor {
        number: index + 1,
        source,
    })
}
