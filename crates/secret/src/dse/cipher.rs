use std::fmt;

use aes::{Aes128, Aes192, Aes256};
use blowfish::Blowfish;
use cbc::cipher::{
    Block, BlockCipherDecrypt, BlockModeDecrypt as _, BlockSizeUser, InnerIvInit as _, KeyInit,
};
use des::{Des, TdesEde2, TdesEde3};
use rc2::Rc2;
use zeroize::Zeroizing;

/// A cipher as Java names it, such as `AES/ECB/PKCS5Padding`, with the strength of its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Transformation {
    algorithm: Algorithm,
    mode: Mode,
    padding: Padding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Aes,
    Des,
    DesEde,
    Blowfish,
    Rc2,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Ecb,
    Cbc,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Padding {
    Pkcs5,
    None,
}

impl Transformation {
    /// Reads `ALGORITHM[/MODE/PADDING]`. As in Java (`javax.crypto.Cipher`), case does not matter,
    /// and an algorithm alone stands for ECB with PKCS #5 padding.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let mut parts = lower.split('/');
        let algorithm = match parts.next()? {
            "aes" => Algorithm::Aes,
            "des" => Algorithm::Des,
            "desede" | "tripledes" => Algorithm::DesEde,
            "blowfish" => Algorithm::Blowfish,
            "rc2" => Algorithm::Rc2,
            _ => return None,
        };
        let mode = match parts.next() {
            None | Some("ecb") => Mode::Ecb,
            Some("cbc") => Mode::Cbc,
            Some(_) => return None,
        };
        let padding = match parts.next() {
            None | Some("pkcs5padding" | "pkcs7padding" | "pkcs5" | "pkcs7") => Padding::Pkcs5,
            Some("nopadding") => Padding::None,
            Some(_) => return None,
        };
        if parts.next().is_some() {
            return None;
        }
        Some(Self {
            algorithm,
            mode,
            padding,
        })
    }

    /// Whether a key of so many bytes is one of `bits`, in the way in which Java counts: parity bits
    /// of DES do not, and two-key triple DES comes with its first key repeated or without.
    pub(super) fn accepts(self, key: usize, bits: usize) -> bool {
        match self.algorithm {
            Algorithm::Aes => matches!(key, 16 | 24 | 32) && bits == key * 8,
            Algorithm::Des => key == 8 && matches!(bits, 56 | 64),
            Algorithm::DesEde => match bits {
                112 | 128 => matches!(key, 16 | 24),
                168 | 192 => key == 24,
                _ => false,
            },
            Algorithm::Blowfish => (4..=56).contains(&key) && bits == key * 8,
            Algorithm::Rc2 => (5..=128).contains(&key) && bits == key * 8,
        }
    }

    /// Decrypts what stands behind the initialisation vector, which CBC has and ECB has not. None:
    /// the length or the padding is not what this cipher makes.
    pub(super) fn decrypt(self, key: &[u8], bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let blocks = match (self.algorithm, key.len()) {
            (Algorithm::Aes, 16) => self.blocks::<Aes128>(key, bytes),
            (Algorithm::Aes, 24) => self.blocks::<Aes192>(key, bytes),
            (Algorithm::Aes, 32) => self.blocks::<Aes256>(key, bytes),
            (Algorithm::Des, _) => self.blocks::<Des>(key, bytes),
            (Algorithm::DesEde, 16) => self.blocks::<TdesEde2>(key, bytes),
            (Algorithm::DesEde, _) => self.blocks::<TdesEde3>(key, bytes),
            (Algorithm::Blowfish, _) => self.blocks::<Blowfish>(key, bytes),
            (Algorithm::Rc2, _) => self.blocks::<Rc2>(key, bytes),
            (Algorithm::Aes, _) => None,
        };
        let (mut plain, block) = blocks?;
        if self.padding == Padding::Pkcs5 {
            unpad(&mut plain, block)?;
        }
        Some(plain)
    }

    /// The plain blocks and their size.
    fn blocks<C>(self, key: &[u8], bytes: &[u8]) -> Option<(Zeroizing<Vec<u8>>, usize)>
    where
        C: BlockCipherDecrypt + KeyInit + BlockSizeUser,
    {
        let size = C::block_size();
        let cipher = C::new_from_slice(key).ok()?;
        let (iv, body) = match self.mode {
            Mode::Ecb => (None, bytes),
            Mode::Cbc => bytes
                .split_at_checked(size)
                .map(|(iv, body)| (Some(iv), body))?,
        };
        if body.is_empty() || !body.len().is_multiple_of(size) {
            return None;
        }
        let mut plain = Zeroizing::new(body.to_vec());
        let blocks = plain
            .chunks_exact_mut(size)
            .map(<&mut Block<C>>::try_from)
            .collect::<Result<Vec<_>, _>>()
            .ok()?;
        match iv {
            None => blocks
                .into_iter()
                .for_each(|block| cipher.decrypt_block(block)),
            Some(iv) => {
                let mut chain = cbc::Decryptor::inner_iv_slice_init(cipher, iv).ok()?;
                blocks
                    .into_iter()
                    .for_each(|block| chain.decrypt_block(block));
            }
        }
        Some((plain, size))
    }
}

impl fmt::Display for Transformation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithm = match self.algorithm {
            Algorithm::Aes => "AES",
            Algorithm::Des => "DES",
            Algorithm::DesEde => "DESede",
            Algorithm::Blowfish => "Blowfish",
            Algorithm::Rc2 => "RC2",
        };
        let mode = match self.mode {
            Mode::Ecb => "ECB",
            Mode::Cbc => "CBC",
        };
        let padding = match self.padding {
            Padding::Pkcs5 => "PKCS5Padding",
            Padding::None => "NoPadding",
        };
        write!(f, "{algorithm}/{mode}/{padding}")
    }
}

/// Takes away PKCS #5 padding (RFC 8018, 6.1.1), every byte of which is its own count.
fn unpad(plain: &mut Vec<u8>, block: usize) -> Option<()> {
    let count = usize::from(*plain.last()?);
    let rest = plain.len().checked_sub(count)?;
    let whole = (1..=block).contains(&count)
        && plain[rest..].iter().all(|byte| usize::from(*byte) == count);
    if !whole {
        return None;
    }
    plain.truncate(rest);
    Some(())
}
