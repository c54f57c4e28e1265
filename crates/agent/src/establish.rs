//! Carries a TLS handshake over a socket, in either role.

use std::{net::IpAddr, time::Duration};

use ringlock_model::{Direction, PeerName, Security, TlsFacts};
use ringlock_tls::{
    Failed, Handshake, HandshakeFailure, Session, SessionError, TlsState, sealed_size,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    refusal::Refusal,
    signing::{Signing, Step},
};

/// The most that a peer may send before its handshake is over: two flights of the largest
/// certificate chains seen in practice fit several times.
const MAX_HANDSHAKE: usize = 128 * 1024;

/// Room for the first records after a handshake, which hold a few bytes of the databases' own.
const FIRST_RECORD: usize = 2048;

/// How long a refused peer is listened to, so that the alert reaches it before the reset does.
const FAREWELL: Duration = Duration::from_secs(1);

/// A session that is ready, and the bytes that are already there.
pub(crate) struct Secured {
    pub(crate) session: Session,
    /// The last flight of the handshake, not sent yet: what follows goes out with it in one write.
    pub(crate) outgoing: Vec<u8>,
}

/// Dials TLS over a connection to `address`.
pub(crate) async fn dial(
    stream: &mut TcpStream,
    tls: &TlsState,
    address: IpAddr,
    signing: &Signing,
) -> Result<Secured, Refusal> {
    let aside = tls.signs_remotely(Direction::Outbound).then_some(signing);
    drive(stream, tls.dial(address)?, Vec::with_capacity(4096), aside).await
}

/// Accepts TLS from a peer whose first bytes were read already.
pub(crate) async fn accept(
    stream: &mut TcpStream,
    tls: &TlsState,
    first: Vec<u8>,
    signing: &Signing,
) -> Result<Secured, Refusal> {
    let aside = tls.signs_remotely(Direction::Inbound).then_some(signing);
    drive(stream, tls.accept()?, first, aside).await
}

impl Secured {
    /// Adds the database's first bytes to what is to be sent.
    pub(crate) fn seal(&mut self, plaintext: &[u8]) -> Result<(), Refusal> {
        let start = self.outgoing.len();
        self.outgoing
            .resize(start + sealed_size(plaintext.len()), 0);
        let sealed = self.session.seal(plaintext, &mut self.outgoing[start..])?;
        self.outgoing.truncate(start + sealed);
        Ok(())
    }

    /// What protects the link and whom it leads to. The session's own copy is given back.
    pub(crate) fn describe(&mut self, identity: Option<PeerName>) -> Result<Security, Refusal> {
        let facts = self.session.facts().cloned();
        self.session.forget_peer();
        let facts = facts.ok_or(SessionError::NotEstablished)?;
        Ok(Security::Tls(TlsFacts { identity, ..facts }))
    }

    /// The peer's first bytes, if they came with the end of the handshake.
    pub(crate) fn open_early(&mut self) -> Result<ringlock_tls::Early, Refusal> {
        self.session.open_early(&mut self.outgoing).map_err(broken)
    }

    /// Sends what is to be sent, and waits for more of the peer's first bytes.
    pub(crate) async fn receive(
        &mut self,
        stream: &mut TcpStream,
        early: &mut ringlock_tls::Early,
    ) -> Result<(), Refusal> {
        stream.write_all(&self.outgoing).await?;
        self.outgoing.clear();
        let carried = self.session.carried();
        let mut incoming = Vec::with_capacity(carried.len() + FIRST_RECORD);
        incoming.extend_from_slice(carried);
        if stream.read_buf(&mut incoming).await? == 0 {
            return Err(Refusal::ClosedEarly);
        }
        let start = early.plaintext.len();
        early.plaintext.resize(start + incoming.len(), 0);
        let room = &mut early.plaintext[start..];
        match self.session.open(&incoming, room, &mut self.outgoing) {
            Ok(opened) => {
                early.plaintext.truncate(start + opened.plaintext);
                early.ended = opened.ended;
                Ok(())
            }
            Err(error) => {
                farewell(stream, &self.outgoing).await;
                Err(broken(error))
            }
        }
    }
}

/// In TLS 1.3 a peer refuses this node's certificate when its own side of the handshake is over.
fn broken(error: SessionError) -> Refusal {
    match error {
        SessionError::Peer(failure) => failure.into(),
        error => error.into(),
    }
}

/// `aside` is where a step is made that may have to wait for its signature.
async fn drive(
    stream: &mut TcpStream,
    mut session: Session,
    mut incoming: Vec<u8>,
    aside: Option<&Signing>,
) -> Result<Secured, Refusal> {
    let mut outgoing = Vec::with_capacity(2048);
    let mut received = incoming.len();
    loop {
        let turn = match aside {
            // The first step of one who dials has nothing to sign yet.
            Some(signing) if !incoming.is_empty() => {
                let step = Step::new(session, incoming, outgoing);
                // Boxed, so that a handshake whose key is at hand does not carry it.
                let (made, turn) = Box::pin(signing.make(step)).await?;
                (session, incoming, outgoing) = (made.session, made.incoming, made.outgoing);
                turn
            }
            _ => session.handshake(&mut incoming, &mut outgoing),
        };
        match turn {
            Ok(Handshake::Done) => return Ok(Secured { session, outgoing }),
            Ok(Handshake::NeedsBytes) => {
                stream.write_all(&outgoing).await?;
                outgoing.clear();
                received += read_more(stream, &mut incoming).await?;
                if received > MAX_HANDSHAKE {
                    return Err(Refusal::HandshakeTooLong(received));
                }
            }
            Err(Failed { failure, alert }) => {
                outgoing.extend_from_slice(&alert);
                farewell(stream, &outgoing).await;
                return Err(failure.into());
            }
        }
    }
}

async fn read_more(stream: &mut TcpStream, incoming: &mut Vec<u8>) -> Result<usize, Refusal> {
    match stream.read_buf(incoming).await {
        Ok(0) => Err(HandshakeFailure::Closed.into()),
        Ok(read) => Ok(read),
        // A peer that knows no TLS often resets instead of closing.
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {
            Err(HandshakeFailure::Closed.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Sends the alert and lets it arrive: a socket that is closed with unread bytes is reset, and the
/// reset overtakes the alert in the peer's kernel.
async fn farewell(stream: &mut TcpStream, bytes: &[u8]) {
    let said = async {
        stream.write_all(bytes).await?;
        stream.shutdown().await?;
        let mut rest = [0; 1024];
        let mut budget = MAX_HANDSHAKE / rest.len();
        while budget > 0 && stream.read(&mut rest).await? > 0 {
            budget -= 1;
        }
        Ok::<_, std::io::Error>(())
    };
    // The refusal is on record whether or not the peer stays to hear it.
    let _heard = timeout(FAREWELL, said).await;
}
