//! What a dialling TLS peer says of itself, read before the database hears it.
//!
//! ```text
//!   4.0 and later   peer ── Initiate ──▶ ?          before the database is dialled
//!                        ── StreamInit ─▶ ?         a stream's next words, in the relay
//!   3.x             peer ── header ──▶ database     before the database is dialled
//!                        ◀─ version ──
//!                        ── address ──▶ ?           in the relay
//! ```
//!
//! Nothing is altered. A part that claims an address goes on whole or not at all; once no more
//! claims can follow, the relay forgets that there was an introduction.

use ringlock_policy::{Claimant, claim};
use ringlock_tls::Early;
use ringlock_wire::claim::{LONGEST_PART, Stage};
use tokio::net::TcpStream;

use crate::{detect::excerpt, establish::Secured, refusal::Refusal};

/// A peer that has not said all of what it claims to be.
#[derive(Debug)]
pub(crate) struct Introduction {
    claimant: Claimant,
    stage: Stage,
    /// The beginning of a part, which the database does not get yet.
    held: Vec<u8>,
}

/// What may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// So many bytes from the front.
    Cleared(usize),
    /// Everything, from now on.
    Over,
}

impl Introduction {
    pub(crate) fn new(claimant: Claimant) -> Self {
        Self {
            claimant,
            stage: Stage::Opening,
            held: Vec::new(),
        }
    }

    /// Waits for a peer's first part and examines it. What may go on stays in `early`; what is
    /// still to be said is given back.
    pub(crate) async fn begin(
        mut self,
        peer: &mut TcpStream,
        secured: &mut Secured,
        early: &mut Early,
    ) -> Result<Option<Box<Self>>, Refusal> {
        loop {
            match self.examine(&early.plaintext)? {
                Progress::Over => return Ok(None),
                Progress::Cleared(0) if early.ended => return Err(Refusal::ClosedEarly),
                Progress::Cleared(0) => secured.receive(peer, early).await?,
                Progress::Cleared(length) => {
                    self.held = early.plaintext.split_off(length);
                    return Ok(Some(Box::new(self)));
                }
            }
        }
    }

    /// Bytes that were received and are not passed on yet.
    pub(crate) fn held(&self) -> usize {
        self.held.len()
    }

    /// Examines the `length` bytes at the front of `buffer`, which came behind those that were
    /// held, and leaves there what may go on. It is said how much that is, and whether the
    /// introduction is over. `buffer` must have room for [`LONGEST_PART`] more bytes.
    pub(crate) fn go_on(
        &mut self,
        buffer: &mut [u8],
        length: usize,
    ) -> Result<(usize, bool), Refusal> {
        let held = std::mem::take(&mut self.held);
        let length = held.len() + length;
        buffer.copy_within(..length - held.len(), held.len());
        buffer[..held.len()].copy_from_slice(&held);
        match self.examine(&buffer[..length])? {
            Progress::Over => Ok((length, true)),
            Progress::Cleared(cleared) => {
                self.held = buffer[cleared..length].to_vec();
                debug_assert!(self.held.len() < LONGEST_PART);
                Ok((cleared, false))
            }
        }
    }

    fn examine(&mut self, bytes: &[u8]) -> Result<Progress, Refusal> {
        let mut cleared = 0;
        loop {
            let rest = &bytes[cleared..];
            let part = match self.stage.read(rest) {
                Ok(Some(part)) => part,
                Ok(None) => return Ok(Progress::Cleared(cleared)),
                Err(why) => return Err(Refusal::Garbage(format!("{}; {why}", excerpt(rest)))),
            };
            if let Some(claimed) = part.claim {
                claim(&self.claimant, claimed)?;
            }
            cleared += part.length;
            match part.next {
                Some(next) => self.stage = next,
                None => return Ok(Progress::Over),
            }
        }
    }
}

#[cfg(test)]
mod tests;
