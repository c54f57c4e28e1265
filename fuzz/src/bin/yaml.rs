//! Any text as a configuration file.

#![no_main]

use std::path::Path;

use libfuzzer_sys::{Corpus, fuzz_target};
use ringlock_config::document::{Document, Node, Value};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Corpus::Reject;
    };
    match Document::parse(text, Path::new("cassandra.yaml")) {
        Ok(document) => {
            assert_eq!(document.text(), text);
            stands_in_the_text(document.root(), text);
        }
        Err(findings) => assert!(!findings.to_string().is_empty()),
    }
    Corpus::Keep
});

fn stands_in_the_text(node: &Node, text: &str) {
    assert!(text.get(node.span.clone()).is_some());
    match &node.value {
        Value::Blank | Value::Scalar { .. } => {}
        Value::Sequence(items) => {
            for item in items {
                stands_in_the_text(item, text);
            }
        }
        Value::Mapping(entries) => {
            for entry in entries {
                assert!(text.get(entry.span.clone()).is_some());
                stands_in_the_text(&entry.node, text);
            }
        }
    }
}
