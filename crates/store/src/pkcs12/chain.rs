//! Which certificates belong to which key, as Java finds it out.
//!
//! Only what the certificates say is gone by: names, and where several bear the issuer's name,
//! the key identifiers (RFC 5280 §4.2.1.1). Whether the signatures fit is `ringlock-pki`'s to say.

use std::collections::{HashMap, HashSet};

use rustls_pki_types::CertificateDer;
use x509_parser::{extensions::ParsedExtension, prelude::X509Certificate};

use super::{
    Pkcs12Error,
    contents::{CertificateBag, KeyBag},
};
use crate::{CertificateEntry, KeyEntry};

/// Puts each key and its certificates together. What serves no key, or is trusted by itself,
/// becomes an entry of its own.
pub(super) fn link(
    keys: Vec<KeyBag>,
    certificates: Vec<CertificateBag>,
) -> Result<(Vec<KeyEntry>, Vec<CertificateEntry>), Pkcs12Error> {
    let mut chains = vec![Vec::new(); keys.len()];
    let mut used = vec![false; certificates.len()];
    if !keys.is_empty() {
        let issuers = Issuers::of(&certificates)?;
        let leaves = Leaves::of(&certificates, &issuers);
        for (key, chain) in keys.iter().zip(&mut chains) {
            if let Some(leaf) = leaves.own(key, keys.len() == 1) {
                let places = issuers.chain(leaf);
                places.iter().for_each(|at| used[*at] = true);
                let certificate = |at: &usize| certificates[*at].certificate.clone();
                *chain = places.iter().map(certificate).collect();
            }
        }
    }
    // Java writes an issuer of several keys several times.
    let chained: HashSet<_> = chains.iter().flatten().cloned().collect();
    let keys = keys.into_iter().zip(chains).map(|(bag, chain)| KeyEntry {
        created: bag.attributes.created(),
        alias: bag.attributes.alias,
        key: bag.key,
        chain,
    });
    let left = certificates.into_iter().zip(used);
    let left = left.filter(|(bag, used)| {
        bag.attributes.trusted || !used && !chained.contains(&bag.certificate)
    });
    let left = left.map(|(bag, _)| CertificateEntry {
        created: bag.attributes.created(),
        trusted: bag.attributes.trusted,
        alias: bag.attributes.alias,
        certificate: bag.certificate,
    });
    Ok((keys.collect(), left.collect()))
}

/// Certificates by what ties keys to them.
struct Leaves<'a> {
    by_both: HashMap<(&'a [u8], String), usize>,
    by_id: HashMap<&'a [u8], usize>,
    by_name: HashMap<String, usize>,
    /// The first that issued none of the others.
    first: Option<usize>,
}

impl<'a> Leaves<'a> {
    fn of(certificates: &'a [CertificateBag], issuers: &Issuers<'_>) -> Self {
        let mut leaves = Self {
            by_both: HashMap::new(),
            by_id: HashMap::new(),
            by_name: HashMap::new(),
            first: None,
        };
        for (at, bag) in certificates.iter().enumerate() {
            let CertificateBag { attributes, .. } = bag;
            if attributes.trusted {
                continue;
            }
            let name = attributes.alias.as_deref().map(str::to_lowercase);
            // Java takes the last of several, but the first with both.
            if let (Some(id), Some(name)) = (&attributes.key_id, &name) {
                leaves.by_both.entry((id, name.clone())).or_insert(at);
            }
            if let Some(id) = &attributes.key_id {
                leaves.by_id.insert(id, at);
            }
            if let Some(name) = name {
                leaves.by_name.insert(name, at);
            }
            if leaves.first.is_none() && !issuers.issued_another(at) {
                leaves.first = Some(at);
            }
        }
        leaves
    }

