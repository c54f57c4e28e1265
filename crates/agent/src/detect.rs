//! Looks at the first bytes of a connection.

use std::{fmt::Write, time::Duration};

use ringlock_wire::{FirstBytes, classify};
use tokio::{io::AsyncReadExt, net::TcpStream, time::timeout};

use crate::refusal::Refusal;

/// The most that is read before it is known what it is. A `ClientHello` with a post-quantum key
/// share fits, so that a handshake rarely needs a second read.
const FIRST_READ: usize = 2048;

/// The first bytes of a connection and what they say.
pub(crate) struct Detected {
    pub(crate) kind: FirstBytes,
    /// All that was read; nothing of it may be lost.
    pub(crate) bytes: Vec<u8>,
}

/// Reads until the protocol is known, for at most `deadline`.
///
/// Answers [`Refusal::ClosedEarly`] for a connection that ends first, and `silent` at the deadline.
pub(crate) async fn detect(
    stream: &mut TcpStream,
    deadline: Duration,
    silent: fn(Duration) -> Refusal,
) -> Result<Detected, Refusal> {
    timeout(deadline, read_first(stream))
        .await
        .map_err(|_| silent(deadline))?
}

async fn read_first(stream: &mut TcpStream) -> Result<Detected, Refusal> {
    let mut bytes = Vec::with_capacity(FIRST_READ);
    loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(Refusal::ClosedEarly);
        }
        match classify(&bytes) {
            FirstBytes::Undecided => {}
            kind => return Ok(Detected { kind, bytes }),
        }
    }
}

/// The beginning of `bytes` for a log line: enough to recognise a protocol, too little to leak
/// what it carries.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes.iter().take(8) {
        // Writing to a string cannot fail.
        let _infallible = write!(text, "{byte:02x} ");
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncWriteExt, net::TcpListener};

    use super::*;

    const AMPLE: Duration = Duration::from_secs(60);

    /// Both ends of a connection over loopback: the peer's, and the one that is looked at.
    async fn connection() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await;
        (peer.unwrap(), listener.accept().await.unwrap().0)
    }

    #[tokio::test]
    async fn all_that_was_read_is_kept() {
        let (mut peer, mut looked_at) = connection().await;
        let message = b"\xCA\x55\x2D\xFA and what follows at once";
        peer.write_all(message).await.unwrap();
        let detected = detect(&mut looked_at, AMPLE, Refusal::SilentPeer).await;
        let detected = detected.ok().unwrap();
        assert_eq!(detected.kind, FirstBytes::Internode);
        assert_eq!(detected.bytes, message);
    }

    #[tokio::test]
    async fn a_beginning_in_two_pieces_is_put_together() {
        let (mut peer, mut looked_at) = connection().await;
        peer.set_nodelay(true).unwrap();
        peer.write_all(b"\x16").await.unwrap();
        let looking = tokio::spawn(async move {
            let detected = detect(&mut looked_at, AMPLE, Refusal::SilentPeer).await;
            detected.ok().map(|detected| detected.kind)
        });
        tokio::task::yield_now().await;
        peer.write_all(b"\x03\x01").await.unwrap();
        assert_eq!(looking.await.unwrap(), Some(FirstBytes::Tls));
    }

    #[tokio::test]
    async fn a_connection_that_ends_first_and_one_that_is_silent_are_told_apart() {
        let (mut peer, mut looked_at) = connection().await;
        let brief = Duration::from_millis(20);
        let silent = detect(&mut looked_at, brief, Refusal::SilentPeer).await;
        assert!(matches!(silent, Err(Refusal::SilentPeer(after)) if after == brief));
        peer.shutdown().await.unwrap();
        let ended = detect(&mut looked_at, AMPLE, Refusal::SilentPeer).await;
        assert!(matches!(ended, Err(Refusal::ClosedEarly)));
    }

    #[test]
    fn an_excerpt_shows_eight_bytes_at_most() {
        assert_eq!(excerpt(b""), "");
        assert_eq!(excerpt(b"GET"), "47 45 54");
        assert_eq!(excerpt(b"password=secret"), "70 61 73 73 77 6f 72 64");
        for length in 0..100 {
            let shown = excerpt(&vec![b'x'; length]);
            assert_eq!(shown.split_whitespace().count(), length.min(8));
        }
    }
}
