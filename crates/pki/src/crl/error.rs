use time::OffsetDateTime;

use crate::text::utc;

/// Why revocation lists cannot be used.
///
/// The texts are written to follow the file's name: `crl.pem: list 2: …`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CrlError {
    /// Nothing that looks like a revocation list.
    #[error("this holds no revocation list; expected PEM sections X509 CRL, or one list in DER")]
    Empty,
    /// The PEM around a list is broken.
    #[error("list {list}: its PEM is broken or cut off: {reason}")]
    Pem {
        /// Its number in the file, from 1.
        list: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The bytes are no revocation list.
    #[error("list {list}: it is damaged or cut off: {reason}")]
    Unreadable {
        /// Its number in the file, from 1.
        list: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// No CA of that name is trusted.
    #[error("list {list}, of {issuer}: no CA of that name is trusted")]
    UnknownIssuer {
        /// Its number in the file, from 1.
        list: usize,
        /// Who issued it.
        issuer: String,
    },
    /// Made with another key than that of the CA whose name it bears, or changed since.
    #[error(
        "list {list}, of {issuer}: its signature is not that CA's; it was changed, or a CA of the \
         same name made it"
    )]
    Signature {
        /// Its number in the file, from 1.
        list: usize,
        /// Who issued it.
        issuer: String,
    },
    /// The CA's certificate does not let it sign lists.
    #[error("list {list}, of {issuer}: the CA's keyUsage lacks cRLSign, so it may issue no list")]
    NotSigner {
        /// Its number in the file, from 1.
        list: usize,
        /// Who issued it.
        issuer: String,
    },
    /// Issued in the future; most often a clock is wrong.
    #[error(
        "list {list}, of {issuer}: it was issued at {}; it is now {}; is this node's clock right?",
        utc(*this_update), utc(*now)
    )]
    NotYetValid {
        /// Its number in the file, from 1.
        list: usize,
        /// Who issued it.
        issuer: String,
        /// When it was issued.
        this_update: OffsetDateTime,
        /// The time it was judged at.
        now: OffsetDateTime,
    },
    /// The next list is overdue.
    #[error(
        "list {list}, of {issuer}: the next one was due at {}; it is now {}; fetch a new list",
        utc(*next_update), utc(*now)
    )]
    Stale {
        /// Its number in the file, from 1.
        list: usize,
        /// Who issued it.
        issuer: String,
        /// When the next one was due.
        next_update: OffsetDateTime,
        /// The time it was judged at.
        now: OffsetDateTime,
    },
    /// Without `nextUpdate`, which RFC 5280 §5.1.2.5 demands, nobody can tell that it is stale.
    #[error("list {list}, of {issuer}: it does not say when the next one is due (nextUpdate)")]
    NoNextUpdate {
        /// Its number in the file, from 1.
        list: usize,
        /// Who issued it.
        issuer: String,
    },
    /// Version 1, as OpenSSL's `ca -gencrl` makes without `crl_extensions`.
    #[error(
        "list {list}, of {issuer}: it is of version 1; expected version 2, which `openssl ca \
         -gencrl -crlexts SECTION` makes"
    )]
    Version {
        /// Its number in the file, from 1.
        list: usize,
        /// Who issued it.
        issuer: String,
    },
    /// Only the changes since another list (RFC 5280 §5.2.4).
    #[error(
        "list {list}, of {issuer}: it is a delta list, which holds changes to another list only; \
         expected a complete one"
    )]
    Delta {
        /// Its number in the file, from 1.
        list: usize,
        /// Who issued it.
        issuer: String,
    },
    /// A list that also speaks for other CAs (RFC 5280 §5.2.5).
    #[error(
        "list {list}, of {issuer}: it is an indirect list, which revokes certificates of other CAs \
         too; expected one of the CA's own"
    )]
    Indirect {
        /// Its number in the file, from 1.
        list: usize,
        /// Who issued it.
        issuer: String,
    },
    /// Anything else that TLS could not be served with.
    #[error("list {list}, of {issuer}: it is of a kind that is not supported: {reason}")]
    Unsupported {
        /// Its number in the file, from 1.
        list: usize,
        /// Who issued it.
        issuer: String,
        /// What stands in the way.
        reason: String,
    },
}
