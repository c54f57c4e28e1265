//! Certificate revocation lists (RFC 5280 §5): which certificates are not to be believed although
//! their time is not over.

mod error;
mod read;

pub use error::CrlError;
pub use read::read_revocation_lists;

use std::collections::HashSet;

use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use time::OffsetDateTime;
use x509_parser::{
    certificate::X509Certificate,
    parse_x509_crl,
    revocation_list::CertificateRevocationList,
    x509::{SubjectPublicKeyInfo, X509Version},
};

use crate::{
    LeafError,
    leaf::parse,
    text::{name, printable},
};

/// What to do with a list whose next one is overdue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StaleList {
    /// Nobody is believed until a new list is there: whoever holds the list back could otherwise
    /// keep a revoked certificate alive.
    #[default]
    Refuse,
    /// The old list goes on being used.
    Accept,
}

/// Lists that were issued and signed by CAs that are trusted.
#[derive(Clone, Debug, Default)]
pub struct RevocationLists {
    /// The lists, in the order in which they came.
    pub lists: Vec<CertificateRevocationListDer<'static>>,
    /// What each of them says.
    pub facts: Vec<ListFacts>,
    /// When the first of them becomes stale; none where there is no list.
    pub valid_until: Option<OffsetDateTime>,
    revoked: Vec<Revoked>,
}

/// What a list says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListFacts {
    /// Who issued it, escaped for printing.
    pub issuer: String,
    /// When it was issued.
    pub this_update: OffsetDateTime,
    /// When the next one is due.
    pub next_update: OffsetDateTime,
    /// How many certificates it revokes.
    pub revoked: usize,
    /// Whether the next one is overdue, which [`StaleList::Accept`] lets pass; worth a warning.
    pub stale: bool,
}

/// What one list revokes.
#[derive(Clone, Debug)]
struct Revoked {
    issuer: Vec<u8>,
    /// The certificate whose key signed the list.
    signer: CertificateDer<'static>,
    serials: HashSet<Vec<u8>>,
}

impl RevocationLists {
    /// Takes lists, each issued by one of `issuers` and signed with its key, and judges them at
    /// `now`.
    ///
    /// # Errors
    /// [`CrlError`] names the list by its number, from 1, and its issuer.
    pub fn select(
        lists: Vec<CertificateRevocationListDer<'static>>,
        issuers: &[CertificateDer<'static>],
        now: OffsetDateTime,
        stale: StaleList,
    ) -> Result<Self, CrlError> {
        let mut selected = Self::default();
        for (at, der) in lists.iter().enumerate() {
            let judge = Judge {
                list: at + 1,
                issuers,
                now,
                stale,
            };
            let (facts, revoked) = judge.judge(der)?;
            let first = selected.valid_until.unwrap_or(facts.next_update);
            selected.valid_until = Some(first.min(facts.next_update));
            selected.facts.push(facts);
            selected.revoked.push(revoked);
        }
        selected.lists = lists;
        Ok(selected)
    }

    /// Whether a list of the certificate's own issuer revokes it. A namesake of that issuer cannot
    /// revoke it: it has to be the key that signed the certificate.
    ///
    /// # Errors
    /// The bytes are no X.509 certificate.
    pub fn is_revoked(&self, certificate: &CertificateDer<'_>) -> Result<bool, LeafError> {
        let certificate = parse(certificate)?;
        let serial = significant(certificate.raw_serial());
        let issuer = certificate.issuer().as_raw();
        for list in self.revoked.iter().filter(|list| list.issuer == issuer) {
            if list.serials.contains(serial)
                && crate::chain::issued(&parse(&list.signer)?, &certificate)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The circumstances under which one list is judged.
struct Judge<'a> {
    list: usize,
    issuers: &'a [CertificateDer<'static>],
    now: OffsetDateTime,
    stale: StaleList,
}

impl Judge<'_> {
    fn judge(&self, der: &[u8]) -> Result<(ListFacts, Revoked), CrlError> {
        let unreadable = |reason: String| CrlError::Unreadable {
            list: self.list,
            reason,
        };
        let list = match parse_x509_crl(der) {
            Ok(([], list)) => list,
            Ok(_) => return Err(unreadable("bytes follow it".to_owned())),
            Err(error) => return Err(unreadable(error.to_string())),
        };
        let issuer = name(list.issuer());
        let signer = self.signer(&list, &issuer)?;
        self.check_kind(der, &list, &issuer)?;
        let (next_update, stale) = self.check_time(&list, &issuer)?;
        let serials: HashSet<_> = list
            .iter_revoked_certificates()
            .map(|entry| significant(entry.raw_serial()).to_vec())
            .collect();
        let facts = ListFacts {
            issuer,
            this_update: list.last_update().to_datetime(),
            next_update,
            revoked: serials.len(),
            stale,
        };
        let revoked = Revoked {
            issuer: list.issuer().as_raw().to_vec(),
            signer,
            serials,
        };
        Ok((facts, revoked))
    }

    /// The CA that signed the list, which its `keyUsage`, where present, must allow.
    fn signer(
        &self,
        list: &CertificateRevocationList<'_>,
        issuer: &str,
    ) -> Result<CertificateDer<'static>, CrlError> {
        let (list_number, issuer) = (self.list, issuer.to_owned());
        let mut namesakes = 0;
        for der in self.issuers {
            let Ok(candidate) = parse(der) else { continue };
            if candidate.subject().as_raw() != list.issuer().as_raw() {
                continue;
            }
            namesakes += 1;
            if verifies(list, candidate.public_key()) {
                return match may_sign_lists(&candidate) {
                    true => Ok(der.clone()),
                    false => Err(CrlError::NotSigner {
                        list: list_number,
                        issuer,
                    }),
                };
            }
        }
        Err(match namesakes {
            0 => CrlError::UnknownIssuer {
                list: list_number,
                issuer,
            },
            _ => CrlError::Signature {
                list: list_number,
                issuer,
            },
        })
    }

