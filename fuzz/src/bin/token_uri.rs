//! Any text as a PKCS #11 URI.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use ringlock_token::{TokenConfig, TokenUri, UriError};

/// A URI that is longer is not read.
const LONGEST: usize = 4096;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Corpus::Reject;
    };
    match text.parse::<TokenUri>() {
        Ok(uri) => accepted(uri),
        Err(error) => refused(text, &error),
    }
    Corpus::Keep
});

fn accepted(mut uri: TokenUri) {
    assert!(uri.pin_source.is_none() || uri.pin_value.is_none());
    if let Ok(config) = TokenConfig::from_uri(&uri, None) {
        assert!(config.module.is_absolute());
    }
    let written = uri.to_string();
    // Neither is written: what is ignored has no meaning, and a PIN is not shown.
    uri.ignored.clear();
    uri.pin_value = None;
    assert!(written.len() > LONGEST || written.parse() == Ok(uri));
}

fn refused(text: &str, error: &UriError) {
    let told = error.to_string();
    assert!(!told.is_empty() && !told.contains('\n'));
    assert!(text.len() <= LONGEST || matches!(error, UriError::TooLong { .. }));
}
