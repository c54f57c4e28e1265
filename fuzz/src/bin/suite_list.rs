//! A dozen names, one a line, as `cipher_suites`, `accepted_protocols` and `protocol`.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use ringlock_suites::jsse::{self, Line, Provider, Side};
use ringlock_suites::{Java, Suite, Vocabulary};

const PROVIDERS: [Provider; 4] = [
    Provider::Jdk(Java::latest(8)),
    Provider::Jdk(Java {
        release: 17,
        update: 15,
    }),
    Provider::Jdk(Java::latest(25)),
    Provider::OpenSsl,
];

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Corpus::Reject;
    };
    let names: Vec<&str> = text.lines().take(12).collect();
    for provider in PROVIDERS {
        suites(provider, &names);
        versions(provider, &names);
    }
    for name in names.iter().take(2) {
        nearest(name);
    }
    Corpus::Keep
});

fn suites(provider: Provider, names: &[&str]) {
    let chosen = jsse::suites(provider, names);
    assert!(chosen.kept.len() + chosen.dropped.len() <= names.len());
    for suite in &chosen.kept {
        let name = suite.name_in(Vocabulary::Jsse);
        assert!(name.is_some_and(|name| names.contains(&name)));
    }
    for (name, why) in &chosen.dropped {
        assert!(names.contains(name) && !why.to_string().is_empty());
    }
}

fn versions(provider: Provider, names: &[&str]) {
    let protocol = names.first().copied();
    for side in [Side::Listens, Side::Dials] {
        for line in [Line::Three, Line::Four] {
            for accepted in [None, Some(names)] {
                match jsse::versions(line, side, provider, protocol, accepted) {
                    Ok(enabled) => {
                        assert!(enabled.versions.is_sorted_by(|a, b| a > b));
                        assert!(enabled.versions.iter().all(|v| !v.is_datagram()));
                    }
                    Err(error) => assert!(!error.product_message().is_empty()),
                }
            }
        }
    }
}

fn nearest(name: &str) {
    for vocabulary in Vocabulary::ALL {
        if let Some(nearest) = Suite::nearest(name, vocabulary) {
            let suite = Suite::in_vocabulary(vocabulary, nearest);
            assert!(suite.is_some_and(|suite| suite.name_in(vocabulary) == Some(nearest)));
        }
    }
}