    /// What TLS cannot be served with is refused here, by a name that says why.
    fn check_kind(
        &self,
        der: &[u8],
        list: &CertificateRevocationList<'_>,
        issuer: &str,
    ) -> Result<(), CrlError> {
        let (number, issuer) = (self.list, issuer.to_owned());
        if list.version() != Some(X509Version::V2) {
            return Err(CrlError::Version {
                list: number,
                issuer,
            });
        }
        if list.next_update().is_none() {
            return Err(CrlError::NoNextUpdate {
                list: number,
                issuer,
            });
        }
        match webpki::BorrowedCertRevocationList::from_der(der) {
            Ok(_) => Ok(()),
            Err(webpki::Error::UnsupportedDeltaCrl) => Err(CrlError::Delta {
                list: number,
                issuer,
            }),
            Err(webpki::Error::UnsupportedIndirectCrl) => Err(CrlError::Indirect {
                list: number,
                issuer,
            }),
            Err(error) => Err(CrlError::Unsupported {
                list: number,
                issuer,
                reason: printable(&error.to_string()),
            }),
        }
    }

    /// When the next list is due, and whether it is overdue.
    fn check_time(
        &self,
        list: &CertificateRevocationList<'_>,
        issuer: &str,
    ) -> Result<(OffsetDateTime, bool), CrlError> {
        let this_update = list.last_update().to_datetime();
        let (number, issuer, now) = (self.list, issuer.to_owned(), self.now);
        let Some(next_update) = list.next_update().map(|time| time.to_datetime()) else {
            return Err(CrlError::NoNextUpdate {
                list: number,
                issuer,
            });
        };
        let overdue = now.truncate_to_second() > next_update;
        if now < this_update {
            Err(CrlError::NotYetValid {
                list: number,
                issuer,
                this_update,
                now,
            })
        } else if overdue && self.stale == StaleList::Refuse {
            Err(CrlError::Stale {
                list: number,
                issuer,
                next_update,
                now,
            })
        } else {
            Ok((next_update, overdue))
        }
    }
}

fn verifies(list: &CertificateRevocationList<'_>, key: &SubjectPublicKeyInfo<'_>) -> bool {
    let public_key = key.subject_public_key.data.as_ref();
    let message = list.tbs_cert_list.as_ref();
    let signature = list.signature_value.data.as_ref();
    list.verify_signature(key).is_ok()
        || webpki::ALL_VERIFICATION_ALGS.iter().any(|algorithm| {
            let verified = algorithm.verify_signature(public_key, message, signature);
            verified.is_ok()
        })
}

fn may_sign_lists(signer: &X509Certificate<'_>) -> bool {
    match signer.key_usage() {
        Ok(usage) => usage.is_none_or(|usage| usage.value.crl_sign()),
        Err(_) => false,
    }
}

/// Two ways to write one number differ in leading zeros.
fn significant(serial: &[u8]) -> &[u8] {
    let zeros = serial.iter().take_while(|byte| **byte == 0).count();
    &serial[zeros..]
}
