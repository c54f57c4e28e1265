//! Any bytes as PEM, or as one certificate, key or revocation list in DER form.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use ringlock_store::{Format, KeyStore, Kind, Opened, Passwords, Writing, open, sniff, write};

const PASSWORD: Passwords<'_> = Passwords {
    store: None,
    key: Some("changeit"),
};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let takes_long = match sniff(bytes) {
        Format::Pem => {
            let label: &[u8] = b"ENCRYPTED PRIVATE KEY";
            bytes.windows(label.len()).any(|window| window == label)
        }
        // More than 65,535 iterations: right, and slow.
        Format::DerKey => bytes
            .windows(2)
            .any(|it| it[0] == 2 && (3..9).contains(&it[1])),
        Format::DerCertificate | Format::DerRevocationList => false,
        _ => return Corpus::Reject,
    };
    let mut ways = vec![Passwords::default()];
    if !takes_long {
        ways.push(PASSWORD);
    }
    for passwords in ways {
        match open(bytes, passwords) {
            Ok(opened) => written_again(&opened),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    Corpus::Keep
});

fn written_again(opened: &Opened) {
    let counts = |store: &KeyStore| {
        (
            store.keys.len(),
            store.certificates.len(),
            store.revocation_lists.len(),
        )
    };
    let passwords = Passwords::default();
    let how = Writing {
        to: Kind::Pem,
        passwords,
        deterministic: true,
        created: 0,
    };
    if counts(&opened.store) == (0, 0, 0) {
        return;
    }
    let again = write(&opened.store, &how).map(|bytes| open(&bytes, passwords));
    let again = again
        .is_ok_and(|again| again.is_ok_and(|again| counts(&again.store) == counts(&opened.store)));
    assert!(again);
}
