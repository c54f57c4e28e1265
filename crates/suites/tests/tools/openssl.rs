//! OpenSSL's names.

use std::process::Command;

use ringlock_suites::{Suite, Vocabulary};

/// `0x13,0x02 - TLS_AES_256_GCM_SHA384 TLSv1.3 …`, with OpenSSL's name third.
fn listed(line: &str) -> Option<(u16, &str)> {
    let mut words = line.split_whitespace();
    let (high, low) = words.next()?.split_once(',')?;
    let byte = |text: &str| u8::from_str_radix(text.strip_prefix("0x")?, 16).ok();
    let code = u16::from_be_bytes([byte(high)?, byte(low)?]);
    Some((code, words.nth(1)?))
}

#[test]
fn every_suite_that_openssl_lists_has_openssls_name_in_the_table() {
    let mut command = Command::new("openssl");
    command.args(["ciphers", "-V", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]);
    let Some(output) = super::run(&mut command, "openssl") else {
        return;
    };
    let printed = super::text(output.stdout);
    let listed: Vec<(u16, &str)> = printed.lines().filter_map(listed).collect();
    assert!(listed.len() > 100, "only {} suites listed", listed.len());
    for (code, name) in listed {
        let suite = Suite::by_code(code).unwrap_or_else(|| panic!("no suite {code:#06x}"));
        assert_eq!(suite.name_in(Vocabulary::OpenSsl), Some(name), "{suite}");
        assert_eq!(Suite::in_vocabulary(Vocabulary::OpenSsl, name), Some(suite));
    }
}
