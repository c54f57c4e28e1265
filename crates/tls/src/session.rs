mod established;
mod step;
mod traffic;

use std::{borrow::Cow, mem, sync::Arc};

use ringlock_model::{KeyExchange, TlsFacts};
use rustls::{
    ClientConfig, CommonState, Error, HandshakeKind, ProtocolVersion, ServerConfig,
    client::UnbufferedClientConnection,
    pki_types::{CertificateDer, ServerName},
    server::UnbufferedServerConnection,
};

pub(crate) use self::traffic::Traffic;
use self::{
    established::Established,
    step::{Step, handshake_step},
};
use crate::{
    HandshakeFailure, legacy,
    record::{MAX_RECORD, MOST_OVERHEAD, RecordError},
    suites,
};

/// The type of a record that holds an alert in the clear (RFC 8446 §5.1).
const ALERT: u8 = 21;

/// The alert `internal_error`, in the clear (RFC 8446 §6).
const INTERNAL_ERROR: [u8; 7] = [ALERT, 3, 3, 0, 2, 2, 80];

/// Room for what may go out together with sealed records, or instead of them: the announcement of
/// a new key, or an alert.
const CONTROL_ROOM: usize = 96;

/// The size that `plaintext` bytes can grow to when they are sealed.
pub const fn sealed_size(plaintext: usize) -> usize {
    plaintext + plaintext.div_ceil(MAX_RECORD) * MOST_OVERHEAD + CONTROL_ROOM
}

/// One TLS connection, in either role, that does no I/O.
///
/// The handshake is rustls', and afterwards the session keeps the keys and little else; or both
/// are OpenSSL's, for the suites that rustls leaves out. All states are boxed, so that a session
/// is a few words in the future that owns it.
pub struct Session(State);

enum State {
    Handshaking(Box<Connection>),
    /// The same with OpenSSL.
    Legacy(Box<legacy::Handshaking>),
    Established(Box<dyn Traffic>),
    /// The handshake failed.
    Failed,
}

enum Connection {
    Client(UnbufferedClientConnection),
    Server(UnbufferedServerConnection),
}

/// How far [`Session::handshake`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// The peer's next bytes are needed.
    NeedsBytes,
    /// It is over; application data may flow.
    Done,
}

/// A handshake that failed, and the alert that tells the peer.
#[derive(Debug)]
pub struct Failed {
    /// Why.
    pub failure: HandshakeFailure,
    /// Bytes to send before closing; may be empty.
    pub alert: Vec<u8>,
}

/// What [`Session::open`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Bytes of plaintext that were written.
    pub plaintext: usize,
    /// Whether the peer said `close_notify`: nothing more will come from it.
    pub ended: bool,
}

/// What [`Session::open_early`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Early {
    /// Application data.
    pub plaintext: Vec<u8>,
    /// Whether the peer said `close_notify` behind it.
    pub ended: bool,
}

