use std::collections::HashSet;

use ringlock_store::{CertificateEntry, KeyStore};
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;
use x509_parser::{certificate::X509Certificate, x509::X509Version};

use crate::{
    LeafError,
    chain::is_self_signed,
    leaf::{extension_error, parse},
    text::{name, utc},
};

/// The CAs whose certificates are believed, and the nodes whose own ones are.
#[derive(Debug, Clone)]
pub struct Trust {
    /// The CAs' certificates; none twice, none expired. Empty only where there are pinned ones.
    pub anchors: Vec<CertificateDer<'static>>,
    /// Self-signed certificates of nodes; none twice. A peer that shows one of them, byte for
    /// byte, is believed as long as that is valid; they certify nobody else. Expired ones are
    /// among them, so that a peer with one is told what is wrong.
    pub pinned: Vec<CertificateDer<'static>>,
    /// Certificates of either kind whose time is over, and which nobody is believed by; worth a
    /// warning.
    pub expired: Vec<ExpiredAnchor>,
    /// When the first of the anchors expires; none where there is no anchor. TLS verifiers do
    /// not look at an anchor's validity, so from then on the store has to be read again.
    pub valid_until: Option<OffsetDateTime>,
}

/// A trusted certificate whose time is over.
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
    /// A certificate that may not issue others, and that another one issued.
    #[error(
        "the certificate {subject} is not that of a CA: {reason}; a node's own certificate is \
         trusted only where it is self-signed"
    )]
    NotCa {
        /// Its subject.
        subject: String,
        /// What it lacks.
        reason: &'static str,
    },
    /// The time of every CA and node is over.
    #[error(
        "every trusted certificate has expired, the last one, {subject}, at {}; it is now {}",
        utc(*not_after), utc(*now)
    )]
    AllExpired {
        /// What expired last.
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
    /// to sign certificates) or self-signed: what a CA issued to a node would be believed until
    /// it expires, whatever becomes of that CA. Expired CAs are left out, since verifiers would
    /// go on believing them; that is an error only where nothing else is left, because a bundle
    /// keeps the old CA for a while after a rotation. CAs that are not valid yet stay in: a
    /// rotation distributes them ahead of their time, and nothing they issued is valid any
    /// earlier.
    pub fn select(store: &KeyStore, now: OffsetDateTime) -> Result<Self, TrustError> {
        if !store.keys.is_empty() {
            return Err(TrustError::PrivateKey);
        }
        if !store.revocation_lists.is_empty() {
            return Err(TrustError::RevocationList);
        }
        let mut trust = Self {
            anchors: Vec::new(),
            pinned: Vec::new(),
            expired: Vec::new(),
            valid_until: None,
        };
        let mut seen = HashSet::new();
        let mut in_time = false;
        for der in candidates(store) {
            if seen.insert(der) {
                in_time |= trust.take(der, now)?;
            }
        }
        match in_time {
            true => Ok(trust),
            false => Err(none_left(trust.expired, now)),
        }
    }

    /// Whether this very certificate is trusted as its node's own.
    pub fn is_pinned(&self, certificate: &CertificateDer<'_>) -> bool {
        self.pinned.contains(certificate)
    }

    /// Takes one certificate in, and says whether its time is not over.
    fn take(
        &mut self,
        der: &CertificateDer<'static>,
        now: OffsetDateTime,
    ) -> Result<bool, TrustError> {
        let certificate = parse(der)?;
        let not_after = certificate.validity().not_after.to_datetime();
        let in_time = now.truncate_to_second() <= not_after;
        if !in_time {
            self.expired.push(ExpiredAnchor {
                subject: name(certificate.subject()),
                not_after,
            });
        }
        if is_of_node(&certificate) {
            self.pinned.push(der.clone());
            return Ok(in_time);
        }
        check_ca(&certificate)?;
        if in_time {
            self.anchors.push(der.clone());
            let first = self.valid_until.unwrap_or(not_after);
            self.valid_until = Some(first.min(not_after));
        }
        Ok(in_time)
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

/// Whether it is one that a node made for itself, as `keytool -genkeypair` does. TLS verifiers
/// take no node's certificate of a version before 3.
fn is_of_node(certificate: &X509Certificate<'_>) -> bool {
    let constraints = certificate.basic_constraints();
    let is_no_ca = constraints.is_ok_and(|it| it.is_none_or(|it| !it.value.ca));
    is_no_ca && certificate.version() == X509Version::V3 && is_self_signed(certificate)
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
