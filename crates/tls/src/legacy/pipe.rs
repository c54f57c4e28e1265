use std::io::{self, ErrorKind, Read, Write};

use crate::record::{HEADER, MAX_SEALED_RECORD};

/// What stands in for a socket: OpenSSL reads what it was fed, and what it writes is kept.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    fed: Vec<u8>,
    taken: usize,
    written: Vec<u8>,
}

impl Pipe {
    /// Bytes for OpenSSL to read, behind those that it has not read yet.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.fed.extend_from_slice(bytes);
    }

    /// What OpenSSL has written since the last time.
    pub(super) fn take_written(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.written)
    }
}

impl Read for Pipe {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let rest = &self.fed[self.taken..];
        if rest.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let length = rest.len().min(out.len());
        out[..length].copy_from_slice(&rest[..length]);
        self.taken += length;
        if self.taken == self.fed.len() {
            // A session that is idle keeps no buffer.
            self.fed = Vec::new();
            self.taken = 0;
        }
        Ok(length)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What stands at the front of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Front {
    /// A record of this length.
    Record(usize),
    /// The beginning of one.
    Part,
    /// None.
    Garbage,
}

impl Front {
    /// Looks at a header and no further.
    pub(super) fn of(stream: &[u8]) -> Self {
        let Some([content, major, _, high, low]) = stream.first_chunk::<HEADER>() else {
            return Self::Part;
        };
        let length = HEADER + usize::from(u16::from_be_bytes([*high, *low]));
        if !(20..=23).contains(content) || *major != 3 || length > MAX_SEALED_RECORD {
            Self::Garbage
        } else if stream.len() < length {
            Self::Part
        } else {
            Self::Record(length)
        }
    }
}