/// Why an established session is broken.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The peer ended the session with an alert.
    #[error("{0}")]
    Peer(HandshakeFailure),
    /// The peer's bytes are no valid records.
    #[error("{0}")]
    Record(#[from] RecordError),
    /// OpenSSL did something else than to seal or open.
    #[error("OpenSSL failed: {0}")]
    OpenSsl(String),
    /// The key schedule or the AEAD failed.
    #[error("the TLS library failed: {0}")]
    Library(#[from] Error),
    /// The suite that was agreed on is none that records are sealed with here.
    #[error("the TLS library agreed on a suite that is not known here")]
    UnknownSuite,
    /// The keys have protected all that they may, and cannot be changed (TLS 1.2).
    #[error("the session's keys are used up")]
    Exhausted,
    /// A buffer was smaller than its documentation asks for.
    #[error("a buffer of {available} bytes is too small for {required}")]
    Buffer {
        /// What was given.
        available: usize,
        /// What is needed.
        required: usize,
    },
    /// The session was used before its handshake was over, or after its end.
    #[error("the session is not established")]
    NotEstablished,
}

/// Calls the same function on whichever role it is; the two share their methods only by name.
macro_rules! process {
    ($connection:expr, $incoming:expr, $status:ident => $body:expr) => {
        match $connection {
            Connection::Client(connection) => {
                let $status = connection.process_tls_records($incoming);
                $body
            }
            Connection::Server(connection) => {
                let $status = connection.process_tls_records($incoming);
                $body
            }
        }
    };
}

impl Session {
    pub(crate) fn client(
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> Result<Self, HandshakeFailure> {
        UnbufferedClientConnection::new(config, name)
            .map(|connection| Self::new(Connection::Client(connection)))
            .map_err(HandshakeFailure::from_rustls)
    }

    pub(crate) fn server(config: Arc<ServerConfig>) -> Result<Self, HandshakeFailure> {
        UnbufferedServerConnection::new(config)
            .map(|connection| Self::new(Connection::Server(connection)))
            .map_err(HandshakeFailure::from_rustls)
    }

    pub(crate) fn legacy(handshaking: legacy::Handshaking) -> Self {
        Self(State::Legacy(Box::new(handshaking)))
    }

    fn new(connection: Connection) -> Self {
        Self(State::Handshaking(Box::new(connection)))
    }

    /// Goes on with the handshake: takes what the peer sent from the front of `incoming` and
    /// appends to `outgoing` what is to be sent.
    ///
    /// It blocks until this node's key has signed, where that is done elsewhere: see
    /// [`TlsState::signs_remotely`](crate::TlsState::signs_remotely).
    ///
    /// At [`Handshake::Done`] all of `incoming` is taken. The peer may have sent application data
    /// already, which [`open_early`](Self::open_early) gives.
    ///
    /// # Errors
    /// [`Failed`] with the alert for the peer.
    pub fn handshake(
        &mut self,
        incoming: &mut Vec<u8>,
        outgoing: &mut Vec<u8>,
    ) -> Result<Handshake, Failed> {
        if let State::Legacy(handshaking) = &mut self.0 {
            let turn = handshaking.advance(incoming, outgoing);
            return self.establish_legacy(turn, incoming);
        }
        let State::Handshaking(connection) = &mut self.0 else {
            return Ok(Handshake::Done);
        };
        let mut consumed = 0;
        let mut early = Early::default();
        let failure = loop {
            let step = process!(&mut **connection, &mut incoming[consumed..], status => {
                handshake_step(status, outgoing, &mut consumed, &mut early.plaintext)
            });
            match step {
                Ok(Step::Again) => {}
                Ok(Step::Rest) if connection.common().is_handshaking() => {
                    incoming.drain(..consumed);
                    return Ok(Handshake::NeedsBytes);
                }
                Ok(Step::Rest) => match self.establish(early, &incoming[consumed..]) {
                    Ok(()) => {
                        incoming.clear();
                        return Ok(Handshake::Done);
                    }
                    Err(failure) => {
                        return Err(Failed {
                            failure,
                            alert: Vec::new(),
                        });
                    }
                },
                Ok(Step::Closed) if connection.common().is_handshaking() => {
                    break HandshakeFailure::Closed;
                }
                // The peer's whole stream came with the end of the handshake.
                Ok(Step::Closed) => early.ended = true,
                Err(error) => break HandshakeFailure::from_rustls(error),
            }
        };
        let (mut alert, is_told) = connection.pending_alert(&mut incoming[consumed..]);
        // The library says nothing then, and a peer that may fall back to plaintext would take
        // silence for a node without TLS.
        if !is_told && matches!(failure, HandshakeFailure::NotSigned(_)) {
            alert.extend_from_slice(&INTERNAL_ERROR);
        }
        self.0 = State::Failed;
        Err(Failed { failure, alert })
    }

    /// What the handshake agreed on, without the peer's name, which is the caller's to find in
    /// [`peer_certificate`](Self::peer_certificate). Absent before the end of the handshake, and
    /// after [`forget_peer`](Self::forget_peer).
    pub fn facts(&self) -> Option<&TlsFacts> {
        self.established().ok()?.facts()
    }

    /// The peer's leaf certificate; absent for a peer that was not asked for one, and after
    /// [`forget_peer`](Self::forget_peer).
    pub fn peer_certificate(&self) -> Option<&CertificateDer<'static>> {
        self.established().ok()?.peer_chain().first()
    }

    /// The peer's chain, its leaf first, as it was shown in this handshake or in the one that was
    /// resumed; empty where [`peer_certificate`](Self::peer_certificate) is absent.
    pub fn peer_chain(&self) -> &[CertificateDer<'static>] {
        self.established().map_or(&[], Traffic::peer_chain)
    }

    /// Gives back the memory of what only the authorization needs to know.
    pub fn forget_peer(&mut self) {
        if let State::Established(established) = &mut self.0 {
            established.forget_peer();
        }
    }

    /// Encrypts `plaintext` to the front of `out` and says how many bytes it became.
    ///
    /// # Errors
    /// [`SessionError::Buffer`] if `out` is smaller than [`sealed_size`] of the plaintext.
    pub fn seal(&mut self, plaintext: &[u8], out: &mut [u8]) -> Result<usize, SessionError> {
        self.established_mut()?.seal(plaintext, out)
    }

    /// Where plaintext belongs in `buffer` to be sealed without a copy by
    /// [`seal_slots`](Self::seal_slots): slots of [`MAX_RECORD`] bytes, as many as `buffer` has
    /// room for.
    ///
    /// # Errors
    /// [`SessionError::NotEstablished`].
    pub fn slots<'b>(
        &self,
        buffer: &'b mut [u8],
    ) -> Result<impl Iterator<Item = &'b mut [u8]>, SessionError> {
        Ok(self.established()?.slots().of(buffer))
    }

    /// Seals the `length` bytes that fill the [`slots`](Self::slots) of `buffer` from the first
    /// on; the records are at its front, and it is said how long they are. A session whose key is
    /// nearly used up wants [`refresh_key`](Self::refresh_key) before.
    ///
    /// # Errors
    /// [`SessionError::Exhausted`] if the key may protect no more.
    pub fn seal_slots(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, SessionError> {
        self.established_mut()?.seal_slots(buffer, length)
    }

    /// Goes over to a new key if the present one may not protect `plaintext` more bytes, and
    /// appends to `outgoing` what has to be sent before anything that is sealed from now on.
    ///
    /// # Errors
    /// [`SessionError::Exhausted`] in TLS 1.2, which has no way to change a key.
    pub fn refresh_key(
        &mut self,
        plaintext: usize,
        outgoing: &mut Vec<u8>,
    ) -> Result<(), SessionError> {
        self.established_mut()?.refresh_key(plaintext, outgoing)
    }

    /// Writes `close_notify` to the front of `out` and says how many bytes it took.
    ///
    /// # Errors
    /// As [`seal`](Self::seal).
    pub fn close(&mut self, out: &mut [u8]) -> Result<usize, SessionError> {
        self.established_mut()?.close(out)
    }

    /// The beginning of a record that is waiting for its rest; its length is less than
    /// [`MAX_SEALED_RECORD`](crate::MAX_SEALED_RECORD).
    pub fn carried(&self) -> &[u8] {
        self.established().map_or(&[], Traffic::carried)
    }

    /// Decrypts all whole records of `incoming`, which begins with what was [`carried`], to the
    /// front of `plaintext`, keeps what is left over, and appends to `outgoing` what the protocol
    /// itself wants to answer: a key update, or the alert for an error.
    ///
    /// # Errors
    /// For records that are not genuine. `plaintext` must be as long as `incoming`.
    ///
    /// [`carried`]: Self::carried
    pub fn open(
        &mut self,
        incoming: &[u8],
        plaintext: &mut [u8],
        outgoing: &mut Vec<u8>,
    ) -> Result<Opened, SessionError> {
        self.established_mut()?.open(incoming, plaintext, outgoing)
    }

    /// Decrypts what came together with the end of the handshake, as [`open`](Self::open) does.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_early(&mut self, outgoing: &mut Vec<u8>) -> Result<Early, SessionError> {
        self.established_mut()?.open_early(outgoing)
    }

    /// Exchanges the library's connection for its keys.
    fn establish(&mut self, early: Early, rest: &[u8]) -> Result<(), HandshakeFailure> {
        let State::Handshaking(connection) = mem::replace(&mut self.0, State::Failed) else {
            return Ok(());
        };
        let established = Established::new(*connection, early, rest)
            .map_err(|error| HandshakeFailure::Other(error.to_string()))?;
        self.0 = State::Established(Box::new(established));
        Ok(())
    }

    /// The same with OpenSSL, which keeps its connection.
    fn establish_legacy(
        &mut self,
        turn: Result<Handshake, Failed>,
        incoming: &mut Vec<u8>,
    ) -> Result<Handshake, Failed> {
        if let Ok(Handshake::NeedsBytes) = turn {
            return turn;
        }
        let State::Legacy(handshaking) = mem::replace(&mut self.0, State::Failed) else {
            return turn;
        };
        turn?;
        let established = handshaking.establish(mem::take(incoming));
        self.0 = State::Established(Box::new(established));
        Ok(Handshake::Done)
    }

    fn established(&self) -> Result<&dyn Traffic, SessionError> {
        match &self.0 {
            State::Established(established) => Ok(&**established),
            State::Handshaking(_) | State::Legacy(_) | State::Failed => {
                Err(SessionError::NotEstablished)
            }
        }
    }

    fn established_mut(&mut self) -> Result<&mut dyn Traffic, SessionError> {
        match &mut self.0 {
            State::Established(established) => Ok(&mut **established),
            State::Handshaking(_) | State::Legacy(_) | State::Failed => {
                Err(SessionError::NotEstablished)
            }
        }
    }
}

