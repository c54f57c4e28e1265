use std::{path::PathBuf, time::Duration};

use cryptoki::{
    context::Function,
    error::{Error, RvError},
};
use ringlock_pki::SignerError;

/// Why a token does not sign.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The library cannot be loaded, or is none.
    #[error("the PKCS #11 module {} cannot be loaded: {reason}", path.display())]
    Module {
        /// The library.
        path: PathBuf,
        /// What the loader says.
        reason: String,
    },
    /// No slot holds such a token: it was taken out, or never there.
    #[error("there is no token {wanted}; {}", present_tokens(present))]
    NoToken {
        /// What it was to be like.
        wanted: String,
        /// The labels of the tokens that are there.
        present: Vec<String>,
    },
    /// Several tokens fit.
    #[error(
        "{} tokens are {wanted}, in the slots {}; expected one: name its serial number or slot",
        slots.len(), slots.join(", ")
    )]
    ManyTokens {
        /// What it was to be like.
        wanted: String,
        /// Their slots.
        slots: Vec<String>,
    },
    /// The token does not take the PIN.
    #[error(
        "the token {token} refused the PIN; this PIN is not tried on it again, because every \
         wrong try brings a token nearer to locking itself"
    )]
    PinWrong {
        /// The token's label.
        token: String,
    },
    /// The token takes no PIN any more.
    #[error(
        "the token {token} has locked its PIN after too many wrong tries; its security officer \
         can unlock it"
    )]
    PinLocked {
        /// The token's label.
        token: String,
    },
    /// The token would lock itself if the PIN were wrong once more.
    #[error(
        "the token {token} has one try left before it locks itself, and that one is left to a \
         human: log in to it once with the right PIN"
    )]
    PinLastTry {
        /// The token's label.
        token: String,
    },
    /// The PIN has to be changed first, or was never set.
    #[error("the token {token} asks for a new PIN before it can be used")]
    PinUnset {
        /// The token's label.
        token: String,
    },
    /// No private key fits.
    #[error(
        "the token {token} has no private key{}; {}",
        leading_space(wanted),
        present_keys(present)
    )]
    NoKey {
        /// The token's label.
        token: String,
        /// What it was to be like.
        wanted: String,
        /// The labels of the private keys that are there.
        present: Vec<String>,
    },
    /// Several private keys fit.
    #[error(
        "the token {token} has {} private keys{}, with the ids {}; expected one: name it by a \
         PKCS #11 URI with its id", ids.len(), leading_space(wanted), ids.join(", ")
    )]
    ManyKeys {
        /// The token's label.
        token: String,
        /// What it was to be like.
        wanted: String,
        /// Their identifiers, in hexadecimal digits.
        ids: Vec<String>,
    },
    /// The key is of a kind that is not supported here.
    #[error(
        "the private key in the token {token} is {found}; expected RSA of 2048 to 8192 bits, or \
         ECDSA on P-256 or P-384"
    )]
    KeyKind {
        /// The token's label.
        token: String,
        /// What it is.
        found: String,
    },
    /// The key asks for the PIN at every signature.
    #[error(
        "the private key in the token {token} asks for its PIN at every signature \
         (CKA_ALWAYS_AUTHENTICATE), which nothing that runs by itself can give; expected a key \
         without that"
    )]
    AlwaysAuthenticate {
        /// The token's label.
        token: String,
    },
    /// Nothing on the token tells the key's public half.
    #[error(
        "the token {token} holds neither the public key nor a certificate of its private key; \
         expected one with the same id or label"
    )]
    NoPublicKey {
        /// The token's label.
        token: String,
    },
    /// What the key signs does not verify.
    #[error(
        "the private key in the token {token} does not belong to the public key or certificate \
         beside it: what it signs does not verify"
    )]
    Mismatch {
        /// The token's label.
        token: String,
    },
    /// The token came back with another key.
    #[error(
        "the token {token} came back with another private key under the same name; it is used \
         only after a reload, with its own certificate"
    )]
    KeyChanged {
        /// The token's label.
        token: String,
    },
    /// The token cannot sign as TLS asks for.
    #[error("the token {token} has no mechanism to sign with {what}; expected one of {expected}")]
    NoMechanism {
        /// The token's label.
        token: String,
        /// What kind of key it is.
        what: &'static str,
        /// What would do.
        expected: &'static str,
    },
    /// Every session was in use all the time.
    #[error("no session with the token was free for {} seconds", waited.as_secs_f32())]
    Busy {
        /// How long was waited.
        waited: Duration,
    },
    /// The module says that something failed.
    #[error("{} of the token's module failed: {}", function_name(*function), code_name(*code))]
    Failed {
        /// What was called.
        function: Function,
        /// What it returned.
        code: RvError,
    },
    /// The module broke the rules.
    #[error("the token's module answered what PKCS #11 does not allow: {0}")]
    Nonsense(String),
}

