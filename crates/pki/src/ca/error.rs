use time::{Duration, OffsetDateTime};

use super::NameError;
use crate::{LeafError, UnusableKey, text::utc};

/// The cryptographic library failed at something that cannot be the caller's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("making a key or signing a certificate failed: {0}")]
pub struct SigningFailed(String);

impl SigningFailed {
    pub(super) fn unspecified(_: aws_lc_rs::error::Unspecified) -> Self {
        Self("the cryptographic library gives no reason".to_owned())
    }
}

impl From<rcgen::Error> for SigningFailed {
    fn from(error: rcgen::Error) -> Self {
        Self(error.to_string())
    }
}

/// Why a CA could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// The cluster's name cannot stand in a certificate.
    #[error(transparent)]
    Name(#[from] NameError),
    /// No time at all, or an end beyond the year 9999.
    #[error(
        "a validity of {validity} is impossible; it must be longer and end before the year 10000"
    )]
    Validity {
        /// What was asked for.
        validity: Duration,
    },
    /// The cryptographic library failed.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
}

/// Why a store holds no CA that could issue certificates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// Not one key and one certificate.
    #[error("there are {keys} private keys and {certificates} certificates; expected one of each")]
    Count {
        /// How many keys.
        keys: usize,
        /// How many certificates.
        certificates: usize,
    },
    /// A revocation list, which nothing would look at here.
    #[error("there is a certificate revocation list, where none is used; take it out")]
    RevocationList,
    /// The certificate cannot be read.
    #[error(transparent)]
    Certificate(#[from] LeafError),
    /// The certificate is none that [`Ca::init`](super::Ca::init) makes.
    #[error(
        "the certificate {subject} was not made by `ringlock ca init`; nodes' certificates of \
         another CA are to be issued with that CA's own tools"
    )]
    Foreign {
        /// Its subject.
        subject: String,
    },
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] UnusableKey),
    /// The key is another certificate's.
    #[error("the private key does not belong to the certificate {subject}")]
    Mismatch {
        /// The certificate's subject.
        subject: String,
    },
    /// The key is not ECDSA P-256.
    #[error("the CA's private key is not ECDSA on P-256")]
    KeyKind,
    /// The cryptographic library failed.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
}

/// Why a node's certificate was not issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// A name or address cannot stand in a certificate.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The node is another cluster's.
    #[error("the CA is that of cluster {expected:?}, not of {found:?}")]
    Cluster {
        /// The CA's cluster.
        expected: String,
        /// The node's cluster.
        found: String,
    },
    /// No time at all, or an end beyond the year 9999.
    #[error(
        "a validity of {validity} is impossible; it must be longer and end before the year 10000"
    )]
    Validity {
        /// What was asked for.
        validity: Duration,
    },
    /// The CA's time is over.
    #[error("the CA expired at {}; it is now {}", utc(*not_after), utc(*now))]
    CaExpired {
        /// When it expired.
        not_after: OffsetDateTime,
        /// The time of the request.
        now: OffsetDateTime,
    },
    /// The CA is of the future; most often a clock is wrong.
    #[error(
        "the CA is not valid before {}; it is now {}; is this machine's clock right?",
        utc(*not_before), utc(*now)
    )]
    CaNotYetValid {
        /// When it will be.
        not_before: OffsetDateTime,
        /// The time of the request.
        now: OffsetDateTime,
    },
    /// What was issued cannot be read back.
    #[error(transparent)]
    Unreadable(#[from] LeafError),
    /// The cryptographic library failed.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
}
