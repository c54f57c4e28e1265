use openssl::ssl::{ErrorCode, SslStream};
use ringlock_model::TlsFacts;
use ringlock_suites::{Cipher, Suite};
use rustls::pki_types::CertificateDer;

use super::{
    failure::{session_error, words},
    pipe::{Front, Pipe},
};
use crate::{
    RecordError, SessionError,
    record::{MAX_RECORD, MOST_OVERHEAD, Slots},
    session::{Early, Opened, Traffic},
};

/// How many records without application data may follow each other. Only an attacker sends more.
const MAX_IDLE_RECORDS: u8 = 32;

/// How many records AES-GCM may protect under one key of TLS 1.2 (RFC 8446 §5.5), as in rustls.
/// CBC and ChaCha20 have no limit that a connection could reach.
const GCM_LIMIT: u64 = 1 << 24;

/// A session whose handshake is over; OpenSSL seals and opens.
pub(crate) struct Established {
    stream: SslStream<Pipe>,
    agreed: Option<Box<(TlsFacts, Vec<CertificateDer<'static>>)>>,
    /// What OpenSSL has not been given: the beginning of a record that has not arrived whole.
    carry: Vec<u8>,
    /// Records that may still be sealed.
    left: u64,
    idle_records: u8,
    said_goodbye: bool,
}

impl Established {
    pub(super) fn new(
        stream: SslStream<Pipe>,
        suite: Option<&'static Suite>,
        agreed: (TlsFacts, Vec<CertificateDer<'static>>),
        rest: Vec<u8>,
    ) -> Self {
        let limited = suite
            .is_none_or(|suite| matches!(suite.cipher(), Cipher::Aes128Gcm | Cipher::Aes256Gcm));
        Self {
            stream,
            agreed: Some(Box::new(agreed)),
            carry: rest,
            left: if limited { GCM_LIMIT } else { u64::MAX },
            idle_records: 0,
            said_goodbye: false,
        }
    }

    /// Has `plaintext` sealed in as many records as it takes.
    fn write(&mut self, plaintext: &[u8]) -> Result<(), SessionError> {
        let records = plaintext.len().div_ceil(MAX_RECORD) as u64;
        // One is kept for the goodbye.
        if self.left <= records {
            return Err(SessionError::Exhausted);
        }
        self.left -= records;
        let mut rest = plaintext;
        while !rest.is_empty() {
            let written = self
                .stream
                .ssl_write(rest)
                .map_err(|error| SessionError::OpenSsl(words(&error)))?;
            rest = rest.get(written..).unwrap_or_default();
        }
        Ok(())
    }

    /// Moves what OpenSSL has written to the front of `out`.
    fn hand_over(&mut self, out: &mut [u8]) -> Result<usize, SessionError> {
        let written = self.stream.get_mut().take_written();
        let available = out.len();
        let room = out.get_mut(..written.len()).ok_or(SessionError::Buffer {
            available,
            required: written.len(),
        })?;
        room.copy_from_slice(&written);
        Ok(written.len())
    }

    fn open_all(&mut self, incoming: &[u8], plaintext: &mut [u8]) -> Result<Opened, SessionError> {
        if plaintext.len() < incoming.len() {
            return Err(SessionError::Buffer {
                available: plaintext.len(),
                required: incoming.len(),
            });
        }
        let (mut consumed, mut written, mut ended) = (0, 0, false);
        while !ended {
            let front = Front::of(&incoming[consumed..]);
            let taken = match front {
                Front::Part => break,
                Front::Record(length) => length,
                Front::Garbage => incoming.len() - consumed,
            };
            let record = &incoming[consumed..consumed + taken];
            self.stream.get_mut().feed(record);
            consumed += taken;
            let opened = self.read(plaintext.get_mut(written..).unwrap_or_default())?;
            if front == Front::Garbage {
                // OpenSSL has said so, unless it waits for more of it.
                return Err(RecordError::Decode.into());
            }
            written += opened.plaintext;
            ended = opened.ended;
            self.count_idle(opened.plaintext == 0)?;
        }
        self.keep(&incoming[consumed..]);
        Ok(Opened {
            plaintext: written,
            ended,
        })
    }

    /// Reads what OpenSSL has.
    fn read(&mut self, plaintext: &mut [u8]) -> Result<Opened, SessionError> {
        let mut opened = Opened {
            plaintext: 0,
            ended: false,
        };
        loop {
            match self.stream.ssl_read(&mut plaintext[opened.plaintext..]) {
                Ok(0) => return Ok(opened),
                Ok(length) => opened.plaintext += length,
                Err(error) if error.code() == ErrorCode::WANT_READ => return Ok(opened),
                Err(error) if error.code() == ErrorCode::ZERO_RETURN => {
                    opened.ended = true;
                    return Ok(opened);
                }
                Err(error) => return Err(session_error(&error)),
            }
        }
    }

    fn count_idle(&mut self, is_idle: bool) -> Result<(), RecordError> {
        self.idle_records = if is_idle { self.idle_records + 1 } else { 0 };
        if self.idle_records > MAX_IDLE_RECORDS {
            return Err(RecordError::Unexpected);
        }
        Ok(())
    }

    /// Keeps the beginning of a record, and gives its memory back when there is none.
    fn keep(&mut self, rest: &[u8]) {
        if rest.is_empty() {
            self.carry = Vec::new();
        } else {
            self.carry.clear();
            self.carry.extend_from_slice(rest);
        }
    }
}

impl Traffic for Established {
    fn facts(&self) -> Option<&TlsFacts> {
        self.agreed.as_ref().map(|agreed| &agreed.0)
    }

