//! Sessions with a token, each with its own sight of the key.

use std::sync::Arc;

use cryptoki::{
    context::{Function, Pkcs11},
    error::RvError,
    mechanism::MechanismType,
    object::ObjectHandle,
    slot::{Slot, TokenInfo},
};
use rustls_pki_types::{CertificateDer, SubjectPublicKeyInfoDer};

use crate::{
    KeyMatch, TokenError, TokenMatch, find,
    login::{Login, is_logged_in, log_in},
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
    pub(crate) pin: Arc<Pin>,
}

/// A session in which the user is logged in.
pub(crate) struct Entered {
    pub(crate) session: KeySession,
    pub(crate) info: TokenInfo,
    /// Whether the token was asked for the PIN, or asks for none.
    pub(crate) proves_pin: bool,
}

/// What is on the token.
pub(crate) struct Found {
    pub(crate) kind: Kind,
    pub(crate) public: SubjectPublicKeyInfoDer<'static>,
    pub(crate) certificates: Vec<CertificateDer<'static>>,
}

impl Door {
    /// Begins a session. The token is looked for each time: after it was taken out and put back
    /// it may be in another slot, and its objects have other handles.
    pub(crate) fn enter(&self) -> Result<Entered, TokenError> {
        self.visit(|_, slot, info| {
            let live = Live::begin(&self.module, slot)?;
            let login = log_in(live.session(), &info, self.module.path(), &self.pin)?;
            Ok(Entered {
                session: KeySession { live, known: None },
                info,
                proves_pin: login != Login::BeforeUs,
            })
        })
    }

    /// The token, and what it can do, which takes no session.
    pub(crate) fn look(&self) -> Result<(TokenInfo, Vec<MechanismType>), TokenError> {
        self.visit(|library, slot, info| Ok((info, library.get_mechanism_list(slot)?)))
    }

    fn visit<R>(
        &self,
        visitor: impl Fn(&Pkcs11, Slot, TokenInfo) -> Result<R, TokenError>,
    ) -> Result<R, TokenError> {
        let visit = |library: &Pkcs11| {
            let (slot, info) = find::token(library, &self.token)?;
            visitor(library, slot, info)
        };
        match self.module.visit(visit) {
            // Where it cannot be restarted either, the first error says more.
            Err(error) if error.is_of_absence() && self.module.restart().unwrap_or(false) => {
                self.module.visit(visit)
            }
            visited => visited,
        }
    }
}

/// A session in which the user is logged in, or was.
#[derive(Debug)]
pub(crate) struct KeySession {
    live: Live,
    /// The key that was used last, and its public half.
    known: Option<(ObjectHandle, SubjectPublicKeyInfoDer<'static>)>,
}

impl KeySession {
    /// Looks for the key and the certificates beside it.
    pub(crate) fn find(&mut self, door: &Door, info: &TokenInfo) -> Result<Found, TokenError> {
        let session = self.live.session();
        log_in(session, info, door.module.path(), &door.pin)?;
        let key = find::private_key(session, &door.key, info.label())?;
        let (kind, public) = public_key::read(session, &key, info.label())?;
        let certificates = find::certificates(session, &key)?;
        self.known = Some((key.handle, public.clone()));
        Ok(Found {
            kind,
            public,
            certificates,
        })
    }

    /// Signs with the key whose public half is `public`.
    pub(crate) fn sign(
        &mut self,
        (door, label): (&Door, &str),
        public: &SubjectPublicKeyInfoDer<'static>,
        method: Method,
        message: &[u8],
    ) -> Result<Vec<u8>, TokenError> {
        let key = match &self.known {
            Some((key, known)) if known == public => *key,
            _ => self.find_again((door, label), public)?,
        };
        let (mechanism, input) = (method.mechanism(), method.input(message));
        let signature = self.live.session().sign(&mechanism, key, &input)?;
        method.output(signature).ok_or_else(|| {
            TokenError::Nonsense("a signature that is no pair of numbers".to_owned())
        })
    }

    fn find_again(
        &mut self,
        (door, label): (&Door, &str),
        wanted: &SubjectPublicKeyInfoDer<'static>,
    ) -> Result<ObjectHandle, TokenError> {
        let session = self.live.session();
        let key = match find::private_key(session, &door.key, label) {
            // Who is logged out sees no private keys.
            Err(TokenError::NoKey { .. }) if !is_logged_in(session)? => {
                return Err(TokenError::Failed {
                    function: Function::FindObjects,
                    code: RvError::UserNotLoggedIn,
                });
            }
            found => found?,
        };
        let (_, public) = public_key::read(session, &key, label)?;
        if public != *wanted {
            return Err(TokenError::KeyChanged {
                token: label.to_owned(),
            });
        }
        self.known = Some((key.handle, public));
        Ok(key.handle)
    }
}
