//! Sessions with a token, each with its own sight of the key.

use std::sync::Arc;

use cryptoki::{context::Pkcs11, mechanism::MechanismType, object::ObjectHandle, slot::TokenInfo};
use rustls_pki_types::SubjectPublicKeyInfoDer;

use crate::{
    KeyMatch, TokenError, TokenMatch, find,
    find::Named,
    login::log_in,
    mechanism::Method,
    module::{Live, Module},
    public_key,
    public_key::Kind,
    uri::Pin,
};

/// What it takes to begin a session: the way to the token, and to the key on it.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) module: Arc<Module>,
    pub(crate) token: TokenMatch,
    pub(crate) key: KeyMatch,
    pub(crate) pin: Pin,
}

/// A session in which the user is logged in and the key was found.
pub(crate) struct Found {
    pub(crate) session: Live,
    pub(crate) key: Named,
    pub(crate) info: TokenInfo,
    pub(crate) mechanisms: Vec<MechanismType>,
    pub(crate) kind: Kind,
    pub(crate) public: SubjectPublicKeyInfoDer<'static>,
}

impl Door {
    /// Begins a session. The token is looked for each time: after it was taken out and put back
    /// it may be in another slot, and its objects have other handles.
    pub(crate) fn enter(&self) -> Result<Found, TokenError> {
        let entered = self.module.visit(|library| self.try_to_enter(library));
        match entered {
            // Where it cannot be restarted either, the first error says more.
            Err(error) if error.is_of_absence() && self.module.restart().unwrap_or(false) => {
                self.module.visit(|library| self.try_to_enter(library))
            }
            entered => entered,
        }
    }

    fn try_to_enter(&self, library: &Pkcs11) -> Result<Found, TokenError> {
        let (slot, info) = find::token(library, &self.token)?;
        let live = Live::begin(&self.module, slot)?;
        let session = live.session();
        log_in(session, &info, self.module.path(), &self.pin)?;
        let key = find::private_key(session, &self.key, info.label())?;
        let (kind, public) = public_key::read(session, &key, info.label())?;
        Ok(Found {
            session: live,
            key,
            mechanisms: library.get_mechanism_list(slot)?,
            info,
            kind,
            public,
        })
    }

    /// Begins a session for the key whose public half is `public`.
    pub(crate) fn enter_again(
        &self,
        public: &SubjectPublicKeyInfoDer<'_>,
    ) -> Result<KeySession, TokenError> {
        let found = self.enter()?;
        if found.public != *public {
            return Err(TokenError::KeyChanged {
                token: found.info.label().to_owned(),
            });
        }
        Ok(KeySession {
            session: found.session,
            key: found.key.handle,
        })
    }
}

/// A session that is ready to sign.
#[derive(Debug)]
pub(crate) struct KeySession {
    pub(crate) session: Live,
    pub(crate) key: ObjectHandle,
}

impl KeySession {
    pub(crate) fn sign(&self, method: Method, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        let (mechanism, input) = (method.mechanism(), method.input(message));
        let signature = self.session.session().sign(&mechanism, self.key, &input)?;
        method.output(signature).ok_or_else(|| {
            TokenError::Nonsense("a signature that is no pair of numbers".to_owned())
        })
    }
}
