use zeroize::Zeroizing;

use super::Pkcs12Error;
use crate::{
    Passwords, PbeError,
    pbe::{Budget, Scheme, utf16_with_end},
};

/// One password to try.
///
/// The empty password has two forms in PKCS #12: a string of no characters, which still has its
/// zero at the end, and no string at all. Programs differ in which they write, so both are tried.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Password<'a> {
    Text(&'a str),
    Absent,
}

impl<'a> Password<'a> {
    /// What to try where this was given.
    pub(super) fn forms(given: Option<&'a str>) -> Vec<Self> {
        match given {
            None | Some("") => vec![Self::Text(""), Self::Absent],
            Some(text) => vec![Self::Text(text)],
        }
    }

    /// What to try for private keys: their own password, then the store's.
    pub(super) fn for_keys(passwords: Passwords<'a>) -> Vec<Self> {
        let mut forms = Vec::new();
        if let Some(own) = passwords.key {
            forms = Self::forms(Some(own));
        }
        for form in Self::forms(passwords.store) {
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
        forms
    }

    pub(super) fn utf8(self) -> &'a [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Absent => &[],
        }
    }

    pub(super) fn utf16(self) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Text(text) => utf16_with_end(text),
            Self::Absent => Zeroizing::new(Vec::new()),
        }
    }

    /// Decrypts with this password; `None`: it does not fit.
    pub(super) fn decrypt(
        self,
        scheme: &Scheme,
        data: &[u8],
        budget: &mut Budget,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, PbeError> {
        let plain = match self {
            Self::Text(text) => scheme.decrypt(text, data, budget),
            Self::Absent => scheme.decrypt_without(data, budget),
        };
        match plain {
            Ok(plain) => Ok(Some(plain)),
            Err(PbeError::Password) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What it means that no password fits.
    pub(super) fn misfit(given: Option<&str>) -> Pkcs12Error {
        match given {
            None => Pkcs12Error::NoPassword,
            Some(_) => Pkcs12Error::Password,
        }
    }
}
