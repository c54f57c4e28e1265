use std::fmt;

use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::{
    Block, BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit,
    KeyInit, StreamCipher, block_padding::Pkcs7,
};
use des::{Des, TdesEde3};
use rc2::Rc2;
use rc4::Rc4;
use zeroize::Zeroizing;

/// A block cipher in CBC mode with padding as in RFC 8018 §6.1.1, or RC4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cipher {
    Aes128,
    Aes192,
    Aes256,
    /// Triple DES with three keys.
    TripleDes,
    /// Triple DES with two keys, the first being the third as well.
    TripleDesTwoKeys,
    Des,
    /// RC2 whose key has this many bits, and no fewer effective ones.
    Rc2(u8),
    /// RC4, a stream without padding, whose key has 40 or 128 bits.
    Rc4(u8),
}

impl Cipher {
    pub(crate) fn key_bytes(self) -> usize {
        match self {
            Self::Aes128 | Self::TripleDesTwoKeys => 16,
            Self::Aes192 | Self::TripleDes => 24,
            Self::Aes256 => 32,
            Self::Des => 8,
            Self::Rc2(bits) | Self::Rc4(bits) => usize::from(bits / 8),
        }
    }

    /// The bytes of a block, which are those of the initial vector too.
    pub(crate) fn block_bytes(self) -> usize {
        match self {
            Self::Aes128 | Self::Aes192 | Self::Aes256 => 16,
            Self::TripleDes | Self::TripleDesTwoKeys | Self::Des | Self::Rc2(_) => 8,
            Self::Rc4(_) => 1,
        }
    }

    /// Decrypts. `None`: the key or vector has another length than this cipher's, or what comes
    /// out ends in no padding, as with a wrong key.
    pub(crate) fn decrypt(self, key: &[u8], iv: &[u8], data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Aes128 => decrypt(Aes128::new_from_slice(key).ok()?, iv, data),
            Self::Aes192 => decrypt(Aes192::new_from_slice(key).ok()?, iv, data),
            Self::Aes256 => decrypt(Aes256::new_from_slice(key).ok()?, iv, data),
            Self::TripleDes => decrypt(TdesEde3::new_from_slice(key).ok()?, iv, data),
            Self::TripleDesTwoKeys => {
                let key = Zeroizing::new([key, key.get(..8)?].concat());
                decrypt(TdesEde3::new_from_slice(&key).ok()?, iv, data)
            }
            Self::Des => decrypt(Des::new_from_slice(key).ok()?, iv, data),
            Self::Rc2(bits) => {
                let fits = key.len() == self.key_bytes();
                let cipher = fits.then(|| Rc2::new_with_eff_key_len(key, bits.into()))?;
                decrypt(cipher, iv, data)
            }
            Self::Rc4(_) => rc4(key, data),
        }
    }
}

impl fmt::Display for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aes128 => f.write_str("AES-128-CBC"),
            Self::Aes192 => f.write_str("AES-192-CBC"),
            Self::Aes256 => f.write_str("AES-256-CBC"),
            Self::TripleDes => f.write_str("3DES-CBC"),
            Self::TripleDesTwoKeys => f.write_str("two-key 3DES-CBC"),
            Self::Des => f.write_str("DES-CBC"),
            Self::Rc2(bits) => write!(f, "RC2-{bits}-CBC"),
            Self::Rc4(bits) => write!(f, "RC4-{bits}"),
        }
    }
}

fn decrypt<C: BlockCipherDecrypt>(cipher: C, iv: &[u8], data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mode = cbc::Decryptor::inner_iv_slice_init(cipher, iv).ok()?;
    let mut plain = Zeroizing::new(data.to_vec());
    let length = mode.decrypt_padded::<Pkcs7>(&mut plain).ok()?.len();
    plain.truncate(length);
    Some(plain)
}

fn rc4(key: &[u8], data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut plain = Zeroizing::new(data.to_vec());
    Rc4::new_from_slice(key).ok()?.apply_keystream(&mut plain);
    Some(plain)
}

/// Encrypts with AES-256.
pub(crate) fn aes_256(key: &[u8; 32], iv: &[u8; 16], data: &[u8]) -> Vec<u8> {
    encrypt(Aes256::new(key.into()), iv.into(), data)
}

/// Encrypts with triple DES.
pub(crate) fn triple_des(key: &[u8; 24], iv: &[u8; 8], data: &[u8]) -> Vec<u8> {
    encrypt(TdesEde3::new(key.into()), iv.into(), data)
}

/// The data is copied once, into the place where it is encrypted.
fn encrypt<C: BlockCipherEncrypt>(cipher: C, iv: &Block<C>, data: &[u8]) -> Vec<u8> {
    cbc::Encryptor::inner_iv_init(cipher, iv).encrypt_padded_vec::<Pkcs7>(data)
}
