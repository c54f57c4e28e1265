use std::{fmt, sync::Arc};

use cryptoki::{error::RvError, slot::Limit};
use ringlock_pki::{Scheme, Signer, SignerError};
use rustls_pki_types::{CertificateDer, SubjectPublicKeyInfoDer};

use crate::{
    TokenConfig, TokenError, find, mechanism,
    mechanism::Method,
    module::Module,
    pool::{Lent, NotLent, NotMade, Pool},
    public_key,
    session::{Door, KeySession},
    uri::Pin,
};

/// What is signed to see whether key and public half belong together. It cannot be mistaken for
/// a handshake: those begin with 64 blanks, or with both sides' random numbers.
const PROOF: &[u8] = b"Does this private key belong to the public key beside it?";

/// A private key in a token, ready to sign, with the certificates that lie beside it.
///
/// It signs from several threads at once, as many as it has sessions; the others wait. When it
/// is dropped its sessions end.
pub struct Token {
    door: Door,
    label: String,
    public: SubjectPublicKeyInfoDer<'static>,
    methods: Vec<Method>,
    schemes: Vec<Scheme>,
    certificates: Vec<CertificateDer<'static>>,
    pool: Pool<KeySession>,
}

/// Opens the token that `config` names and logs in with `pin`, of which a copy is kept for the
/// time after the token was taken out and put back; it is wiped when the token is dropped.
///
/// One message is signed, to prove that the key works and belongs to the public key or
/// certificate beside it. While another [`Token`] of this process is logged in to the same token,
/// the PIN is not asked for and so not proven.
///
/// # Errors
/// [`TokenError`] says what is missing, and never holds the PIN.
pub fn open(config: &TokenConfig, pin: &str) -> Result<Arc<Token>, TokenError> {
    let door = Door {
        module: Module::load(&config.module)?,
        token: config.token.clone(),
        key: config.key.clone(),
        pin: Pin::from(pin),
    };
    let found = door.enter()?;
    let label = found.info.label().to_owned();
    let methods = mechanism::methods(found.kind, &found.mechanisms, &label)?;
    let certificates = find::certificates(found.session.session(), &found.key)?;
    let limit = match found.info.max_session_count() {
        Limit::Max(most) => usize::try_from(most).unwrap_or(usize::MAX),
        Limit::Unavailable | Limit::Infinite => usize::MAX,
    };
    let first = KeySession {
        session: found.session,
        key: found.key.handle,
    };
    let token = Token {
        schemes: methods.iter().map(|method| method.scheme).collect(),
        pool: Pool::new(first, limit.min(config.sessions.get()), config.patience),
        door,
        label,
        public: found.public,
        methods,
        certificates,
    };
    token.prove()?;
    Ok(Arc::new(token))
}

impl Token {
    /// The token's label.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The X.509 certificates on the token, in no order but that those of the key come first.
    pub fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.certificates
    }

    /// Signs `message`, in a new session if the present ones have died with the token's removal.
    fn sign_with(&self, method: Method, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        let (signed, is_new) = self.try_to_sign(method, message)?;
        match signed {
            Err(error) if error.is_stale_session() && !is_new => {
                self.pool.discard_idle();
                self.try_to_sign(method, message)?.0
            }
            signed => signed,
        }
    }

    /// Signs in any session, and says whether it was a new one.
    fn try_to_sign(
        &self,
        method: Method,
        message: &[u8],
    ) -> Result<(Result<Vec<u8>, TokenError>, bool), TokenError> {
        let make = || {
            let session = self.door.enter_again(&self.public);
            session.map_err(|error| match error.is_code(RvError::SessionCount) {
                true => NotMade::Full(error),
                false => NotMade::Failed(error),
            })
        };
        let lent = self.pool.lend(make, |Lent { thing, is_new }| {
            let signed = thing.sign(method, message);
            // Whatever failed may have left the session in the midst of an operation.
            let back = signed.is_ok().then_some(thing);
            (back, (signed, is_new))
        });
        lent.map_err(|error| match error {
            NotLent::Busy => TokenError::Busy {
                waited: self.pool.patience(),
            },
            NotLent::NotMade(error) => error,
        })
    }

    fn prove(&self) -> Result<(), TokenError> {
        let Some(method) = self.methods.first().copied() else {
            return Ok(());
        };
        let signature = self.sign_with(method, PROOF)?;
        if public_key::verify(&self.public, method.scheme, PROOF, &signature) {
            return Ok(());
        }
        Err(TokenError::Mismatch {
            token: self.label.clone(),
        })
    }
}

impl Signer for Token {
    fn public_key(&self) -> &SubjectPublicKeyInfoDer<'static> {
        &self.public
    }

    fn schemes(&self) -> &[Scheme] {
        &self.schemes
    }

    fn sign(&self, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let mut methods = self.methods.iter();
        let method = methods.find(|method| method.scheme == scheme);
        let method = *method.ok_or_else(|| {
            SignerError::new(format!(
                "the token {} cannot sign with {scheme:?}",
                self.label
            ))
        })?;
        Ok(self.sign_with(method, message)?)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("label", &self.label)
            .field("key", &self.door.key)
            .field("schemes", &self.schemes)
            .finish_non_exhaustive()
    }
}
