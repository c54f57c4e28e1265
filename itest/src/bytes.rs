//! Pseudo-random bytes that tell from their place in the stream whether they are right, so that
//! every byte of a gigabyte is checked without keeping any.

use std::io::{self, Read, Write};

/// A multiple of the size of a word.
const CHUNK: usize = 256 * 1024;

/// Sends the first `count` bytes, a multiple of 8, of the stream with that seed.
pub fn send_bytes(mut to: impl Write, seed: u64, count: u64) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    let mut sent = 0;
    while sent < count {
        let part = part(&mut chunk, count - sent);
        fill(part, seed, sent);
        to.write_all(part)?;
        sent += part.len() as u64;
    }
    to.flush()
}

/// Receives the first `count` bytes, a multiple of 8, of the stream with that seed; an error if
/// any of them is another one.
pub fn receive_bytes(mut from: impl Read, seed: u64, count: u64) -> io::Result<()> {
    let (mut chunk, mut expected) = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut received = 0;
    while received < count {
        let part = part(&mut chunk, count - received);
        from.read_exact(part)?;
        let expected = &mut expected[..part.len()];
        fill(expected, seed, received);
        if part != expected {
            return Err(io::Error::other(format!(
                "a byte between {received} and {} is another one",
                received + part.len() as u64
            )));
        }
        received += part.len() as u64;
    }
    Ok(())
}

fn part(chunk: &mut [u8], left: u64) -> &mut [u8] {
    let length = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
    &mut chunk[..length]
}

/// The finalizer of SplitMix64 over the number of each word: as good as random, and computed for
/// any place without what comes before.
fn fill(bytes: &mut [u8], seed: u64, from: u64) {
    for (word, number) in bytes.chunks_exact_mut(8).zip(from / 8..) {
        let mut mixed = seed.wrapping_add((number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_accepted_and_any_other_byte_is_not() {
        let count = CHUNK as u64 * 2 + 8;
        let mut stream = Vec::new();
        send_bytes(&mut stream, 7, count).unwrap();
        assert_eq!(stream.len() as u64, count);
        receive_bytes(stream.as_slice(), 7, count).unwrap();
        stream[CHUNK + 3] ^= 1;
        assert!(receive_bytes(stream.as_slice(), 7, count).is_err());
    }

    #[test]
    fn a_stream_that_ends_early_is_an_error() {
        assert!(receive_bytes([0; 8].as_slice(), 7, 16).is_err());
    }
}
