use ringlock_store::{CertificateEntry, KeyStore};
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;

use crate::{
    LeafError,
    leaf::{extension_error, parse},
    text::{name, utc},
};

/// The CAs whose certificates are believed.
#[derive(Debug, Clone)]
pub struct Trust {
    /// The CAs' certificates; at least one, none twice, none expired.
    pub anchors: Vec<CertificateDer<'static>>,
    /// CAs that were left out because their time is over; worth a warning.
    pub expired: Vec<ExpiredAnchor>,
    /// When the first of the anchors expires. TLS verifiers do not look at an anchor's validity,
    /// so from then on the store has to be read again.
    pub valid_until: OffsetDateTime,
}

/// A CA whose time is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiredAnchor {
    /// Its subject, escaped for printing.
    pub subject: String,
    /// The last second in which it was valid.
    pub not_after: OffsetDateTime,
}

/// Why a store cannot be used to judge peers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// There is no certificate.
    #[error("there is no certificate; expected that of at least one CA")]
    Empty,
    /// A private key in a file that is handed to every node.
    #[error(
        "there is a private key among the trusted certificates; a trust store goes to every node, \
         so the key must be taken out, and replaced if the file was ever handed on"
    )]
    PrivateKey,
    /// A revocation list, which nothing would look at here: whoever put it in would wrongly
    /// believe that it is obeyed.
    #[error(
        "there is a certificate revocation list among the trusted certificates, where none is \
         used; take it out"
    )]
    RevocationList,
    /// A certificate cannot be read.
    #[error(transparent)]
    Unreadable(#[from] LeafError),
    /// A certificate that may not issue others.
    #[error("the certificate {subject} is not that of a CA: {reason}")]
    NotCa {
        /// Its subject.
        subject: String,
        /// What it lacks.
        reason: &'static str,
    },
    /// Every CA's time is over.
    #[error(
        "every trusted CA has expired, the last one, {subject}, at {}; it is now {}",
        utc(*not_after), utc(*now)
    )]
    AllExpired {
        /// The CA that expired last.
        subject: String,
        /// When.
        not_after: OffsetDateTime,
        /// The time it was judged at.
        now: OffsetDateTime,
    },
}

impl Trust {
    /// Takes the certificates of a store as trust anchors: those that are marked as such, or,
    /// where none is, every one.
    ///
    /// Each must be a CA's (`basicConstraints` says so, and `keyUsage`, where present, allows
    /// to sign certificates): a node's certificate in a trust store would be believed until it
    /// expires, whatever becomes of its CA. Expired CAs are left out, since verifiers would go
    /// on believing them; that is an error only where no other is left, because a bundle keeps
    /// the old CA for a while after a rotation. CAs that are not valid yet stay in: a rotation
    /// distributes them ahead of their time, and nothing they issued is valid any earlier.
    pub fn select(store: &KeyStore, now: OffsetDateTime) -> Result<Self, TrustError> {
        if !store.keys.is_empty() {
            return Err(TrustError::PrivateKey);
        }
        if !store.revocation_lists.is_empty() {
            return Err(TrustError::RevocationList);
        }
        let mut anchors: Vec<CertificateDer<'static>> = Vec::new();
        let mut expired = Vec::new();
        let mut valid_until: Option<OffsetDateTime> = None;
        for der in candidates(store) {
            let certificate = parse(der)?;
            check_ca(&certificate)?;
            let not_after = certificate.validity().not_after.to_datetime();
            if now.truncate_to_second() > not_after {
                expired.push(ExpiredAnchor {
                    subject: name(certificate.subject()),
                    not_after,
                });
            } else if !anchors.contains(der) {
                anchors.push(der.clone());
                valid_until = Some(valid_until.map_or(not_after, |first| first.min(not_after)));
            }
        }
        match valid_until {
            Some(valid_until) => Ok(Self {
                anchors,
                expired,
                valid_until,
            }),
            None => Err(none_left(expired, now)),
        }
    }
}

/// PKCS #12 stores that `openssl` wrote mark no certificate as trusted. Java then trusts none,
/// which nobody means who hands the file to another; `ringlock check` says so.
fn candidates(store: &KeyStore) -> impl Iterator<Item = &CertificateDer<'static>> {
    let marked = store.certificates.iter().any(|entry| entry.trusted);
    let meant = move |entry: &&CertificateEntry| entry.trusted || !marked;
    let entries = store.certificates.iter().filter(meant);
    entries.map(|entry| &entry.certificate)
}

fn check_ca(certificate: &X509Certificate<'_>) -> Result<(), TrustError> {
    let not_ca = |reason| TrustError::NotCa {
        subject: name(certificate.subject()),
        reason,
    };
    let broken = |error| extension_error(certificate, &error);
    let constraints = certificate.basic_constraints().map_err(broken)?;
    if !constraints.is_some_and(|constraints| constraints.value.ca) {
        return Err(not_ca("its basicConstraints do not say CA:TRUE"));
    }
    let usage = certificate.key_usage().map_err(broken)?;
    if usage.is_some_and(|usage| !usage.value.key_cert_sign()) {
        return Err(not_ca("its keyUsage lacks keyCertSign"));
    }
    Ok(())
}

fn none_left(expired: Vec<ExpiredAnchor>, now: OffsetDateTime) -> TrustError {
    match expired.into_iter().max_by_key(|anchor| anchor.not_after) {
        Some(ExpiredAnchor { subject, not_after }) => TrustError::AllExpired {
            subject,
            not_after,
            now,
        },
        None => TrustError::Empty,
    }
}