    fn peer_chain(&self) -> &[CertificateDer<'static>] {
        self.agreed.as_ref().map_or(&[], |agreed| &agreed.1)
    }

    fn forget_peer(&mut self) {
        self.agreed = None;
    }

    fn carried(&self) -> &[u8] {
        &self.carry
    }

    fn seal(&mut self, plaintext: &[u8], out: &mut [u8]) -> Result<usize, SessionError> {
        if self.said_goodbye {
            return Err(SessionError::NotEstablished);
        }
        let required = plaintext.len() + plaintext.len().div_ceil(MAX_RECORD) * MOST_OVERHEAD;
        if out.len() < required {
            return Err(SessionError::Buffer {
                available: out.len(),
                required,
            });
        }
        self.write(plaintext)?;
        self.hand_over(out)
    }

    fn slots(&self) -> Slots {
        Slots {
            start: 0,
            stride: MAX_RECORD + MOST_OVERHEAD,
        }
    }

    fn seal_slots(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, SessionError> {
        if self.said_goodbye {
            return Err(SessionError::NotEstablished);
        }
        let Slots { stride, .. } = self.slots();
        let required = length.div_ceil(MAX_RECORD) * stride;
        if buffer.len() < required {
            return Err(SessionError::Buffer {
                available: buffer.len(),
                required,
            });
        }
        let mut left = length;
        for slot in buffer[..required].chunks_exact(stride) {
            let fragment = left.min(MAX_RECORD);
            self.write(&slot[..fragment])?;
            left -= fragment;
        }
        self.hand_over(buffer)
    }

    fn refresh_key(&mut self, plaintext: usize, _: &mut Vec<u8>) -> Result<(), SessionError> {
        // TLS 1.2 has no way to change a key.
        match self.left <= plaintext.div_ceil(MAX_RECORD) as u64 {
            true => Err(SessionError::Exhausted),
            false => Ok(()),
        }
    }

    fn close(&mut self, out: &mut [u8]) -> Result<usize, SessionError> {
        if self.said_goodbye {
            return Ok(0);
        }
        self.said_goodbye = true;
        self.stream
            .shutdown()
            .map_err(|error| SessionError::OpenSsl(words(&error)))?;
        self.hand_over(out)
    }

    fn open(
        &mut self,
        incoming: &[u8],
        plaintext: &mut [u8],
        outgoing: &mut Vec<u8>,
    ) -> Result<Opened, SessionError> {
        let opened = self.open_all(incoming, plaintext);
        // Alerts: for an error, or that nothing is negotiated again.
        outgoing.append(&mut self.stream.get_mut().take_written());
        self.said_goodbye |= matches!(opened, Err(SessionError::Record(_)));
        opened
    }

    fn open_early(&mut self, outgoing: &mut Vec<u8>) -> Result<Early, SessionError> {
        let incoming = std::mem::take(&mut self.carry);
        let mut early = Early::default();
        if !incoming.is_empty() {
            early.plaintext.resize(incoming.len(), 0);
            let opened = self.open(&incoming, &mut early.plaintext, outgoing)?;
            early.plaintext.truncate(opened.plaintext);
            early.ended = opened.ended;
        }
        Ok(early)
    }
}
