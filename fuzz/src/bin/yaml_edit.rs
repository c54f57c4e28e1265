//! Any change of any configuration file: the first line is `KEY=VALUE`, or `KEY` to unset it, and
//! the rest is the file.

#![no_main]

use std::path::Path;

use libfuzzer_sys::{Corpus, fuzz_target};
use ringlock_config::document::Document;
use ringlock_config::edit;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Some((change, text)) = std::str::from_utf8(bytes)
        .ok()
        .and_then(|input| input.split_once('\n'))
    else {
        return Corpus::Reject;
    };
    let Ok(document) = Document::parse(text, Path::new("cassandra.yaml")) else {
        return Corpus::Reject;
    };
    match change.split_once('=') {
        Some((key, value)) => set(&document, key, value),
        None => unset(&document, change),
    }
    Corpus::Keep
});

fn set(document: &Document, key: &str, value: &str) {
    match edit::set(document, key, value) {
        Ok(text) => {
            let edited = read_again(&text);
            let again = edit::set(&edited, key, value).expect("what was set can be set again");
            assert_eq!(again, text, "setting twice is setting once");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn unset(document: &Document, key: &str) {
    match edit::unset(document, key) {
        Ok(text) => {
            let path: Vec<&str> = key.split('.').collect();
            assert!(read_again(&text).root().find(&path).is_none());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn read_again(text: &str) -> Document {
    Document::parse(text, Path::new("cassandra.yaml")).expect("what was edited can be read")
}
