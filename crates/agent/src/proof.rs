//! What proved the two sides of a link to each other, kept for as long as the link lives.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use ringlock_model::Direction;
use ringlock_tls::{HandshakeFailure, OwnCertificate, TlsState};
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;

/// The certificates of a link.
pub(crate) struct Proof {
    /// Absent for a peer that was asked for none.
    pub(crate) peer: Option<Arc<PeerChain>>,
    /// What this node had shown.
    pub(crate) own: Arc<OwnCertificate>,
    /// The configuration under which the link was last found good.
    generation: AtomicU64,
}

/// A peer's chain. Links share it.
pub(crate) struct PeerChain {
    chain: Box<[CertificateDer<'static>]>,
    /// What was found last, for a peer that is dialled and for one that dials.
    found: Mutex<[Option<Found>; 2]>,
}

/// What is known of a chain under one configuration.
#[derive(Clone, Copy)]
struct Found {
    generation: u64,
    /// Whether it was verified under that configuration, and not only dated.
    is_verified: bool,
    until: OffsetDateTime,
}

/// The chains of all peers, each kept once, and only while a link needs it.
#[derive(Default)]
pub(crate) struct PeerChains {
    hasher: RandomState,
    known: Mutex<HashMap<u64, Weak<PeerChain>>>,
}

impl Proof {
    /// What a handshake showed that began under the configuration of that generation.
    pub(crate) fn new(
        peer: Option<Arc<PeerChain>>,
        own: Arc<OwnCertificate>,
        generation: u64,
    ) -> Self {
        Self {
            peer,
            own,
            generation: AtomicU64::new(generation),
        }
    }

    /// Whether the link was found good under that configuration.
    pub(crate) fn is_good_under(&self, generation: u64) -> bool {
        self.generation.load(Ordering::Relaxed) == generation
    }

    pub(crate) fn found_good(&self, generation: u64) {
        self.generation.store(generation, Ordering::Relaxed);
    }
}

impl PeerChain {
    fn new(chain: &[CertificateDer<'static>]) -> Self {
        Self {
            chain: chain.into(),
            found: Mutex::default(),
        }
    }

    pub(crate) fn leaf(&self) -> Option<&CertificateDer<'static>> {
        self.chain.first()
    }

    /// Verifies the chain, once for each configuration; gives the last second in which it is
    /// believed.
    pub(crate) fn judge(
        &self,
        tls: &TlsState,
        direction: Direction,
        generation: u64,
        now: OffsetDateTime,
    ) -> Result<OffsetDateTime, HandshakeFailure> {
        if let Some(found) = self.found(direction, generation)
            && found.is_verified
            && now <= found.until
            && tls.lists_until().is_none_or(|until| now <= until)
        {
            return Ok(found.until);
        }
        tls.judge(&self.chain, direction, now)?;
        Ok(self.date(tls, direction, (generation, true), now))
    }

    /// The last second in which the chain is believed, if it is believed now.
    pub(crate) fn until(
        &self,
        tls: &TlsState,
        direction: Direction,
        generation: u64,
        now: OffsetDateTime,
    ) -> OffsetDateTime {
        match self.found(direction, generation) {
            Some(found) => found.until,
            None => self.date(tls, direction, (generation, false), now),
        }
    }

    fn date(
        &self,
        tls: &TlsState,
        direction: Direction,
        (generation, is_verified): (u64, bool),
        now: OffsetDateTime,
    ) -> OffsetDateTime {
        let until = tls.valid_until(&self.chain, direction, now);
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found[place(direction)] = Some(Found {
            generation,
            is_verified,
            until,
        });
        until
    }

    fn found(&self, direction: Direction, generation: u64) -> Option<Found> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found[place(direction)].filter(|found| found.generation == generation)
    }
}

impl PeerChains {
    /// The one that is kept for this chain; none for a peer without certificate.
    pub(crate) fn keep(&self, chain: &[CertificateDer<'static>]) -> Option<Arc<PeerChain>> {
        if chain.is_empty() {
            return None;
        }
        let key = self.hasher.hash_one(chain);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = known.get(&key).and_then(Weak::upgrade);
        // Two chains of one hash are not shared, which costs memory and nothing else.
        if let Some(kept) = kept.filter(|kept| *kept.chain == *chain) {
            return Some(kept);
        }
        if known.len() == known.capacity() {
            known.retain(|_, chain| chain.strong_count() > 0);
        }
        let new = Arc::new(PeerChain::new(chain));
        known.insert(key, Arc::downgrade(&new));
        Some(new)
    }
}

fn place(direction: Direction) -> usize {
    match direction {
        Direction::Outbound => 0,
        Direction::Inbound => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(leaf: u8) -> [CertificateDer<'static>; 2] {
        [vec![leaf; 700].into(), vec![0; 600].into()]
    }

    #[test]
    fn links_of_one_peer_share_its_chain() {
        let chains = PeerChains::default();
        let [first, again, other] = [1, 1, 2].map(|leaf| chains.keep(&chain(leaf)).unwrap());
        assert!(Arc::ptr_eq(&first, &again));
        assert!(!Arc::ptr_eq(&first, &other));
        assert_eq!(other.leaf(), chain(2).first());
        assert!(chains.keep(&[]).is_none());
    }

    #[test]
    fn a_chain_is_kept_only_while_a_link_needs_it() {
        let chains = PeerChains::default();
        for round in 0..100 {
            let links: Vec<_> = (0..10).map(|leaf| chains.keep(&chain(leaf))).collect();
            drop(links);
            let gone: Vec<_> = (0..=255).map(|leaf| chains.keep(&chain(leaf))).collect();
            drop(gone);
            let known = chains.known.lock().unwrap();
            assert!(known.len() <= 512, "{} after {round} rounds", known.len());
            assert!(known.values().all(|chain| chain.strong_count() == 0));
        }
    }

    #[test]
    fn what_a_link_keeps_of_its_proof_is_small() {
        assert!(size_of::<Proof>() <= 24, "{} bytes", size_of::<Proof>());
        assert!(
            size_of::<PeerChain>() <= 112,
            "{} bytes",
            size_of::<PeerChain>()
        );
    }
}