impl Connection {
    fn common(&self) -> &CommonState {
        match self {
            Self::Client(connection) => connection,
            Self::Server(connection) => connection,
        }
    }

    fn facts(&self) -> TlsFacts {
        let common = self.common();
        let version = match common.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
            Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
            _ => "unknown",
        };
        let suite = common
            .negotiated_cipher_suite()
            .and_then(|suite| suite.suite().as_str())
            .map_or("unknown", suites::iana_name);
        let group = common
            .negotiated_key_exchange_group()
            .map_or("none", |group| group.name().as_str().unwrap_or("unknown"));
        TlsFacts {
            version: version.into(),
            suite: suite.into(),
            key_exchange: KeyExchange(Cow::Borrowed(group)),
            resumed: common.handshake_kind() == Some(HandshakeKind::Resumed),
            identity: None,
        }
    }

    /// Encodes what a failed handshake left behind, and says whether it ends with an alert that
    /// anybody can see. `incoming` is what was not consumed:
    /// the library's position may lie inside it.
    fn pending_alert(&mut self, incoming: &mut [u8]) -> (Vec<u8>, bool) {
        let mut alert = Vec::new();
        let mut consumed = 0;
        loop {
            let encoded = alert.len();
            let step = process!(self, &mut incoming[consumed..], status => {
                handshake_step(status, &mut alert, &mut consumed, &mut Vec::new())
            });
            // What made the handshake fail may still be there, and must not be judged again.
            let is_told = alert.get(encoded) == Some(&ALERT);
            if is_told || !matches!(step, Ok(Step::Again)) {
                return (alert, is_told);
            }
        }
    }
}

#[cfg(test)]
mod tests;
