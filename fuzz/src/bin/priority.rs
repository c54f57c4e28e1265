//! Any text as a priority string of GnuTLS.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use ringlock_suites::priority::{Priorities, PriorityError};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Corpus::Reject;
    };
    match Priorities::parse(text) {
        Ok(priorities) => accepted(text, &priorities),
        Err(error) => refused(text, &error),
    }
    Corpus::Keep
});

fn accepted(text: &str, priorities: &Priorities) {
    assert!(priorities.listing().starts_with("Cipher suites for "));
    assert!(!priorities.suites().is_empty());
    assert!(are_distinct(priorities.suites()) && are_distinct(priorities.versions()));
    for suite in priorities.usable_suites() {
        assert!(priorities.suites().contains(&suite));
    }
    for warning in priorities.warnings() {
        assert!(text[warning.at..].starts_with(&warning.element));
    }
    // Case counts in options and in names of the machine's only.
    if !text.contains('%') {
        let small = Priorities::parse(&text.to_ascii_lowercase());
        let small = small.expect("a string in small letters means the same");
        assert_eq!(small.suites(), priorities.suites());
        assert_eq!(small.versions(), priorities.versions());
    }
}

fn refused(text: &str, error: &PriorityError) {
    assert!(!error.to_string().is_empty());
    assert!(error.gnutls_message().contains(": "));
    if let PriorityError::Element { element, at, .. } = error {
        assert!(text[*at..].starts_with(element.as_str()));
    }
}

fn are_distinct<T: PartialEq>(items: &[T]) -> bool {
    (1..items.len()).all(|index| !items[..index].contains(&items[index]))
}
