use crate::PbeError;

/// Why a JKS or JCEKS store could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JksError {
    /// The bytes end before the store does.
    #[error("the store ends after {at} bytes, in the middle of its content; is the file cut off?")]
    Cut {
        /// How many bytes there are.
        at: usize,
    },
    /// What stands somewhere is not what must.
    #[error("the store is damaged: expected {expected} at byte {at}")]
    Damaged {
        /// Where, counted from 0.
        at: usize,
        /// What was expected.
        expected: &'static str,
    },
    /// The digest of the store is wrong.
    #[error(
        "the store's password is wrong, or the file was damaged or changed; Java says \
         `Keystore was tampered with, or password was incorrect`"
    )]
    Password,
    /// There is a private key and no password for it.
    #[error("the private key {alias} is under a password, and none is given")]
    NoKeyPassword {
        /// The entry's name.
        alias: String,
    },
    /// The password does not open a private key.
    #[error(
        "the password of the private key {alias} is wrong; it may differ from the store's. Java \
         says `Cannot recover key`"
    )]
    KeyPassword {
        /// The entry's name.
        alias: String,
    },
    /// A private key is encrypted in a way that is not known, or that would take too long.
    #[error("the private key {alias} cannot be decrypted: {reason}")]
    Locked {
        /// The entry's name.
        alias: String,
        /// Why.
        reason: PbeError,
    },
    /// A certificate cannot be read.
    #[error("the entry {alias} has a damaged certificate: {reason}")]
    Certificate {
        /// The entry's name.
        alias: String,
        /// What is wrong with it.
        reason: String,
    },
}
