//! Carries bytes between the database and the peer until both directions have ended.
//!
//! ```text
//!             outward: read → seal → write
//!   database ─────────────────────────────▶ peer
//!            ◀─────────────────────────────
//!             inward: write ← open ← read
//! ```
//!
//! Half-close is kept: the end of one direction becomes `close_notify` and FIN on the other side
//! while the opposite direction goes on. A reset becomes a reset. A TLS peer that closes without
//! `close_notify` may have been cut off by an attacker, so the database gets a reset and not the
//! clean end that it would take for the whole message.

pub(crate) mod buffer;
mod flow;

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use ringlock_model::Direction;
use ringlock_policy::Permit;
use ringlock_tls::{Session, SessionError};
use tokio::{io::AsyncWrite, net::TcpStream};

use self::flow::{Flow, FlowEnd};
use crate::{
    introduction::Introduction,
    links::LinkHandle,
    overheard::Overheard,
    refusal::{REFUSED_BY_PEER, Refusal, SESSION_BROKEN},
};

/// How the bytes between both sockets are protected.
pub(crate) enum Transport {
    /// As they are; a handshake of the databases' own is listened to until it is over.
    Clear(Option<Box<Overheard>>),
    /// TLS towards the peer.
    Tls(Session),
}

/// Both ends of a permitted connection.
pub(crate) struct Relay {
    database: TcpStream,
    peer: TcpStream,
    transport: Transport,
    outward: Flow,
    inward: Flow,
    link: Arc<LinkHandle>,
    /// Absent as soon as the peer can claim nothing more about itself.
    introduction: Option<Box<Introduction>>,
    turned: bool,
}

/// How a relayed connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Both sides closed in order.
    Closed,
    /// The database reset its connection, or was unreachable in the middle.
    DatabaseReset,
    /// The peer reset its connection, or was unreachable in the middle.
    PeerReset,
    /// The peer closed without `close_notify`.
    Truncated,
    /// The peer ended it with an alert.
    Alerted,
    /// The peer's bytes were no valid records.
    BrokenRecords,
    /// It was ended by order: a change of mode, a drain.
    Ordered,
    /// The peer claimed to be another node, or spoke another protocol; counted under this code.
    Refused(&'static str),
}

impl End {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::DatabaseReset => "the database reset it",
            Self::PeerReset => "the peer reset it",
            Self::Truncated => "the peer closed without close_notify",
            Self::Alerted => "the peer ended it with an alert",
            Self::BrokenRecords => "the peer's records were broken",
            Self::Ordered => "ended by order",
            Self::Refused(_) => "refused",
        }
    }
}

/// Which socket an error came from.
#[derive(Debug)]
pub(crate) enum RelayError {
    Database(io::Error),
    Peer(io::Error),
    Truncated,
    Tls(ringlock_tls::SessionError),
    Refused(Box<Refusal>),
}

/// Bytes that were read before the relay began and are still to be written.
#[derive(Default)]
pub(crate) struct Early {
    /// Towards the peer, in the form in which they are to be sent.
    pub(crate) outward: Vec<u8>,
    /// Towards the database.
    pub(crate) inward: Vec<u8>,
    /// Whether the peer has ended its direction behind `inward`.
    pub(crate) inward_ended: bool,
    /// How many bytes of the database's are in `outward`, before they were sealed.
    pub(crate) sent: usize,
    /// What a dialling peer has still to say of itself, behind `inward`.
    pub(crate) introduction: Option<Box<Introduction>>,
}

impl Relay {
    /// Makes a relay; without a [`Permit`] there is none.
    pub(crate) fn new(
        _permit: Permit,
        database: TcpStream,
        peer: TcpStream,
        transport: Transport,
        early: Early,
        link: Arc<LinkHandle>,
    ) -> Self {
        link.count_sent(early.sent);
        let held = early.introduction.as_ref().map_or(0, |it| it.held());
        link.count_received(early.inward.len() + held);
        let mut inward = Flow::new(early.inward);
        if early.inward_ended {
            inward.end();
        }
        Self {
            database,
            peer,
            transport,
            outward: Flow::new(early.outward),
            inward,
            link,
            introduction: early.introduction,
            turned: false,
        }
    }

