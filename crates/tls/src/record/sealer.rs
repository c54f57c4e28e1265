use super::{
    Content, HEADER, MAX_RECORD, OVERHEAD, Slots, TAG,
    keys::{Cipher, Version, nonce},
};
use crate::SessionError;

/// Seals records in one direction.
pub(crate) struct Sealer {
    cipher: Cipher,
    /// The number of records that the key may protect (RFC 8446 §5.5).
    limit: u64,
}

impl Sealer {
    pub(crate) fn new(cipher: Cipher, limit: u64) -> Self {
        Self { cipher, limit }
    }

    /// Whether the key must be changed before `plaintext` more bytes are sealed.
    pub(crate) fn is_used_up(&self, plaintext: usize) -> bool {
        // One record is kept for the message that announces the new key.
        let records = plaintext.div_ceil(MAX_RECORD) as u64 + 1;
        self.cipher.number().saturating_add(records) > self.limit
    }

    pub(crate) fn version(&self) -> Version {
        self.cipher.version()
    }

    /// Seals `plaintext` in as many records as it takes, to the front of `out`, and says how many
    /// bytes they are. An empty plaintext is no record.
    pub(crate) fn seal(
        &mut self,
        content: Content,
        plaintext: &[u8],
        out: &mut [u8],
    ) -> Result<usize, SessionError> {
        let required = plaintext.len() + plaintext.len().div_ceil(MAX_RECORD) * OVERHEAD;
        if out.len() < required {
            return Err(SessionError::Buffer {
                available: out.len(),
                required,
            });
        }
        let start = self.start();
        let mut written = 0;
        for fragment in plaintext.chunks(MAX_RECORD) {
            let record = &mut out[written..];
            record[start..start + fragment.len()].copy_from_slice(fragment);
            written += self.seal_in_place(content, record, fragment.len())?;
        }
        Ok(written)
    }

    /// Where plaintext belongs for [`seal_slots`](Self::seal_slots), with room around it for what
    /// sealing adds.
    pub(crate) fn slots(&self) -> Slots {
        Slots {
            start: self.start(),
            stride: self.stride(),
        }
    }

    /// Seals application data of `length` bytes that fill the [`slots`](Self::slots) of `buffer`
    /// from the first on. The records begin at its front, without a gap.
    pub(crate) fn seal_slots(
        &mut self,
        buffer: &mut [u8],
        length: usize,
    ) -> Result<usize, SessionError> {
        let stride = self.stride();
        let mut left = length;
        let mut written = 0;
        for record in buffer.chunks_exact_mut(stride) {
            if left == 0 {
                break;
            }
            let fragment = left.min(MAX_RECORD);
            written += self.seal_in_place(Content::ApplicationData, record, fragment)?;
            left -= fragment;
        }
        if left > 0 {
            return Err(SessionError::Buffer {
                available: buffer.len(),
                required: length.div_ceil(MAX_RECORD) * stride,
            });
        }
        Ok(written)
    }

    /// Where the plaintext of a record begins.
    fn start(&self) -> usize {
        HEADER + self.cipher.explicit_nonce()
    }

    /// The length of a full record.
    fn stride(&self) -> usize {
        let inner_type = usize::from(self.cipher.version() == Version::Tls13);
        self.start() + MAX_RECORD + inner_type + TAG
    }

    /// Seals the `length` bytes of plaintext that stand at their place in `record`.
    fn seal_in_place(
        &mut self,
        content: Content,
        record: &mut [u8],
        length: usize,
    ) -> Result<usize, SessionError> {
        let number = self.cipher.number();
        if number >= self.limit {
            return Err(SessionError::Exhausted);
        }
        // The type stands inside the ciphertext in TLS 1.3 and in the header in TLS 1.2.
        let inner_type = [content.to_wire()];
        let (outer, extra) = match self.cipher.version() {
            Version::Tls13 => (Content::ApplicationData, &inner_type[..]),
            Version::Tls12 => (content, &[][..]),
        };
        let explicit = self.cipher.explicit_nonce();
        let body = explicit + length + extra.len() + TAG;
        let header = header(outer, body);
        let bytes = self.cipher.next_nonce();
        let (head, rest) = record.split_at_mut(HEADER + explicit);
        head[..HEADER].copy_from_slice(&header);
        head[HEADER..].copy_from_slice(&bytes[bytes.len() - explicit..]);
        let (ciphertext, rest) = rest.split_at_mut(length);
        let aad = self.cipher.aad(number, header, length);
        self.cipher
            .key()
            .seal_in_place_scatter(
                nonce(bytes),
                aad,
                ciphertext,
                extra,
                &mut rest[..extra.len() + TAG],
            )
            .map_err(|_| SessionError::Exhausted)?;
        Ok(HEADER + body)
    }
}

fn header(content: Content, body: usize) -> [u8; HEADER] {
    // A record's body is at most 2^14 bytes and the overhead.
    let [high, low] = (body as u16).to_be_bytes();
    [content.to_wire(), 3, 3, high, low]
}
