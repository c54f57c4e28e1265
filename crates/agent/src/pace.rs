//! When a database of Cassandra 3 is told that its dial came to nothing.
//!
//! Where nobody listens, a node of 3.x tries again after 100 ms. Behind an agent its own connection
//! always comes about, and one that breaks before the other side has said its version it dials again
//! at once (`OutboundTcpConnection.connect`, where `NO_VERSION` is no exception): some hundred times
//! a second, each with a handshake, for as long as a peer is down. So the agent keeps such a
//! connection for what is left of the 100 ms, and ends it then. Cassandra 4.0 and later
//! waits by itself after either, and is told at once.

use std::{io, os::fd::AsFd as _, time::Duration};

use ringlock_wire::claim::Stage;
use tokio::{
    net::TcpStream,
    time::{Instant, sleep_until, timeout_at},
};

/// `OutboundTcpConnection.OPEN_RETRY_DELAY`.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// More than a node says before it waits for an answer.
const FIRST: usize = 64;

/// The time before which a dial of the database's may not fail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    until: Instant,
    /// Whether the database waits by itself; unknown before it has said something.
    waits_itself: Option<bool>,
}

impl Pace {
    /// The database has just dialled.
    pub(crate) fn begin() -> Self {
        Self {
            until: Instant::now() + RETRY_DELAY,
            waits_itself: None,
        }
    }

    /// The database began with these bytes.
    pub(crate) fn hear(&mut self, first: &[u8]) {
        self.waits_itself = waits_itself(first);
    }

    /// Waits as long as the database would where nobody listens.
    pub(crate) async fn wait(mut self, database: &TcpStream) {
        if self.waits_itself.is_none() {
            let mut first = [0; FIRST];
            match timeout_at(self.until, database.peek(&mut first)).await {
                Ok(Ok(heard @ 1..)) => self.hear(&first[..heard]),
                // It has ended, or has said nothing all the time.
                Ok(Ok(0) | Err(_)) | Err(_) => return,
            }
        }
        if self.waits_itself != Some(true) {
            sleep_until(self.until).await;
        }
    }

    /// As [`Self::wait`], for a connection that was relayed and whose peer ended it without a word:
    /// keeps the socket for so long after its owner has given it up.
    pub(crate) fn keep(self, database: &TcpStream) -> io::Result<()> {
        if self.waits_itself == Some(false) && Instant::now() < self.until {
            let kept = database.as_fd().try_clone_to_owned()?;
            tokio::spawn(async move {
                sleep_until(self.until).await;
                drop(kept);
            });
        }
        Ok(())
    }
}

/// Whether who begins so is no node of 3.x that dials to send messages; unknown if it cannot be told
/// yet.
fn waits_itself(first: &[u8]) -> Option<bool> {
    match Stage::Opening.read(first) {
        Ok(Some(part)) => Some(part.next != Some(Stage::Confirmation)),
        Ok(None) => None,
        Err(_) => Some(true),
    }
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncWriteExt as _, net::TcpListener};

    use super::*;

    /// Cassandra 3.11.19 dials to send messages, and for a stream; 4.0.19 to send messages.
    const MESSAGES_OF_3: &[u8] = b"\xca\x55\x2d\xfa\x00\x00\x0b\x00";
    const STREAM_OF_3: &[u8] = b"\xca\x55\x2d\xfa\x00\x00\x0b\x08";
    const MESSAGES_OF_4: &[u8] =
        b"\xca\x55\x2d\xfa\x0c\x0a\x0c\x11\x06\x0a\x4d\x00\x02\x1b\x58\x2f\xa2\x9f\x66";

    #[test]
    fn only_a_node_of_3_that_dials_for_messages_does_not_wait_by_itself() {
        for (first, expected) in [
            (MESSAGES_OF_3, Some(false)),
            (STREAM_OF_3, Some(true)),
            (MESSAGES_OF_4, Some(true)),
            (b"\x16\x03\x01\x02\x00", Some(true)),
            (&MESSAGES_OF_3[..6], None),
        ] {
            assert_eq!(waits_itself(first), expected, "{first:02x?}");
        }
    }

    #[tokio::test]
    async fn a_node_of_3_is_told_no_sooner_than_it_would_try_again() {
        for is_heard_before in [true, false] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let dialled = TcpStream::connect(listener.local_addr().unwrap()).await;
            let mut dialled = dialled.unwrap();
            let (database, _) = listener.accept().await.unwrap();
            let begun = Instant::now();
            let mut pace = Pace::begin();
            if is_heard_before {
                pace.hear(MESSAGES_OF_3);
            } else {
                dialled.write_all(MESSAGES_OF_3).await.unwrap();
            }
            pace.wait(&database).await;
            assert!(begun.elapsed() >= RETRY_DELAY);
        }
    }

    #[tokio::test]
    async fn a_connection_that_is_given_up_stays_until_then() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dialled = TcpStream::connect(listener.local_addr().unwrap()).await;
        let (database, _) = listener.accept().await.unwrap();
        let begun = Instant::now();
        let mut pace = Pace::begin();
        pace.hear(MESSAGES_OF_3);
        pace.keep(&database).unwrap();
        drop(database);
        let mut byte = [0];
        let ended = dialled.unwrap().peek(&mut byte).await;
        assert_eq!(ended.unwrap(), 0);
        assert!(begun.elapsed() >= RETRY_DELAY);
    }
}
