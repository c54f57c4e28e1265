use ringlock_store::{CertificateEntry, KeyEntry, KeyStore};
use x509_parser::certificate::X509Certificate;

use crate::{
    chain::{Pool, is_self_signed},
    key::public_key,
    leaf::parse,
};

/// Puts beside each key without a chain, as PEM has them, the chain that the store holds for it:
/// its certificate, and each one's issuer up to the root where that is there.
///
/// What became part of a chain no longer stands by itself. A key that no certificate belongs to
/// keeps its empty chain. Where several certificates belong to a key, as after a renewal that
/// kept the key, it is the one that is valid longest.
#[must_use]
pub fn assemble(mut store: KeyStore) -> KeyStore {
    let mut used = Vec::new();
    let entries = std::mem::take(&mut store.certificates);
    let parsed: Option<Vec<_>> = entries
        .iter()
        .map(|it| parse(&it.certificate).ok())
        .collect();
    if let Some(parsed) = parsed.filter(|_| store.keys.iter().any(is_bare)) {
        let pool = Pool::new(parsed);
        for entry in store.keys.iter_mut().filter(|entry| is_bare(entry)) {
            let chain = chain_for(entry, &pool, entries.len());
            let ders = chain.iter().map(|at| entries[*at].certificate.clone());
            entry.chain = ders.collect();
            used.extend(chain);
        }
    }
    store.certificates = without(entries, &used);
    store
}

fn is_bare(entry: &KeyEntry) -> bool {
    entry.chain.is_empty()
}

fn chain_for(entry: &KeyEntry, pool: &Pool<'_>, count: usize) -> Vec<usize> {
    let Ok(public) = public_key(&entry.key) else {
        return Vec::new();
    };
    let leaf = (0..count)
        .filter(|at| holds(pool.get(*at), &public))
        .max_by_key(|at| pool.get(*at).validity().not_after.timestamp());
    leaf.map_or_else(Vec::new, |leaf| {
        let chains = pool.chains(leaf, &|at| is_self_signed(pool.get(at)));
        let complete = chains.complete.into_iter().next();
        complete.unwrap_or(chains.longest)
    })
}

/// Whether a certificate holds this public key.
pub(crate) fn holds(certificate: &X509Certificate<'_>, public: &[u8]) -> bool {
    certificate.public_key().subject_public_key.data.as_ref() == public
}

/// The entries but for those that were used, and further copies of those.
fn without(entries: Vec<CertificateEntry>, used: &[usize]) -> Vec<CertificateEntry> {
    let taken: Vec<_> = used
        .iter()
        .map(|at| entries[*at].certificate.clone())
        .collect();
    let mut left = entries;
    left.retain(|entry| !taken.contains(&entry.certificate));
    left
}
