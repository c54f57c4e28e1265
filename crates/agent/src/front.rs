//! Peers are let come while the database listens, and refused by the kernel while it does not.
//!
//! Without an agent nobody answers at the port of a database that is down. An agent that took the
//! connection, shook hands and then found nobody to hand it to would show a peer something else:
//! Cassandra 3 redials at once what broke after it had come about, with a handshake each time.
//! So the agent's own sockets for peers listen only while one of the database's does.

use std::{io, net::TcpListener};

use ringlock_model::Direction;
use tokio::sync::watch;

use crate::{
    conn::Entry,
    worker::{BACKLOG, Door},
};

/// The sockets that peers' redirected connections come in by.
pub(crate) struct Front {
    sockets: Vec<TcpListener>,
    complained: bool,
}

/// Whether they listen.
pub(crate) struct IsOpen(watch::Sender<bool>);

impl Front {
    /// Those among `doors`.
    pub(crate) fn of(doors: &[Door]) -> io::Result<Self> {
        let front = doors.iter().filter(|door| is_front(door.entry));
        let front = front.map(|door| door.socket.try_clone());
        Ok(Self {
            sockets: front.collect::<Result<_, _>>()?,
            complained: false,
        })
    }

    /// Has them listen from now on, or not.
    pub(crate) fn set(&mut self, open: bool, is_open: &IsOpen) {
        if is_open.is_open() == open {
            return;
        }
        for socket in &self.sockets {
            let done = if open {
                ringlock_net::take_callers(socket, BACKLOG)
            } else {
                ringlock_net::refuse_callers(socket)
            };
            if let Err(error) = done {
                // It is tried again at the next look.
                if !self.complained {
                    self.complained = true;
                    tracing::error!(%error, open, "the port for peers cannot be opened or closed");
                }
                return;
            }
        }
        self.complained = false;
        if open {
            tracing::info!("the database listens; peers are let in");
        } else {
            tracing::info!("the database does not listen; peers are refused as by it");
        }
        is_open.0.send_replace(open);
    }
}

/// Whether a connection of that kind is of a peer that dialled the database.
pub(crate) fn is_front(entry: Entry) -> bool {
    matches!(entry, Entry::Redirected(Direction::Inbound))
}

impl IsOpen {
    /// Whether they listen now.
    pub(crate) fn is_open(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until they listen.
    pub(crate) async fn opened(&self) {
        let mut is_open = self.0.subscribe();
        // An error means that the agent is gone, which ends whoever waits.
        let _opened_or_gone = is_open.wait_for(|open| *open).await;
    }
}

impl Default for IsOpen {
    /// They listen when the agent starts.
    fn default() -> Self {
        Self(watch::Sender::new(true))
    }
}
