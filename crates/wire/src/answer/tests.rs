use proptest::prelude::*;

use super::*;

macro_rules! sample {
    ($name:literal) => {
        include_bytes!(concat!(
            "../../../../fuzz/corpus/first_bytes/answer-",
            $name
        ))
        .as_slice()
    };
}

/// OpenSSL 3.0.19 `s_server`, and Java 17.0.15: what they sent, from the first byte.
const OPENSSL_1_3: &[u8] = sample!("openssl-1.3");
const OPENSSL_1_3_RETRIED: &[u8] = sample!("openssl-1.3-retried");
const OPENSSL_1_3_RESUMED: &[u8] = sample!("openssl-1.3-resumed");
const OPENSSL_1_2: &[u8] = sample!("openssl-1.2");
const OPENSSL_1_2_RESUMED: &[u8] = sample!("openssl-1.2-resumed");
const OPENSSL_1_2_RESUMED_BY_ID: &[u8] = sample!("openssl-1.2-resumed-by-id");
const OPENSSL_1_2_RSA: &[u8] = sample!("openssl-1.2-rsa");
const OPENSSL_1_2_DHE: &[u8] = sample!("openssl-1.2-dhe");
const JAVA_1_3: &[u8] = sample!("java-1.3");
const JAVA_1_2: &[u8] = sample!("java-1.2");
const ALERT: &[u8] = sample!("alert");

const ALL: [&[u8]; 10] = [
    OPENSSL_1_3,
    OPENSSL_1_3_RETRIED,
    OPENSSL_1_3_RESUMED,
    OPENSSL_1_2,
    OPENSSL_1_2_RESUMED,
    OPENSSL_1_2_RESUMED_BY_ID,
    OPENSSL_1_2_RSA,
    OPENSSL_1_2_DHE,
    JAVA_1_3,
    JAVA_1_2,
];

const X25519: u16 = 29;
const TLS_1_2: u16 = 0x0303;
const TLS_1_3: u16 = 0x0304;

/// A full handshake without a retry.
fn full(version: u16, suite: u16, group: Option<u16>) -> ServerHello {
    ServerHello {
        version,
        suite,
        group,
        resumed: false,
        retried: false,
    }
}

fn read(bytes: &[u8]) -> ServerHello {
    ServerHello::read(bytes).unwrap().unwrap()
}

#[test]
fn what_openssl_and_java_answer_in_tls_1_3_is_read() {
    let expected = full(TLS_1_3, 0x1302, Some(X25519));
    assert_eq!(read(OPENSSL_1_3), expected);
    assert_eq!(read(JAVA_1_3), expected);
    let resumed = ServerHello {
        resumed: true,
        ..expected
    };
    assert_eq!(read(OPENSSL_1_3_RESUMED), resumed);
}

#[test]
fn after_a_retry_the_second_hello_counts() {
    let expected = ServerHello {
        retried: true,
        ..full(TLS_1_3, 0x1302, Some(24))
    };
    assert_eq!(read(OPENSSL_1_3_RETRIED), expected);
}

#[test]
fn before_tls_1_3_the_group_stands_in_the_key_exchange_behind_the_certificate() {
    assert_eq!(read(OPENSSL_1_2), full(TLS_1_2, 0xC02C, Some(X25519)));
    assert_eq!(read(JAVA_1_2), full(TLS_1_2, 0xC02C, Some(X25519)));
}

#[test]
fn who_exchanges_keys_without_a_curve_has_no_group() {
    assert_eq!(read(OPENSSL_1_2_RSA), full(TLS_1_2, 0x0035, None));
    assert_eq!(read(OPENSSL_1_2_DHE), full(TLS_1_2, 0x009E, None));
}

#[test]
fn before_tls_1_3_a_resumed_session_shows_no_certificate() {
    let expected = ServerHello {
        resumed: true,
        ..full(TLS_1_2, 0xC02C, None)
    };
    assert_eq!(read(OPENSSL_1_2_RESUMED), expected);
    assert_eq!(read(OPENSSL_1_2_RESUMED_BY_ID), expected);
}

#[test]
fn an_alert_is_named_and_what_is_no_answer_is_refused_by_its_first_bytes() {
    assert_eq!(ServerHello::read(ALERT), Err(NoServerHello::Alert(70)));
    assert_eq!(ServerHello::read(&ALERT[..6]), Ok(None));
    for bytes in [&b"HTTP/1.1 400 Bad Request"[..], b"\xCA\x55\x2D\xFA", b"H"] {
        assert_eq!(ServerHello::read(bytes), Err(NoServerHello::NotTls));
    }
    // An echo of what the client said.
    let echo = [22, 3, 1, 0, 5, 1, 0, 0, 1, 3];
    assert_eq!(ServerHello::read(&echo), Err(NoServerHello::NotTls));
}

#[test]
fn torn_into_records_of_one_byte_it_says_the_same() {
    for whole in ALL {
        let mut torn = Vec::new();
        let mut rest = whole;
        while let [kind, major, minor, high, low, after @ ..] = rest {
            let length = usize::from(u16::from_be_bytes([*high, *low])).min(after.len());
            for byte in &after[..length] {
                torn.extend([*kind, *major, *minor, 0, 1, *byte]);
            }
            rest = &after[length..];
        }
        assert_eq!(read(&torn), read(whole));
    }
}

#[test]
fn it_is_there_from_one_byte_on_and_what_follows_changes_nothing() {
    for whole in ALL {
        let answers: Vec<_> = (0..=whole.len())
            .map(|length| ServerHello::read(&whole[..length]).unwrap())
            .collect();
        let first = answers.iter().position(Option::is_some).unwrap();
        let last = answers.last().copied().flatten();
        assert!(answers[first..].iter().all(|answer| *answer == last));
    }
}

#[test]
fn an_answer_without_an_end_is_given_up() {
    let certificate = [22, 3, 3, 0x40, 0].iter().chain(&[0; 0x4000]);
    let mut endless = OPENSSL_1_2[..70].to_vec();
    // A certificate whose message is longer than what follows.
    endless.extend([22, 3, 3, 0, 4, 11, 0xFF, 0xFF, 0xFF]);
    while endless.len() < ServerHello::LONGEST {
        assert_eq!(ServerHello::read(&endless), Ok(None));
        endless.extend(certificate.clone());
    }
    assert_eq!(ServerHello::read(&endless), Err(NoServerHello::TooLong));
}

#[test]
fn versions_and_groups_have_the_names_of_jsse_and_iana() {
    assert_eq!(version_name(TLS_1_3), Some("TLSv1.3"));
    assert_eq!(version_name(0x7F1C), None);
    assert_eq!(group_name(0x11EC), Some("X25519MLKEM768"));
    assert_eq!(group_name(0), None);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, which in 0..ALL.len(), at in 0..200_usize, byte: u8) {
        let mut answer = ALL[which].to_vec();
        if let Some(changed) = answer.get_mut(at) {
            *changed = byte;
        }
        for bytes in [bytes, answer] {
            let read = ServerHello::read(&bytes);
            if matches!(read, Ok(Some(_)) | Err(NoServerHello::Alert(_))) {
                let more = [&bytes[..], b"more"].concat();
                prop_assert_eq!(ServerHello::read(&more), read);
            }
        }
    }
}
