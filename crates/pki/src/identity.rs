use std::sync::Arc;

use ringlock_store::{KeyEntry, KeyStore, PrivateKey};
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;
use x509_parser::{certificate::X509Certificate, extensions::ExtendedKeyUsage};

use crate::{
    IdentityKey, LeafError, LeafFacts, Signer, UnusableKey, chain,
    key::{public_key, subject_public_key},
    leaf::{extension_error, parse},
    text::{name, utc},
};

/// A node's own key and certificates, fit to be shown to peers in either direction.
#[derive(Debug, Clone)]
pub struct Identity {
    /// What is sent: the leaf, then each certificate's issuer, without a self-signed root.
    pub chain: Vec<CertificateDer<'static>>,
    /// The leaf's private key, or who signs with it.
    pub key: IdentityKey,
    /// What the leaf says.
    pub leaf: LeafFacts,
    /// Subjects of certificates in the store that have no part in the chain; worth a warning.
    pub unused: Vec<String>,
}

/// What an identity is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// To be shown to those who dial and to those that are dialled.
    #[default]
    Both,
    /// To be shown to those who dial.
    Server,
    /// To be shown to those that are dialled.
    Client,
}

/// Why a store holds no identity that peers could accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// There is no private key.
    #[error("there is no private key beside the certificate")]
    NoKey,
    /// There are several private keys, and nothing says which one is meant.
    #[error("there are {count} different private keys; expected one")]
    ManyKeys {
        /// How many.
        count: usize,
    },
    /// There is no certificate.
    #[error("there is no certificate beside the private key")]
    NoCertificate,
    /// A revocation list, which nothing would look at here.
    #[error(
        "there is a certificate revocation list beside the certificate, where none is used; \
         take it out"
    )]
    RevocationList,
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] UnusableKey),
    /// No certificate holds the key's public half.
    #[error("the private key belongs to none of the certificates: {}", subjects.join("; "))]
    Mismatch {
        /// The certificates that there are.
        subjects: Vec<String>,
    },
    /// The certificate cannot be read.
    #[error(transparent)]
    Leaf(#[from] LeafError),
    /// A certificate of the chain has run out.
    #[error("the certificate {subject} expired at {}; it is now {}", utc(*not_after), utc(*now))]
    Expired {
        /// Its subject.
        subject: String,
        /// When it expired.
        not_after: OffsetDateTime,
        /// The time it was judged at.
        now: OffsetDateTime,
    },
    /// A certificate of the chain is not valid yet; most often a clock is wrong.
    #[error(
        "the certificate {subject} is not valid before {}; it is now {}; is this node's clock right?",
        utc(*not_before), utc(*now)
    )]
    NotYetValid {
        /// Its subject.
        subject: String,
        /// When it will be.
        not_before: OffsetDateTime,
        /// The time it was judged at.
        now: OffsetDateTime,
    },
    /// The leaf is a CA's certificate, which TLS peers refuse as a node's.
    #[error("the certificate {subject} is a CA's, which peers refuse as a node's own")]
    IsCa {
        /// Its subject.
        subject: String,
    },
    /// The leaf may not be used for what an agent does with it.
    #[error("the certificate {subject} lacks {}; {why}", missing.join(" and "))]
    Usage {
        /// Its subject.
        subject: String,
        /// The usages that are missing, by OpenSSL's names.
        missing: Vec<&'static str>,
        /// What they are needed for.
        why: &'static str,
    },
    /// The leaf has no address, DNS name or URI, so that no peer could tell whose it is. Of
    /// a self-signed one its peers have a copy, so that it needs none.
    #[error(
        "the certificate {subject} has no subject alternative name; expected the node's addresses"
    )]
    NoNames {
        /// Its subject.
        subject: String,
    },
}

impl Identity {
    /// Chooses the identity from a store with one private key and certificates in any order.
    ///
    /// The leaf is the certificate of that key. Where several are, as after a renewal that kept
    /// the key, it is one that is valid at `now`, and of those the one that is valid longest.
    /// The leaf and everything above it must be valid at `now`; the leaf must be a node's (no
    /// CA), with a subject alternative name unless it is self-signed, and where it restricts its
    /// use, that must take in signing (`digitalSignature`), `serverAuth` and `clientAuth`, since
    /// an agent dials and is dialled with the same certificate.
    pub fn select(store: KeyStore, now: OffsetDateTime) -> Result<Self, IdentityError> {
        Self::select_for(Purpose::Both, store, now)
    }

    /// The same for an identity that may be for one direction alone, so that only the usage for
    /// that is asked for.
    ///
    /// # Errors
    /// As [`select`](Self::select).
    pub fn select_for(
        purpose: Purpose,
        store: KeyStore,
        now: OffsetDateTime,
    ) -> Result<Self, IdentityError> {
        if !store.revocation_lists.is_empty() {
            return Err(IdentityError::RevocationList);
        }
        let certificates = store.all_certificates().cloned().collect();
        let key = only_key(store.keys)?;
        let public = public_key(&key)?;
        Self::judge(
            (IdentityKey::Private(key), &public),
            certificates,
            purpose,
            now,
        )
    }

