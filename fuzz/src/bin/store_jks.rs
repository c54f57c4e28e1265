//! Any bytes as a JKS or JCEKS store, with and without its passwords.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use ringlock_store::{
    Format, KeyStore, Kind, Opened, Passwords, Writing, as_java_sees, open, sniff, write,
};

const PASSWORD: Option<&str> = Some("changeit");

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if !matches!(sniff(bytes), Format::Jks | Format::Jceks) {
        return Corpus::Reject;
    }
    let (store, key) = (PASSWORD, PASSWORD);
    let mut ways = vec![
        Passwords::default(),
        Passwords {
            store,
            key: Some(""),
        },
    ];
    if !takes_long(bytes) {
        // Without the store's password its digest is left unchecked: that is what lets changed
        // inputs through to the entries.
        ways.extend([Passwords { store: None, key }, Passwords { store, key }]);
    }
    for passwords in ways {
        match open(bytes, passwords) {
            Ok(opened) => {
                let _ = as_java_sees(&opened, passwords);
                written_again(opened);
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    Corpus::Keep
});

/// Whether more than 65,535 iterations follow the algorithm of JCEKS: right, and slow.
fn takes_long(bytes: &[u8]) -> bool {
    const JCEKS_OID: &[u8] = b"\x2B\x06\x01\x04\x01\x2A\x02\x13\x01";
    let found = bytes.windows(JCEKS_OID.len()).enumerate();
    found
        .filter(|(_, window)| *window == JCEKS_OID)
        .any(|(at, _)| {
            let after = &bytes[at..bytes.len().min(at + 64)];
            after.windows(2).any(|it| it[0] == 2 && it[1] > 2)
        })
}

fn written_again(mut opened: Opened) {
    let counts = |store: &KeyStore| (store.keys.len(), store.certificates.len());
    let passwords = Passwords {
        store: PASSWORD,
        key: PASSWORD,
    };
    let how = Writing {
        to: Kind::Jks,
        passwords,
        deterministic: true,
        created: 0,
    };
    opened.store.others.clear();
    if let Ok(bytes) = write(&opened.store, &how) {
        let again = open(&bytes, passwords);
        assert!(again.is_ok_and(|again| counts(&again.store) == counts(&opened.store)));
    }
}
