use crate::{Format, JksError, MAX_BYTES, PbeError, Pkcs12Error};

/// Why a store could not be read.
///
/// The texts are written to follow the file's name: `node.key: line 1: …`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// More than [`MAX_BYTES`].
    #[error("this has {size} bytes; a store may have at most {MAX_BYTES}")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
    },
    /// No byte but white space.
    #[error("this is empty; expected PEM sections of private keys or certificates")]
    Empty,
    /// A JKS or JCEKS store that could not be read.
    #[error(transparent)]
    Jks(#[from] JksError),
    /// A PKCS #12 store that could not be read.
    #[error(transparent)]
    Pkcs12(#[from] Pkcs12Error),
    /// A certificate, key or revocation list in DER form that is damaged.
    #[error("this looks like {format}, but it is damaged: {reason}")]
    Damaged {
        /// What it looks like.
        format: Format,
        /// What is wrong with it.
        reason: String,
    },
    /// Another format where only PEM is asked for.
    #[error("this is {format}, but only PEM is read here; {}", format.conversion())]
    NotPem {
        /// The format.
        format: Format,
    },
    /// Text or bytes without a single PEM section.
    #[error("this holds no PEM section: expected a line such as -----BEGIN CERTIFICATE-----")]
    NoSection,
    /// A line that begins with `-----BEGIN` or `-----END` and has not the right form, or an end
    /// without a beginning.
    #[error(
        "line {line}: broken PEM boundary; expected -----BEGIN LABEL----- before the data and \
         -----END LABEL----- after it"
    )]
    Boundary {
        /// The line.
        line: usize,
    },
    /// The end of a section is missing.
    #[error("line {line}: the section {label} has no line -----END {label}-----; is it cut off?")]
    NoEnd {
        /// Where the section begins.
        line: usize,
        /// Its label.
        label: String,
    },
    /// The text between the boundaries is no base64.
    #[error("line {line}: the section {label} is not valid base64")]
    Base64 {
        /// Where the section begins.
        line: usize,
        /// Its label.
        label: String,
    },
    /// The decoded bytes are not what the label promises.
    #[error("line {line}: the section {label} is damaged: {reason}")]
    Content {
        /// Where the section begins.
        line: usize,
        /// Its label.
        label: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A private key under a password, and there is none.
    #[error(
        "{}the private key is encrypted, and no password is given for it; `openssl pkey -in OLD \
         -out NEW` asks for the password and writes an unencrypted one", at(*line)
    )]
    Encrypted {
        /// Where the section begins; `None`: the key is not in PEM.
        line: Option<usize>,
    },
    /// A private key that the password does not open, or in a way that is not known.
    #[error("{}the private key cannot be decrypted: {reason}", at(*line))]
    Locked {
        /// Where the section begins; `None`: the key is not in PEM.
        line: Option<usize>,
        /// Why.
        reason: PbeError,
    },
    /// A section that has no place in a store.
    #[error("line {line}: a section {label} is not expected here; {hint}")]
    Unexpected {
        /// Where the section begins.
        line: usize,
        /// Its label.
        label: String,
        /// What to do about it.
        hint: &'static str,
    },
}

fn at(line: Option<usize>) -> String {
    line.map(|line| format!("line {line}: "))
        .unwrap_or_default()
}