    /// The key's own certificate: the one with its `localKeyId`, and of several the one with its
    /// name as well; else the one with its name. A sole key without a `localKeyId` takes the
    /// first certificate that issued none of the others.
    fn own(&self, key: &KeyBag, sole: bool) -> Option<usize> {
        let name = key.attributes.alias.as_deref().map(str::to_lowercase);
        let id = key.attributes.key_id.as_deref();
        let both = id.zip(name.clone());
        let by_both = both.and_then(|both| self.by_both.get(&both));
        by_both
            .or_else(|| self.by_id.get(id?))
            .or_else(|| self.by_name.get(&name?))
            .copied()
            .or(self.first.filter(|_| sole && id.is_none()))
    }
}

/// Certificates by what tells who issued whom.
struct Issuers<'a> {
    certificates: Vec<Facts<'a>>,
    by_subject: HashMap<&'a [u8], Vec<usize>>,
    /// How many name this issuer.
    issued: HashMap<&'a [u8], usize>,
}

/// The longest chain that is put together.
const MAX_CHAIN: usize = 64;

struct Facts<'a> {
    subject: &'a [u8],
    issuer: &'a [u8],
    key_id: Option<&'a [u8]>,
    issuer_key_id: Option<&'a [u8]>,
}

impl<'a> Issuers<'a> {
    fn of(bags: &'a [CertificateBag]) -> Result<Self, Pkcs12Error> {
        let facts = bags.iter().map(|bag| facts(&bag.certificate));
        let certificates: Vec<Facts<'_>> = facts.collect::<Result<_, _>>()?;
        let mut by_subject: HashMap<&[u8], Vec<usize>> = HashMap::new();
        let mut issued: HashMap<&[u8], usize> = HashMap::new();
        for (at, facts) in certificates.iter().enumerate() {
            by_subject.entry(facts.subject).or_default().push(at);
            *issued.entry(facts.issuer).or_default() += 1;
        }
        Ok(Self {
            certificates,
            by_subject,
            issued,
        })
    }

    /// The certificates from this one up to the last whose issuer is here.
    fn chain(&self, leaf: usize) -> Vec<usize> {
        let mut chain = vec![leaf];
        let mut next = self.issuer(leaf);
        while let Some(at) = next.filter(|at| !chain.contains(at)) {
            chain.push(at);
            next = self.issuer(at).filter(|_| chain.len() < MAX_CHAIN);
        }
        chain
    }

    fn issuer(&self, of: usize) -> Option<usize> {
        let issued = &self.certificates[of];
        let wanted = issued.issuer_key_id;
        if issued.subject == issued.issuer && (wanted.is_none() || wanted == issued.key_id) {
            return None;
        }
        let named = self.by_subject.get(issued.issuer)?;
        let Some(wanted) = wanted else {
            return named.first().copied();
        };
        let key_id = |at: &&usize| self.certificates[**at].key_id;
        let same = named.iter().find(|at| key_id(at) == Some(wanted));
        let unsaid = named.iter().rfind(|at| key_id(at).is_none());
        same.or(unsaid).copied()
    }

    fn issued_another(&self, at: usize) -> bool {
        let Facts {
            subject, issuer, ..
        } = self.certificates[at];
        let issued = self.issued.get(subject).copied().unwrap_or_default();
        issued > usize::from(subject == issuer)
    }
}

fn facts<'a>(certificate: &'a CertificateDer<'_>) -> Result<Facts<'a>, Pkcs12Error> {
    let parsed = x509_parser::parse_x509_certificate(certificate);
    let (_, parsed) = parsed.map_err(|_| Pkcs12Error::damaged("a certificate"))?;
    let (key_id, issuer_key_id) = key_ids(&parsed);
    Ok(Facts {
        subject: parsed.tbs_certificate.subject.as_raw(),
        issuer: parsed.tbs_certificate.issuer.as_raw(),
        key_id,
        issuer_key_id,
    })
}

fn key_ids<'a>(certificate: &X509Certificate<'a>) -> (Option<&'a [u8]>, Option<&'a [u8]>) {
    let (mut own, mut issuer) = (None, None);
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => own = Some(id.0),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                issuer = id.key_identifier.as_ref().map(|id| id.0);
            }
            _ => {}
        }
    }
    (own, issuer)
}
