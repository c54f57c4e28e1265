use std::{fmt, sync::Arc};

use ringlock_pki::{Scheme, Signer, SignerError};
use rustls_pki_types::{CertificateDer, SubjectPublicKeyInfoDer};

use crate::{
    TokenConfig, TokenError, mechanism,
    mechanism::Method,
    module::Module,
    public_key,
    session::Door,
    sessions::{Sessions, TokenId},
    uri::Pin,
};

/// What is signed to see whether key and public half belong together. It cannot be mistaken for
/// a handshake: those begin with 64 blanks, or with both sides' random numbers.
const PROOF: &[u8] = b"Does this private key belong to the public key beside it?";

/// A private key in a token, ready to sign, with the certificates that lie beside it.
///
/// It signs from several threads at once, as many as it has sessions; the others wait. When it
/// is dropped, and no other of the same token is left, its sessions end.
pub struct Token {
    door: Door,
    label: String,
    public: SubjectPublicKeyInfoDer<'static>,
    methods: Vec<Method>,
    schemes: Vec<Scheme>,
    certificates: Vec<CertificateDer<'static>>,
    sessions: Arc<Sessions>,
    pin_is_proven: bool,
}

/// Opens the token that `config` names and logs in with `pin`, of which a copy is kept for the
/// time after the token was taken out and put back; it is wiped when the token is dropped.
///
/// One message is signed, to prove that the key works and belongs to the public key or
/// certificate beside it. While another [`Token`] of this process is logged in to the same token,
/// its sessions are used, however many and patient they are, and the PIN is not asked for: see
/// [`pin_is_proven`](Token::pin_is_proven).
///
/// # Errors
/// [`TokenError`] says what is missing, and never holds the PIN.
pub fn open(config: &TokenConfig, pin: &str) -> Result<Arc<Token>, TokenError> {
    let door = Door {
        module: Module::load(&config.module)?,
        token: config.token.clone(),
        key: config.key.clone(),
        pin: Arc::new(Pin::from(pin)),
    };
    let (info, mechanisms) = door.look()?;
    let sessions = match Sessions::of(&TokenId::new(&door, &info)) {
        Some(sessions) => sessions,
        None => Sessions::begin(&door, door.enter()?, config),
    };
    let found = sessions.lend(&door, |session| session.find(&door, &info))?;
    let label = info.label().to_owned();
    let methods = mechanism::methods(found.kind, &mechanisms, &label)?;
    let token = Token {
        schemes: methods.iter().map(|method| method.scheme).collect(),
        pin_is_proven: !info.login_required() || sessions.have_proven(&door.pin),
        sessions,
        door,
        label,
        public: found.public,
        methods,
        certificates: found.certificates,
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

    /// Whether the token has taken the PIN that this was opened with. It has not where this
    /// process was logged in by another one before: that login goes on, and only the next one,
    /// after a restart or when the token was taken out, shows whether the PIN is right. To prove
    /// it now, everybody would have to be logged out, with no way back if the old PIN has become
    /// wrong meanwhile.
    pub fn pin_is_proven(&self) -> bool {
        self.pin_is_proven
    }

    fn sign_with(&self, method: Method, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        let (door, public) = ((&self.door, self.label.as_str()), &self.public);
        self.sessions.lend(&self.door, |session| {
            session.sign(door, public, method, message)
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
