//! GnuTLS's names, and its rules for priority strings.

use std::process::{Command, Output};

use proptest::prelude::*;
use ringlock_suites::priority::Priorities;
use ringlock_suites::{Suite, Vocabulary};

/// One string a line, then a tab and whether GnuTLS accepts it. Blanks count.
const STRINGS: &str = include_str!("priorities.tsv");

fn gnutls(arguments: &[&str]) -> Option<Output> {
    let mut command = Command::new("gnutls-cli");
    command
        .arg("--list")
        .args(arguments)
        // The machine's own rules would change what every string means.
        .env("GNUTLS_SYSTEM_PRIORITY_FILE", "/dev/null");
    super::run(&mut command, "gnutls-bin")
}

/// `TLS_AES_128_GCM_SHA256   0x13, 0x01   TLS1.3`.
fn listed(line: &str) -> Option<(&str, u16)> {
    let mut words = line.split_whitespace();
    let name = words.next()?;
    let byte = |text: &str| u8::from_str_radix(text.strip_prefix("0x")?, 16).ok();
    let high = byte(words.next()?.strip_suffix(',')?)?;
    Some((name, u16::from_be_bytes([high, byte(words.next()?)?])))
}

#[test]
fn every_suite_that_gnutls_lists_has_gnutlss_name_in_the_table() {
    let Some(output) = gnutls(&[]) else { return };
    let printed = super::text(output.stdout);
    let listed: Vec<(&str, u16)> = printed.lines().filter_map(listed).collect();
    assert!(listed.len() > 100, "only {} suites listed", listed.len());
    for (name, code) in listed {
        let suite = Suite::by_code(code).unwrap_or_else(|| panic!("no suite {code:#06x}"));
        assert_eq!(suite.name_in(Vocabulary::GnuTls), Some(name), "{suite}");
        assert_eq!(Suite::in_vocabulary(Vocabulary::GnuTls, name), Some(suite));
    }
}

/// Whether the tool was there to be compared with.
fn is_as_gnutls_says(string: &str) -> bool {
    let Some(output) = gnutls(&["--priority", string]) else {
        return false;
    };
    let said = super::text(output.stdout);
    let complained = super::text(output.stderr);
    match Priorities::parse(string) {
        Ok(priorities) => {
            assert!(output.status.success(), "refused is {string:?}");
            assert_eq!(priorities.listing(), said, "{string:?}");
        }
        Err(error) => {
            assert!(!output.status.success(), "accepted is {string:?}: {error}");
            assert_eq!(format!("{}\n", error.gnutls_message()), complained);
        }
    }
    true
}

#[test]
fn every_priority_string_means_what_gnutls_says_suite_by_suite() {
    let mut compared = 0;
    for line in STRINGS.split_terminator('\n') {
        let (string, accepted) = line.split_once('\t').unwrap();
        if !is_as_gnutls_says(string) {
            return;
        }
        let here = Priorities::parse(string).is_ok();
        assert_eq!(here, accepted == "yes", "{string:?}");
        compared += 1;
    }
    assert!(compared > 300, "only {compared} strings compared");
}

/// An item that is likely to be understood, with its sign.
const ITEM: &str = "[+-](VERS-(TLS-|DTLS-)?ALL|VERS-D?TLS1\\.[0-3]|(CIPHER|MAC|KX|SIGN|GROUP|CURVE)-ALL\
    |(CIPHER|MAC|KX|SIGN|GROUP)-GOST-ALL|GROUP-(EC|DH)-ALL|AES-(128|256)-(CBC|GCM|CCM|CCM-8)\
    |CHACHA20-POLY1305|NULL|3DES-CBC|AEAD|SHA1|SHA256|SHA384|MD5|(EC)?DHE-(RSA|PSK|ECDSA)|RSA|PSK\
    |RSA-PSK|SRP|ANON-(EC)?DH|GOST|GROUP-(X25519|SECP256R1|FFDHE2048)|CURVE-ED448\
    |SIGN-(RSA|ECDSA)-SHA(1|256|512)|COMP-X)";

fn element() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "(NORMAL|SECURE128|SECURE256|PFS|LEGACY|PERFORMANCE|SUITEB(128|192)|NONE)",
        30 => ITEM,
        2 => "%(COMPAT|NO_EXTENSIONS|PROFILE_HIGH|SERVER_PRECEDENCE)",
        1 => "[ +!%a-z-]{0,4}",
    ]
}

#[test]
fn strings_made_at_random_mean_what_gnutls_says() {
    proptest!(ProptestConfig::with_cases(300), |(
        first in "(NORMAL|SECURE128|SECURE192|NONE|PFS)",
        elements in prop::collection::vec(element(), 0..8)
    )| {
        is_as_gnutls_says(&format!("{first}:{}", elements.join(":")));
    });
}
