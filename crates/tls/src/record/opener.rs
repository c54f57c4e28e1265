use super::{
    Content, HEADER, MAX_AEAD_RECORD, MAX_RECORD, RecordError, TAG,
    keys::{Cipher, Version, nonce},
};

/// Opens records in one direction.
pub(crate) struct Opener {
    cipher: Cipher,
}

/// One record that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) content: Content,
    /// Bytes of the input that it took.
    pub(crate) taken: usize,
    /// Bytes of plaintext that were written.
    pub(crate) plaintext: usize,
}

impl Opener {
    pub(crate) fn new(cipher: Cipher) -> Self {
        Self { cipher }
    }

    /// Opens the record at the front of `input` to the front of `out`; answers nothing if it has
    /// not arrived whole. Without an error the plaintext is genuine.
    ///
    /// `out` must be as long as `input`.
    pub(crate) fn open(
        &mut self,
        input: &[u8],
        out: &mut [u8],
    ) -> Result<Option<Opened>, RecordError> {
        let Some(header) = input.first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let taken = HEADER + usize::from(u16::from_be_bytes([header[3], header[4]]));
        if header[1] != 3 {
            return Err(RecordError::Decode);
        }
        if taken > MAX_AEAD_RECORD {
            return Err(RecordError::Overflow);
        }
        let Some(body) = input.get(HEADER..taken) else {
            return Ok(None);
        };
        let outer = Content::from_wire(header[0]).ok_or(RecordError::Decode)?;
        let (content, plaintext) = match self.cipher.version() {
            Version::Tls13 => self.open_tls13(outer, *header, body, out)?,
            Version::Tls12 => (outer, self.decrypt(*header, body, out)?),
        };
        if plaintext > MAX_RECORD {
            return Err(RecordError::Overflow);
        }
        Ok(Some(Opened {
            content,
            taken,
            plaintext,
        }))
    }

    fn open_tls13(
        &mut self,
        outer: Content,
        header: [u8; HEADER],
        body: &[u8],
        out: &mut [u8],
    ) -> Result<(Content, usize), RecordError> {
        if outer != Content::ApplicationData {
            return Err(RecordError::Unexpected);
        }
        let inner = self.decrypt(header, body, out)?;
        // Padding counts: content, type and zeros are at most 2^14 + 1 bytes (RFC 8446 §5.4).
        if inner > MAX_RECORD + 1 {
            return Err(RecordError::Overflow);
        }
        // The content is followed by its type and by as many zeros as the peer likes.
        let end = out[..inner]
            .iter()
            .rposition(|byte| *byte != 0)
            .ok_or(RecordError::Unexpected)?;
        let content = Content::from_wire(out[end]).ok_or(RecordError::Unexpected)?;
        Ok((content, end))
    }

    fn decrypt(
        &mut self,
        header: [u8; HEADER],
        body: &[u8],
        out: &mut [u8],
    ) -> Result<usize, RecordError> {
        let explicit = self.cipher.explicit_nonce();
        let length = body
            .len()
            .checked_sub(explicit + TAG)
            .ok_or(RecordError::Decode)?;
        let (explicit, rest) = body.split_at(explicit);
        let (ciphertext, tag) = rest.split_at(length);
        let number = self.cipher.number();
        let bytes = self.cipher.nonce_from(explicit);
        let aad = self.cipher.aad(number, header, length);
        let room = out.get_mut(..length).ok_or(RecordError::Overflow)?;
        self.cipher
            .key()
            .open_separate_gather(nonce(bytes), aad, ciphertext, tag, room)
            .map_err(|_| RecordError::BadMac)?;
        Ok(length)
    }
}
