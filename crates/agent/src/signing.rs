//! Handshakes whose key is elsewhere, such as in a token.
//!
//! A step of such a handshake blocks until the key's owner has signed, which takes a token
//! milliseconds and a network HSM more. A worker that waited would stop relaying meanwhile, so
//! these steps are made on threads of their own. Keys in memory never come here.

use std::sync::Arc;

use ringlock_tls::{Failed, Handshake, HandshakeFailure, Session};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// Steps that are under way at once, of all workers. More than a token has sessions for: one
/// waits in line there while another's answer is on its way to its peer.
const AT_ONCE: usize = 16;

/// Makes steps where they may block.
pub(crate) struct Signing {
    places: Arc<Semaphore>,
}

/// What a step of a handshake takes and gives back.
pub(crate) struct Step {
    pub(crate) session: Session,
    pub(crate) incoming: Vec<u8>,
    pub(crate) outgoing: Vec<u8>,
}

impl Step {
    pub(crate) fn new(session: Session, incoming: Vec<u8>, outgoing: Vec<u8>) -> Self {
        Self {
            session,
            incoming,
            outgoing,
        }
    }
}

impl Default for Signing {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl Signing {
    /// Makes one step of a handshake on another thread.
    ///
    /// Whoever stops waiting leaves the step behind; its place is taken until it ends, so that a
    /// token that hangs holds no more threads than there are places.
    pub(crate) async fn make(
        &self,
        step: Step,
    ) -> Result<(Step, Result<Handshake, Failed>), HandshakeFailure> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let made = spawn_blocking(move || {
            let _place = place;
            let mut step = step;
            let turn = step
                .session
                .handshake(&mut step.incoming, &mut step.outgoing);
            (step, turn)
        });
        made.await
            .map_err(|error| HandshakeFailure::NotSigned(error.to_string()))
    }
}

#[cfg(test)]
mod tests;
