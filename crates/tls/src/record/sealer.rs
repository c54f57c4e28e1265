use super::{
    Content, HEADER, MAX_RECORD, OVERHEAD, TAG,
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
        let mut written = 0;
        for fragment in plaintext.chunks(MAX_RECORD) {
            written += self.seal_one(content, fragment, &mut out[written..])?;
        }
        Ok(written)
    }

    fn seal_one(
        &mut self,
        content: Content,
        fragment: &[u8],
        out: &mut [u8],
    ) -> Result<usize, SessionError> {
        let number = self.cipher.number();
        if number >= self.limit {
            return Err(SessionError::Exhausted);
        }
        let tls13 = self.cipher.version() == Version::Tls13;
        let explicit = self.cipher.explicit_nonce();
        // The type stands inside the ciphertext in TLS 1.3 and in the header in TLS 1.2.
        let inner_type = [content.to_wire()];
        let (outer, extra) = if tls13 {
            (Content::ApplicationData, &inner_type[..])
        } else {
            (content, &[][..])
        };
        let body = explicit + fragment.len() + extra.len() + TAG;
        let header = header(outer, body);
        let bytes = self.cipher.next_nonce();
        let (head, rest) = out.split_at_mut(HEADER + explicit);
        head[..HEADER].copy_from_slice(&header);
        head[HEADER..].copy_from_slice(&bytes[bytes.len() - explicit..]);
        let (ciphertext, rest) = rest.split_at_mut(fragment.len());
        // The copy stays in the first-level cache, where the AEAD reads it at once.
        ciphertext.copy_from_slice(fragment);
        let aad = self.cipher.aad(number, header, fragment.len());
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
