//! OpenSSL's traditional encryption of private keys: the headers of RFC 1421 §4.6, and a key
//! derived as `EVP_BytesToKey` of OpenSSL does, with MD5 and one iteration.

use zeroize::Zeroizing;

use crate::{
    PbeError,
    pbe::{Cipher, Hash},
    sniff::is_key_sequence,
};

/// The key, and what it was protected by. `dek_info` is the header's value: a cipher's name and
/// the vector in hexadecimal.
pub(super) fn open(
    dek_info: Option<&[u8]>,
    sealed: &[u8],
    password: &str,
) -> Result<(Zeroizing<Vec<u8>>, String), PbeError> {
    let info = dek_info.and_then(|info| std::str::from_utf8(info).ok());
    let (name, iv) = info
        .and_then(|info| info.split_once(','))
        .ok_or(PbeError::Parameters)?;
    let cipher = cipher(name)?;
    let iv = hexadecimal(iv).filter(|iv| iv.len() == cipher.block_bytes());
    let iv = iv.ok_or(PbeError::Parameters)?;
    let secret = derive(password, &iv[..8], cipher.key_bytes());
    let key = cipher.decrypt(&secret, &iv, sealed);
    let key = key.filter(|key| is_key_sequence(key));
    let protection = format!("PEM encryption {cipher}, MD5, 1 iteration");
    Ok((key.ok_or(PbeError::Password)?, protection))
}

fn cipher(name: &str) -> Result<Cipher, PbeError> {
    match name.trim() {
        "DES-EDE3-CBC" => Ok(Cipher::TripleDes),
        "DES-CBC" => Ok(Cipher::Des),
        "AES-128-CBC" => Ok(Cipher::Aes128),
        "AES-192-CBC" => Ok(Cipher::Aes192),
        "AES-256-CBC" => Ok(Cipher::Aes256),
        other => Err(PbeError::Unsupported {
            what: "encryption",
            oid: other
                .chars()
                .take(32)
                .flat_map(char::escape_debug)
                .collect(),
            name: None,
        }),
    }
}

fn derive(password: &str, salt: &[u8], key_bytes: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(48));
    let mut hash = Hash::Md5.digest(&[password.as_bytes(), salt]);
    while key.len() < key_bytes {
        key.extend_from_slice(&hash);
        hash = Hash::Md5.digest(&[&hash, password.as_bytes(), salt]);
    }
    key.truncate(key_bytes);
    key
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .trim()
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect();
    let (pairs, rest) = digits.as_ref()?.as_chunks::<2>();
    rest.is_empty()
        .then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