impl TokenError {
    /// Whether the same may work later though nobody changes a file: the token comes back, or has
    /// time again. A refused PIN is none of it.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::NoToken { .. } | Self::Busy { .. }) || self.is_stale_session()
    }

    /// Whether a session that says so is of no use any more and a new one may be: the token was
    /// taken out, came back, or was reset.
    pub(crate) fn is_stale_session(&self) -> bool {
        let Self::Failed { code, .. } = self else {
            return false;
        };
        matches!(
            code,
            RvError::DeviceRemoved
                | RvError::DeviceError
                | RvError::TokenNotPresent
                | RvError::TokenNotRecognized
                | RvError::SessionHandleInvalid
                | RvError::SessionClosed
                | RvError::UserNotLoggedIn
                | RvError::KeyHandleInvalid
                | RvError::ObjectHandleInvalid
                | RvError::CryptokiNotInitialized
                | RvError::GeneralError
                | RvError::FunctionFailed
        )
    }

    /// Whether it is what a module says whose token is not there, or not known to be back.
    pub(crate) fn is_of_absence(&self) -> bool {
        matches!(self, Self::NoToken { .. })
            || self.is_stale_session()
            || self.is_code(RvError::SlotIdInvalid)
    }

    /// Whether the module itself failed.
    pub(crate) fn is_of_module(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Nonsense(_))
    }

    pub(crate) fn is_code(&self, wanted: RvError) -> bool {
        matches!(self, Self::Failed { code, .. } if *code == wanted)
    }
}

impl From<Error> for TokenError {
    fn from(error: Error) -> Self {
        match error {
            Error::Pkcs11(code, function) => Self::Failed { function, code },
            other => Self::Nonsense(other.to_string()),
        }
    }
}

impl From<TokenError> for SignerError {
    fn from(error: TokenError) -> Self {
        Self::new(error)
    }
}

fn present_tokens(present: &[String]) -> String {
    match present {
        [] => "no token is there".to_owned(),
        present => format!("those that are there are labelled {}", present.join(", ")),
    }
}

fn present_keys(present: &[String]) -> String {
    match present {
        [] => "it shows none at all".to_owned(),
        present => format!("it has those labelled {}", present.join(", ")),
    }
}

fn leading_space(wanted: &str) -> String {
    match wanted {
        "" => String::new(),
        wanted => format!(" {wanted}"),
    }
}

/// The name that the standard has for a function: `C_Login`.
fn function_name(function: Function) -> String {
    format!("C_{function:?}")
}

/// The name that the standard has for a return code: `CKR_PIN_LOCKED`.
fn code_name(code: RvError) -> String {
    if let RvError::VendorDefined(number) = code {
        return format!("the vendor's own code {number:#x}");
    }
    let mut name = "CKR".to_owned();
    for letter in format!("{code:?}").chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_and_codes_have_the_names_of_the_standard() {
        let error = TokenError::Failed {
            function: Function::OpenSession,
            code: RvError::TokenNotPresent,
        };
        assert_eq!(
            error.to_string(),
            "C_OpenSession of the token's module failed: CKR_TOKEN_NOT_PRESENT"
        );
        assert!(error.is_stale_session());
    }
}
