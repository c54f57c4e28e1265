//! Buffers that exist only while bytes are in flight.
//!
//! A worker is one thread, and one poll of a relay reads, transforms and writes without yielding,
//! so the few buffers of a thread serve all its connections. A connection holds one only while
//! its receiver is slower than its sender.

use std::{
    cell::RefCell,
    ops::{Deref, DerefMut},
};

use ringlock_tls::{MAX_SEALED_RECORD, sealed_size};

/// The most bytes that one read takes.
///
/// Measured: with 128 KiB a byte costs more CPU than with 64 KiB (docs/adr/0002-relay.md).
pub(crate) const CHUNK: usize = 64 * 1024;

/// Every buffer is large enough for a chunk in sealed form, or for a chunk behind the beginning
/// of a record that was left over.
pub(crate) const CAPACITY: usize = sealed_size(CHUNK) + MAX_SEALED_RECORD;

/// Buffers that a thread keeps for the next use: more than one poll needs, so that a burst of
/// slow receivers does not make every read allocate, yet little memory.
const KEPT: usize = 8;

thread_local! {
    static POOL: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
}

/// [`CAPACITY`] bytes of memory, lent by the thread's pool and given back when dropped.
pub(crate) struct Buffer(Box<[u8]>);

impl Buffer {
    pub(crate) fn take() -> Self {
        let kept = POOL.with_borrow_mut(Vec::pop);
        Self(kept.unwrap_or_else(|| vec![0; CAPACITY].into_boxed_slice()))
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let memory = std::mem::take(&mut self.0);
        POOL.with_borrow_mut(|pool| {
            if pool.len() < KEPT {
                pool.push(memory);
            }
        });
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

/// Bytes that are still to be written: a part of a buffer.
pub(crate) struct Pending {
    buffer: Buffer,
    from: usize,
    to: usize,
}

impl Pending {
    /// The bytes of `buffer` up to `to`.
    pub(crate) fn new(buffer: Buffer, to: usize) -> Self {
        Self {
            buffer,
            from: 0,
            to,
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[self.from..self.to]
    }

    /// Notes that `written` bytes are gone and says whether that was all.
    pub(crate) fn advance(&mut self, written: usize) -> bool {
        self.from += written;
        self.from >= self.to
    }
}
