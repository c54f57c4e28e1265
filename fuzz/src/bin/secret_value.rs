//! A key file on the first lines, and values that might be encrypted on the others.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use ringlock_secret::{LocalKey, Password, dse::SystemKey, is_sealed, key_of};

/// What `ringlock secret keygen` made once; it encrypts nothing anywhere.
const LOCAL: &[u8] = include_bytes!("../../corpus/secret_value/local_key");
const SYSTEM: &[u8] = b"AES/CBC/PKCS5Padding:128:AAECAwQFBgcICQoLDA0ODw==";

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Corpus::Reject;
    };
    let local = LocalKey::parse(LOCAL).ok();
    let system = SystemKey::parse(SYSTEM).ok();
    for line in text.lines().take(8) {
        if let Some(key) = &local {
            opens_only_what_it_made(key, line);
        }
        if let Some(key) = &system {
            let _ = key.open(line);
        }
        if let Ok(key) = SystemKey::parse(line.as_bytes()) {
            let _ = key.open(line);
        }
    }
    if let Ok(key) = LocalKey::parse(bytes) {
        opens_only_what_it_made(&key, text);
    }
    Corpus::Keep
});

fn opens_only_what_it_made(key: &LocalKey, value: &str) {
    if key.open(value).is_ok() {
        assert!(is_sealed(value) && key_of(value).is_ok_and(|id| id == *key.id()));
    }
    if let Ok(sealed) = key.seal(&Password::new(value)) {
        let opened = key.open(&sealed);
        assert!(value.len() > 4096 || opened.is_ok_and(|opened| opened.expose() == value));
    }
}
