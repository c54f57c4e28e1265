//! Any bytes as a PKCS #12 store, with the right password, another one, the empty one and none.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use ringlock_store::{
    Format, KeyStore, Kind, Opened, Passwords, Writing, as_java_sees, open, sniff, write,
};

const PASSWORD: Option<&str> = Some("changeit");

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if sniff(bytes) != Format::Pkcs12 {
        return Corpus::Reject;
    }
    for (store, key) in [
        (PASSWORD, None),
        (PASSWORD, Some("another")),
        (Some(""), None),
        (None, None),
    ] {
        let passwords = Passwords { store, key };
        match open(bytes, passwords) {
            Ok(opened) => {
                seen_by_java(&opened, passwords);
                written_again(opened);
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    Corpus::Keep
});

fn seen_by_java(opened: &Opened, passwords: Passwords<'_>) {
    for store in [passwords.store, None, Some("größer")] {
        let view = as_java_sees(opened, Passwords { store, ..passwords });
        assert!(view.private_keys <= opened.store.keys.len());
        assert!(view.trust_anchors <= opened.store.certificates.len());
        let less = view.private_keys < opened.store.keys.len()
            || view.trust_anchors < opened.store.certificates.len();
        assert!(!less || view.reason.is_some());
    }
}

fn written_again(mut opened: Opened) {
    let counts = |store: &KeyStore| {
        let trusted = store.certificates.iter().filter(|entry| entry.trusted);
        (store.keys.len(), trusted.count())
    };
    let passwords = Passwords {
        store: PASSWORD,
        key: None,
    };
    let how = Writing {
        to: Kind::Pkcs12,
        passwords,
        deterministic: true,
        created: 0,
    };
    opened.store.others.clear();
    opened.store.revocation_lists.clear();
    if let Ok(bytes) = write(&opened.store, &how) {
        let again = open(&bytes, passwords);
        assert!(again.is_ok_and(|again| counts(&again.store) == counts(&opened.store)));
    }
}
