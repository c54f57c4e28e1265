//! One direction of a relay.

use std::{
    io::{self, IoSliceMut},
    pin::Pin,
    task::{Context, Poll, ready},
};

use ringlock_model::Direction;
use ringlock_tls::{MAX_RECORD, Session};
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::TcpStream,
};

use super::{
    Relay, RelayError, Transport,
    buffer::{Buffer, CHUNK, Pending},
};
use crate::{linger, links::LinkHandle, overheard::Overheard};

/// The most that waits to be answered before the peer is no longer listened to.
const MAX_CONTROL: usize = 4096;

/// The records that a chunk becomes at the most.
const SLOTS: usize = CHUNK.div_ceil(MAX_RECORD);

/// Where one direction stands.
pub(super) struct Flow {
    stage: Stage,
    /// Bytes that the receiver has not taken yet. Nothing is read while there are any, so that
    /// back-pressure is TCP's own.
    pending: Option<Pending>,
    /// What goes out before the next bytes that are read: early data, key updates.
    control: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Bytes are carried.
    Open,
    /// The sender has ended; the end is still to be said to the receiver.
    Ending,
    /// The goodbye is being written.
    Flushing,
    /// Nothing more will happen.
    Ended,
}

/// Whether a direction is over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FlowEnd {
    Open,
    Ended,
}

impl Flow {
    pub(super) fn new(control: Vec<u8>) -> Self {
        Self {
            stage: Stage::Open,
            pending: None,
            control,
        }
    }

    /// Ends the direction as if its sender had.
    pub(super) fn end(&mut self) {
        if self.stage == Stage::Open {
            self.stage = Stage::Ending;
        }
    }

    /// Writes what is there, until nothing is left.
    fn poll_flush(&mut self, to: &mut TcpStream, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(pending) = &mut self.pending {
            let written = ready!(Pin::new(&mut *to).poll_write(cx, pending.bytes()))?;
            if pending.advance(written) {
                self.pending = None;
            }
        }
        while !self.control.is_empty() {
            let written = ready!(Pin::new(&mut *to).poll_write(cx, &self.control))?;
            self.control.drain(..written);
            if self.control.is_empty() {
                self.control = Vec::new();
            }
        }
        Poll::Ready(Ok(()))
    }

    pub(super) fn has_pending(&self) -> bool {
        self.pending.is_some()
    }

    pub(super) fn control(&self) -> &[u8] {
        &self.control
    }

    fn is_over(&self) -> FlowEnd {
        match self.stage {
            Stage::Ended => FlowEnd::Ended,
            Stage::Open | Stage::Ending | Stage::Flushing => FlowEnd::Open,
        }
    }
}

impl Relay {
    /// Carries bytes from the database to the peer as far as both sockets allow.
    pub(super) fn poll_outward(&mut self, cx: &mut Context<'_>) -> Result<FlowEnd, RelayError> {
        while self.outward.stage != Stage::Ended {
            match self.outward.poll_flush(&mut self.peer, cx) {
                Poll::Ready(flushed) => flushed.map_err(RelayError::Peer)?,
                Poll::Pending => break,
            }
            match self.outward.stage {
                Stage::Open => match self.poll_take_out(cx) {
                    Poll::Ready(taken) => taken?,
                    Poll::Pending => break,
                },
                Stage::Ending => self.say_goodbye()?,
                Stage::Flushing => {
                    shut_down(&mut self.peer, cx).map_err(RelayError::Peer)?;
                    self.outward.stage = Stage::Ended;
                }
                Stage::Ended => {}
            }
        }
        Ok(self.outward.is_over())
    }

    /// Carries bytes from the peer to the database as far as both sockets allow.
    pub(super) fn poll_inward(&mut self, cx: &mut Context<'_>) -> Result<FlowEnd, RelayError> {
        while self.inward.stage != Stage::Ended {
            match self.inward.poll_flush(&mut self.database, cx) {
                Poll::Ready(flushed) => flushed.map_err(RelayError::Database)?,
                Poll::Pending => break,
            }
            match self.inward.stage {
                Stage::Open => match self.poll_take_in(cx) {
                    Poll::Ready(taken) => taken?,
                    Poll::Pending => break,
                },
                Stage::Ending | Stage::Flushing => {
                    shut_down(&mut self.database, cx).map_err(RelayError::Database)?;
                    self.inward.stage = Stage::Ended;
                }
                Stage::Ended => {}
            }
        }
        // What `open` had to answer goes out with the other direction.
        if !self.outward.control.is_empty() && self.outward.stage != Stage::Ended {
            self.poll_outward(cx)?;
        }
        Ok(self.inward.is_over())
    }