    pub(crate) fn database(&self) -> &TcpStream {
        &self.database
    }

    pub(crate) fn link(&self) -> &LinkHandle {
        &self.link
    }

    /// Relays as far as both sockets allow; ready when both directions have ended.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        // Asked also of a link that was turned: it may be cut yet.
        if self.link.poll_turn(cx).is_ready() && !self.turned {
            self.turn(cx);
        }
        if self.link.is_cut() {
            self.reset(true, true);
            return Poll::Ready(End::Ordered);
        }
        match self.poll_flows(cx) {
            Ok(true) => Poll::Ready(if self.turned {
                End::Ordered
            } else {
                End::Closed
            }),
            Ok(false) => Poll::Pending,
            Err(error) => Poll::Ready(self.fail(error)),
        }
    }

    fn poll_flows(&mut self, cx: &mut Context<'_>) -> Result<bool, RelayError> {
        let outward = self.poll_outward(cx)?;
        let inward = self.poll_inward(cx)?;
        Ok(outward == FlowEnd::Ended && inward == FlowEnd::Ended)
    }

    /// Ends the side that dialled, gently: it sees the end of the stream, closes, and dials anew,
    /// while everything that it had sent before is still carried to the other side.
    fn turn(&mut self, cx: &mut Context<'_>) {
        self.turned = true;
        match self.link.direction() {
            Direction::Outbound => {
                // A failure shows at the next read of the same socket, which sorts it.
                let _shown_by_read = Pin::new(&mut self.database).poll_shutdown(cx);
            }
            Direction::Inbound => self.outward.end(),
        }
    }

    fn fail(&self, error: RelayError) -> End {
        match error {
            RelayError::Database(error) => {
                tracing::debug!(%error, link = %self.link, "the database's side failed");
                self.reset(false, true);
                End::DatabaseReset
            }
            RelayError::Peer(error) => {
                tracing::debug!(%error, link = %self.link, "the peer's side failed");
                self.reset(true, false);
                End::PeerReset
            }
            RelayError::Truncated => {
                self.reset(true, false);
                End::Truncated
            }
            RelayError::Tls(SessionError::Peer(failure)) => {
                // The same line as for any other refusal, though this one comes late.
                tracing::warn!(
                    peer = %self.link.peer(),
                    direction = %self.link.direction(),
                    code = REFUSED_BY_PEER,
                    "refused: {failure}"
                );
                self.reset(true, false);
                End::Alerted
            }
            RelayError::Refused(refusal) => {
                let code = refusal.code();
                tracing::warn!(
                    from = %self.link.peer(),
                    direction = %self.link.direction(),
                    code,
                    "refused: {refusal}"
                );
                self.reset(true, true);
                End::Refused(code)
            }
            RelayError::Tls(error) => {
                tracing::warn!(
                    peer = %self.link.peer(),
                    direction = %self.link.direction(),
                    code = SESSION_BROKEN,
                    "refused: the TLS session broke: {error}"
                );
                self.say_alert();
                self.reset(true, false);
                End::BrokenRecords
            }
        }
    }

    /// Tells the peer why, as far as that is possible without waiting for it.
    fn say_alert(&self) {
        if !self.outward.has_pending()
            && let Err(error) = self.peer.try_write(self.outward.control())
        {
            tracing::debug!(%error, link = %self.link, "the peer could not be told");
        }
    }

    fn reset(&self, database: bool, peer: bool) {
        for (reset, socket) in [(database, &self.database), (peer, &self.peer)] {
            if reset && let Err(error) = ringlock_net::reset_on_close(socket) {
                tracing::debug!(%error, link = %self.link, "a side ends with FIN instead of reset");
            }
        }
    }
}
