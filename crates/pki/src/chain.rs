use std::collections::HashMap;

use x509_parser::{certificate::X509Certificate, error::X509Error};

/// The certificates to send for a leaf, by their position, leaf first, each signed by the next;
/// and those that have no part in it.
///
/// A self-signed root is part of the chain but not sent: a peer that trusts it has it already
/// (RFC 8446 §4.4.2).
pub(crate) struct Chain {
    pub(crate) sent: Vec<usize>,
    pub(crate) unused: Vec<usize>,
}

pub(crate) fn order(certificates: &[X509Certificate<'_>], leaf: usize) -> Chain {
    let mut sent = vec![leaf];
    let mut unused: Vec<usize> = (0..certificates.len()).filter(|at| *at != leaf).collect();
    let mut last = leaf;
    while !is_self_issued(&certificates[last]) {
        let issuer = unused
            .iter()
            .position(|at| issued(&certificates[*at], &certificates[last]));
        let Some(issuer) = issuer else { break };
        last = unused.remove(issuer);
        if !is_self_issued(&certificates[last]) {
            sent.push(last);
        }
    }
    Chain { sent, unused }
}

/// Certificates that can be asked for by their subject, to look for chains among them.
pub(crate) struct Pool<'a> {
    certificates: Vec<X509Certificate<'a>>,
    by_subject: HashMap<&'a [u8], Vec<usize>>,
}

/// The chains that lead up from one certificate, by position, that certificate first.
pub(crate) struct Chains {
    /// Those that reach an end.
    pub(crate) complete: Vec<Vec<usize>>,
    /// The longest one, also where it reaches none.
    pub(crate) longest: Vec<usize>,
}

impl<'a> Pool<'a> {
    pub(crate) fn new(certificates: Vec<X509Certificate<'a>>) -> Self {
        let mut by_subject: HashMap<&[u8], Vec<usize>> = HashMap::new();
        for (at, certificate) in certificates.iter().enumerate() {
            let subject = certificate.tbs_certificate.subject.as_raw();
            by_subject.entry(subject).or_default().push(at);
        }
        Self {
            certificates,
            by_subject,
        }
    }

    pub(crate) fn get(&self, at: usize) -> &X509Certificate<'a> {
        &self.certificates[at]
    }

    /// Looks for chains from `from` up to certificates that `is_end` takes.
    ///
    /// Every signature on the way is verified, so that of two CAs with one name the right one is
    /// found. The search is bounded: a file can be made in which it would never end.
    pub(crate) fn chains(&self, from: usize, is_end: &dyn Fn(usize) -> bool) -> Chains {
        const MOST_SIGNATURES: usize = 256;
        let mut search = Search {
            pool: self,
            is_end,
            signatures_left: MOST_SIGNATURES,
            found: Chains {
                complete: Vec::new(),
                longest: vec![from],
            },
        };
        search.climb(&mut vec![from]);
        search.found
    }

    /// Whether there is a certificate with the name of this one's issuer.
    pub(crate) fn has_issuer_name(&self, at: usize) -> bool {
        self.by_subject.contains_key(self.get(at).issuer().as_raw())
    }

    fn issuers(&self, at: usize) -> &[usize] {
        let name = self.get(at).issuer().as_raw();
        self.by_subject.get(name).map_or(&[], Vec::as_slice)
    }
}

struct Search<'s, 'a> {
    pool: &'s Pool<'a>,
    is_end: &'s dyn Fn(usize) -> bool,
    signatures_left: usize,
    found: Chains,
}

impl Search<'_, '_> {
    fn climb(&mut self, path: &mut Vec<usize>) {
        const MOST_CHAINS: usize = 8;
        const LONGEST: usize = 12;
        let Some(last) = path.last().copied() else {
            return;
        };
        if path.len() > self.found.longest.len() {
            self.found.longest.clone_from(path);
        }
        if (self.is_end)(last) {
            self.found.complete.push(path.clone());
            return;
        }
        for issuer in self.pool.issuers(last) {
            let exhausted = self.found.complete.len() == MOST_CHAINS || path.len() == LONGEST;
            if exhausted || self.signatures_left == 0 {
                return;
            }
            if path.contains(issuer) {
                continue;
            }
            self.signatures_left -= 1;
            if signed(self.pool.get(*issuer), self.pool.get(last)) {
                path.push(*issuer);
                self.climb(path);
                path.pop();
            }
        }
    }
}

/// Names are compared byte by byte, as TLS verifiers do. Of two CAs with the same name the
/// signature tells which one it was.
pub(crate) fn issued(issuer: &X509Certificate<'_>, subject: &X509Certificate<'_>) -> bool {
    issuer.subject().as_raw() == subject.issuer().as_raw() && signed(issuer, subject)
}

/// Whether it is a root: it bears its own name as issuer, and its own signature.
pub(crate) fn is_self_signed(certificate: &X509Certificate<'_>) -> bool {
    is_self_issued(certificate) && signed(certificate, certificate)
}

fn is_self_issued(certificate: &X509Certificate<'_>) -> bool {
    certificate.subject().as_raw() == certificate.issuer().as_raw()
}

/// Whether the one's key made the signature of the other.
fn signed(issuer: &X509Certificate<'_>, subject: &X509Certificate<'_>) -> bool {
    match subject.verify_signature(Some(issuer.public_key())) {
        Err(X509Error::SignatureUnsupportedAlgorithm) => signed_otherwise(issuer, subject),
        verified => verified.is_ok(),
    }
}

/// The algorithms that the parser's own verification lacks, such as ECDSA with SHA-512. Which one
/// it is need not be asked: none but the right one verifies.
fn signed_otherwise(issuer: &X509Certificate<'_>, subject: &X509Certificate<'_>) -> bool {
    let public_key = issuer.public_key().subject_public_key.data.as_ref();
    let message = subject.tbs_certificate.as_ref();
    let signature = subject.signature_value.data.as_ref();
    webpki::ALL_VERIFICATION_ALGS.iter().any(|algorithm| {
        let verified = algorithm.verify_signature(public_key, message, signature);
        verified.is_ok()
    })
}