    /// Reads a chunk from the database and makes it what the peer is to get: in TLS in the very
    /// buffer that it was read into.
    fn poll_take_out(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RelayError>> {
        let mut chunk = Buffer::take();
        let (read, length) = match &mut self.transport {
            Transport::Clear(overheard) => {
                let read = ready!(poll_read(&mut self.database, &mut chunk[..CHUNK], cx))
                    .map_err(RelayError::Database)?;
                hear(overheard, &self.link, Direction::Outbound, &chunk[..read]);
                (read, read)
            }
            Transport::Tls(session) => {
                session
                    .refresh_key(CHUNK, &mut self.outward.control)
                    .map_err(RelayError::Tls)?;
                if !self.outward.control.is_empty() {
                    // What announces the new key goes first.
                    return Poll::Ready(Ok(()));
                }
                let read = ready!(poll_read_slots(&self.database, session, &mut chunk, cx))?;
                let sealed = session
                    .seal_slots(&mut chunk, read)
                    .map_err(RelayError::Tls)?;
                (read, sealed)
            }
        };
        if read == 0 {
            self.outward.end();
            return Poll::Ready(Ok(()));
        }
        self.link.count_sent(read);
        linger::carried();
        self.outward.pending = Some(Pending::new(chunk, length));
        Poll::Ready(Ok(()))
    }

    /// Reads a chunk from the peer and makes it what the database is to get.
    fn poll_take_in(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RelayError>> {
        if self.outward.control.len() > MAX_CONTROL {
            // The peer asks for answers and takes none. When it does, this task is woken.
            return Poll::Pending;
        }
        let mut chunk = Buffer::take();
        let carried = match &self.transport {
            Transport::Clear(_) => 0,
            Transport::Tls(session) => carry_over(session, &mut chunk),
        };
        let room = &mut chunk[carried..carried + CHUNK];
        let read = ready!(poll_read(&mut self.peer, room, cx)).map_err(RelayError::Peer)?;
        if read == 0 {
            return Poll::Ready(self.peer_closed());
        }
        let received = match &mut self.transport {
            Transport::Clear(overheard) => {
                hear(overheard, &self.link, Direction::Inbound, &chunk[..read]);
                self.inward.pending = Some(Pending::new(chunk, read));
                read
            }
            Transport::Tls(session) => {
                let mut plaintext = Buffer::take();
                let opened = session
                    .open(
                        &chunk[..carried + read],
                        &mut plaintext,
                        &mut self.outward.control,
                    )
                    .map_err(RelayError::Tls)?;
                if opened.ended {
                    self.inward.end();
                }
                let cleared = self.introduce(&mut plaintext, opened.plaintext)?;
                if cleared > 0 {
                    self.inward.pending = Some(Pending::new(plaintext, cleared));
                }
                opened.plaintext
            }
        };
        self.link.count_received(received);
        linger::carried();
        Poll::Ready(Ok(()))
    }

    /// Examines what a peer still says of itself, and says how much of it may go on.
    fn introduce(&mut self, plaintext: &mut Buffer, length: usize) -> Result<usize, RelayError> {
        let Some(introduction) = &mut self.introduction else {
            return Ok(length);
        };
        let (cleared, is_over) = introduction
            .go_on(plaintext, length)
            .map_err(|refusal| RelayError::Refused(Box::new(refusal)))?;
        if is_over {
            self.introduction = None;
        }
        Ok(cleared)
    }

    fn peer_closed(&mut self) -> Result<(), RelayError> {
        match &self.transport {
            Transport::Clear(_) => {
                self.inward.end();
                Ok(())
            }
            Transport::Tls(_) => Err(RelayError::Truncated),
        }
    }

    /// The database has ended: tells a TLS peer so before the FIN does.
    fn say_goodbye(&mut self) -> Result<(), RelayError> {
        if let Transport::Tls(session) = &mut self.transport {
            let mut records = Buffer::take();
            let length = session.close(&mut records).map_err(RelayError::Tls)?;
            if length > 0 {
                self.outward.pending = Some(Pending::new(records, length));
            }
        }
        self.outward.stage = Stage::Flushing;
        Ok(())
    }
}

/// Takes down what one side says in clear, until both have said it.
fn hear(
    overheard: &mut Option<Box<Overheard>>,
    link: &LinkHandle,
    flowing: Direction,
    bytes: &[u8],
) {
    let Some(heard) = overheard else { return };
    if flowing == link.direction() {
        heard.hear_dialler(bytes);
    } else {
        heard.hear_answerer(bytes);
    }
    if heard.is_over() {
        link.tell_native(heard.facts().clone());
        *overheard = None;
    }
}

fn carry_over(session: &Session, chunk: &mut Buffer) -> usize {
    let carried = session.carried();
    chunk[..carried.len()].copy_from_slice(carried);
    carried.len()
}

fn poll_read(
    from: &mut TcpStream,
    room: &mut [u8],
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let mut buffer = ReadBuf::new(room);
    ready!(Pin::new(from).poll_read(cx, &mut buffer))?;
    Poll::Ready(Ok(buffer.filled().len()))
}

/// Reads a chunk to the places where the session seals it.
fn poll_read_slots(
    from: &TcpStream,
    session: &Session,
    chunk: &mut Buffer,
    cx: &mut Context<'_>,
) -> Poll<Result<usize, RelayError>> {
    loop {
        ready!(from.poll_read_ready(cx)).map_err(RelayError::Database)?;
        let mut slots = session.slots(chunk).map_err(RelayError::Tls)?;
        let mut room: [IoSliceMut<'_>; SLOTS] =
            std::array::from_fn(|_| IoSliceMut::new(slots.next().unwrap_or_default()));
        match from.try_read_vectored(&mut room) {
            Ok(read) => {
                if 0 < read && read < CHUNK {
                    forget_readiness(from);
                }
                return Poll::Ready(Ok(read));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Poll::Ready(Err(RelayError::Database(error))),
        }
    }
}

/// Notes that a socket was read empty. A read that did not fill its room says so; without this the
/// runtime would learn it by one more system call each time.
fn forget_readiness(socket: &TcpStream) {
    // The answer is the one that was given.
    let _would_block: io::Result<()> =
        socket.try_io(Interest::READABLE, || Err(io::ErrorKind::WouldBlock.into()));
}

/// Sends FIN. TCP's own shutdown never waits, and a socket that is gone already needs none.
fn shut_down(socket: &mut TcpStream, cx: &mut Context<'_>) -> io::Result<()> {
    match Pin::new(socket).poll_shutdown(cx) {
        Poll::Ready(Err(error)) if error.kind() != io::ErrorKind::NotConnected => Err(error),
        Poll::Ready(_) | Poll::Pending => Ok(()),
    }
}
