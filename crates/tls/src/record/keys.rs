use aws_lc_rs::aead::{
    AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey,
};
use rustls::ConnectionTrafficSecrets;

use crate::SessionError;

/// The version that decides on framing and nonces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    Tls12,
    Tls13,
}

/// The key of one direction, with the number of its next record.
///
/// A nonce follows from the number of the record alone and the number only grows, so no nonce is
/// ever used twice with a key.
pub(crate) struct Cipher {
    key: LessSafeKey,
    iv: [u8; NONCE_LEN],
    number: u64,
    version: Version,
    explicit_nonce: bool,
}

/// The additional data of a record: its header, in TLS 1.2 behind its number.
pub(super) enum RecordAad {
    Tls12([u8; 13]),
    Tls13([u8; 5]),
}

impl Cipher {
    /// Takes over a direction whose next record has `number`.
    pub(crate) fn new(
        number: u64,
        secrets: ConnectionTrafficSecrets,
        version: Version,
    ) -> Result<Self, SessionError> {
        let (algorithm, key, iv, gcm) = match secrets {
            ConnectionTrafficSecrets::Aes128Gcm { key, iv } => (&AES_128_GCM, key, iv, true),
            ConnectionTrafficSecrets::Aes256Gcm { key, iv } => (&AES_256_GCM, key, iv, true),
            ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => {
                (&CHACHA20_POLY1305, key, iv, false)
            }
            _ => return Err(SessionError::UnknownSuite),
        };
        let key =
            UnboundKey::new(algorithm, key.as_ref()).map_err(|_| SessionError::UnknownSuite)?;
        let iv = iv
            .as_ref()
            .try_into()
            .map_err(|_| SessionError::UnknownSuite)?;
        Ok(Self {
            key: LessSafeKey::new(key),
            iv,
            number,
            version,
            explicit_nonce: gcm && version == Version::Tls12,
        })
    }

    pub(crate) fn version(&self) -> Version {
        self.version
    }

    pub(super) fn key(&self) -> &LessSafeKey {
        &self.key
    }

    /// The number of the next record.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The bytes of the nonce that stand in the record: 8 for GCM in TLS 1.2 (RFC 5288 §3).
    pub(super) fn explicit_nonce(&self) -> usize {
        if self.explicit_nonce { 8 } else { 0 }
    }

    /// Takes the nonce of the next record (RFC 8446 §5.3, RFC 7905 §2).
    pub(super) fn next_nonce(&mut self) -> [u8; NONCE_LEN] {
        let mut nonce = self.iv;
        for (byte, number) in nonce[4..].iter_mut().zip(self.number.to_be_bytes()) {
            *byte ^= number;
        }
        // 2^64 records take centuries; every suite's own limit comes first.
        self.number += 1;
        nonce
    }

    /// The nonce of a record that carries a part of it.
    pub(super) fn nonce_from(&mut self, explicit: &[u8]) -> [u8; NONCE_LEN] {
        let mut nonce = self.next_nonce();
        if self.explicit_nonce {
            nonce[4..].copy_from_slice(explicit);
        }
        nonce
    }

    /// The additional data of record `number`, whose header is `header` and whose content has
    /// `length` bytes.
    pub(super) fn aad(&self, number: u64, header: [u8; 5], length: usize) -> Aad<RecordAad> {
        Aad::from(match self.version {
            Version::Tls13 => RecordAad::Tls13(header),
            Version::Tls12 => {
                let mut aad = [0; 13];
                aad[..8].copy_from_slice(&number.to_be_bytes());
                aad[8..11].copy_from_slice(&header[..3]);
                // A record's content is at most 2^14 bytes.
                aad[11..].copy_from_slice(&(length as u16).to_be_bytes());
                RecordAad::Tls12(aad)
            }
        })
    }
}

impl AsRef<[u8]> for RecordAad {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Tls12(bytes) => bytes,
            Self::Tls13(bytes) => bytes,
        }
    }
}

pub(super) fn nonce(bytes: [u8; NONCE_LEN]) -> Nonce {
    Nonce::assume_unique_for_key(bytes)
}