    /// The same judgements for a key that stays where it is: the leaf is the one of
    /// `certificates` that holds the key's public half.
    ///
    /// # Errors
    /// As [`select`](Self::select); [`UnusableKey`] for a signer that knows no scheme of TLS.
    pub fn with_signer(
        signer: Arc<dyn Signer>,
        certificates: Vec<CertificateDer<'static>>,
        now: OffsetDateTime,
    ) -> Result<Self, IdentityError> {
        if signer.schemes().is_empty() {
            return Err(UnusableKey.into());
        }
        let public = subject_public_key(signer.public_key())?;
        let key = (IdentityKey::Remote(signer), public.as_slice());
        Self::judge(key, certificates, Purpose::Both, now)
    }

    fn judge(
        (key, public): (IdentityKey, &[u8]),
        certificates: Vec<CertificateDer<'static>>,
        purpose: Purpose,
        now: OffsetDateTime,
    ) -> Result<Self, IdentityError> {
        let ders = without_repeats(certificates);
        let certificates = ders
            .iter()
            .map(|der| parse(der))
            .collect::<Result<Vec<_>, _>>()?;
        let leaf = find_leaf(&certificates, public, now)?;
        let order = chain::order(&certificates, leaf);
        for position in &order.sent {
            check_validity(&certificates[*position], now)?;
        }
        let facts = LeafFacts::of(&certificates[leaf])?;
        check_leaf(&certificates[leaf], &facts, purpose)?;
        Ok(Self {
            chain: order.sent.iter().map(|at| ders[*at].clone()).collect(),
            key,
            leaf: facts,
            unused: order
                .unused
                .iter()
                .map(|at| name(certificates[*at].subject()))
                .collect(),
        })
    }
}

fn only_key(entries: Vec<KeyEntry>) -> Result<PrivateKey, IdentityError> {
    let mut different = without_repeats(entries.into_iter().map(|entry| entry.key).collect());
    match different.len() {
        0 | 1 => different.pop().ok_or(IdentityError::NoKey),
        count => Err(IdentityError::ManyKeys { count }),
    }
}

fn without_repeats<T: PartialEq>(items: Vec<T>) -> Vec<T> {
    let mut different = Vec::with_capacity(items.len());
    for item in items {
        if !different.contains(&item) {
            different.push(item);
        }
    }
    different
}

fn find_leaf(
    certificates: &[X509Certificate<'_>],
    public: &[u8],
    now: OffsetDateTime,
) -> Result<usize, IdentityError> {
    if certificates.is_empty() {
        return Err(IdentityError::NoCertificate);
    }
    let holds_key = |at: &usize| {
        let held = &certificates[*at].public_key().subject_public_key;
        held.data.as_ref() == public
    };
    (0..certificates.len())
        .filter(holds_key)
        .max_by_key(|at| {
            let valid = check_validity(&certificates[*at], now).is_ok();
            (valid, certificates[*at].validity().not_after.timestamp())
        })
        .ok_or_else(|| IdentityError::Mismatch {
            subjects: certificates.iter().map(|it| name(it.subject())).collect(),
        })
}

fn check_validity(
    certificate: &X509Certificate<'_>,
    now: OffsetDateTime,
) -> Result<(), IdentityError> {
    let not_before = certificate.validity().not_before.to_datetime();
    let not_after = certificate.validity().not_after.to_datetime();
    let subject = || name(certificate.subject());
    if now.truncate_to_second() > not_after {
        Err(IdentityError::Expired {
            subject: subject(),
            not_after,
            now,
        })
    } else if now < not_before {
        Err(IdentityError::NotYetValid {
            subject: subject(),
            not_before,
            now,
        })
    } else {
        Ok(())
    }
}

fn check_leaf(
    certificate: &X509Certificate<'_>,
    facts: &LeafFacts,
    purpose: Purpose,
) -> Result<(), IdentityError> {
    let subject = || facts.subject.clone();
    if certificate.is_ca() {
        return Err(IdentityError::IsCa { subject: subject() });
    }
    let is_nameless = facts.uris.is_empty() && facts.ips.is_empty() && facts.dns.is_empty();
    if is_nameless && !chain::is_self_signed(certificate) {
        return Err(IdentityError::NoNames { subject: subject() });
    }
    let broken = |error| extension_error(certificate, &error);
    if let Some(usage) = certificate.key_usage().map_err(broken)?
        && !usage.value.digital_signature()
    {
        return Err(IdentityError::Usage {
            subject: subject(),
            missing: vec!["digitalSignature"],
            why: "without it no handshake can be signed",
        });
    }
    match certificate.extended_key_usage().map_err(broken)? {
        Some(usage) if !missing_usages(usage.value, purpose).is_empty() => {
            Err(IdentityError::Usage {
                subject: subject(),
                missing: missing_usages(usage.value, purpose),
                why: match purpose {
                    Purpose::Both => "an agent is server and client with the same certificate",
                    Purpose::Server => "without it peers that dial this node refuse it",
                    Purpose::Client => "without it peers that this node dials refuse it",
                },
            })
        }
        _ => Ok(()),
    }
}

/// `anyExtendedKeyUsage` does not stand in for the two: TLS verifiers look for each by name.
fn missing_usages(usage: &ExtendedKeyUsage<'_>, purpose: Purpose) -> Vec<&'static str> {
    let wanted = [
        (
            usage.server_auth || purpose == Purpose::Client,
            "serverAuth",
        ),
        (
            usage.client_auth || purpose == Purpose::Server,
            "clientAuth",
        ),
    ];
    wanted
        .into_iter()
        .filter(|(present, _)| !present)
        .map(|(_, name)| name)
        .collect()
}
