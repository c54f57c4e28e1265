//! `protocol`, `accepted_protocols`, `cipher_suites` and `priority_string` in `ringlock.yaml`.

use ringlock_suites::{Engine, Version};

use super::{SHORTEST, mistakes, read};
use crate::TlsOffer;

fn with(lines: &str) -> String {
    format!("{SHORTEST}{lines}")
}

fn offer(lines: &str) -> TlsOffer {
    read(&with(lines)).unwrap().internode.offer
}

fn suites(offer: &TlsOffer) -> Vec<&'static str> {
    offer.suites.iter().map(|suite| suite.name()).collect()
}

#[test]
fn without_a_word_there_is_no_limit() {
    assert_eq!(offer(""), TlsOffer::default());
    for protocol in ["TLS", "tls", "ssl"] {
        assert_eq!(
            offer(&format!("  protocol: {protocol}\n")),
            TlsOffer::default()
        );
    }
}

#[test]
fn a_version_in_protocol_is_one_more_of_accepted_protocols() {
    let only = [Version::Tls12];
    assert_eq!(offer("  protocol: TLSv1.2\n").versions, only);
    assert_eq!(offer("  accepted_protocols: [TLSv1.2]\n").versions, only);
    let both = offer("  protocol: TLSv1.3\n  accepted_protocols: [TLSv1.2]\n");
    assert_eq!(both.versions, [Version::Tls13, Version::Tls12]);
    let list = offer("  protocol: TLS\n  accepted_protocols: [TLSv1.2, TLSv1.3, TLSv1.2]\n");
    assert_eq!(list.versions, [Version::Tls13, Version::Tls12]);
}

#[test]
fn suites_keep_their_order_and_those_that_cannot_be_carried_out_are_known() {
    let offer = offer(
        "  cipher_suites:\n    - TLS_RSA_WITH_AES_256_CBC_SHA\n    \
         - TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384\n    - TLS_AES_128_GCM_SHA256\n",
    );
    assert_eq!(
        suites(&offer),
        [
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_AES_128_GCM_SHA256"
        ]
    );
    let dropped: Vec<_> = offer.dropped.iter().map(|suite| suite.name()).collect();
    assert_eq!(dropped, ["TLS_RSA_WITH_AES_256_CBC_SHA"]);
}

#[test]
fn old_suites_alone_are_carried_by_openssl_and_beside_a_modern_one_dropped() {
    let old = offer(
        "  cipher_suites: [SSL_RSA_WITH_RC4_128_SHA, TLS_RSA_WITH_AES_256_CBC_SHA, \
         TLS_DHE_RSA_WITH_AES_128_CBC_SHA]\n",
    );
    assert_eq!(old.engine, Engine::OpenSsl);
    assert_eq!(
        suites(&old),
        [
            "TLS_RSA_WITH_AES_256_CBC_SHA",
            "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"
        ]
    );
    assert_eq!(old.dropped.len(), 1);
    let mixed = offer(
        "  cipher_suites: [TLS_RSA_WITH_AES_256_CBC_SHA, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]\n",
    );
    assert_eq!(mixed.engine, Engine::Rustls);
    assert_eq!(suites(&mixed), ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]);
    assert_eq!(mixed.dropped.len(), 1);
    let by_priority = offer("  priority_string: NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA\n");
    assert_eq!(by_priority.engine, Engine::OpenSsl);
    assert!(suites(&by_priority).contains(&"TLS_RSA_WITH_AES_256_GCM_SHA384"));
    assert_eq!(offer("  priority_string: NORMAL\n").engine, Engine::Rustls);
}

#[test]
fn suites_of_which_none_is_for_an_accepted_version_are_a_mistake() {
    let said = mistakes(&with(
        "  accepted_protocols: [TLSv1.3]\n  cipher_suites: [TLS_RSA_WITH_AES_256_CBC_SHA]\n",
    ));
    assert_eq!(
        said,
        "ringlock.yaml:6:3: server_encryption_options.cipher_suites: none of these suites is for \
         an accepted version (found \"TLS_RSA_WITH_AES_256_CBC_SHA\", expected at least one for \
         TLS 1.3)"
    );
}

#[test]
fn fips_refuses_every_suite_that_it_does_not_allow_by_its_place() {
    let fips = |lines: &str| with(lines).replace("Test Cluster}", "Test Cluster, fips: true}");
    let said = mistakes(&fips(
        "  cipher_suites: [TLS_AES_128_GCM_SHA256, TLS_RSA_WITH_AES_128_CBC_SHA, \
         TLS_CHACHA20_POLY1305_SHA256]\n",
    ));
    let told: Vec<_> = said.lines().collect();
    assert_eq!(told.len(), 2, "{said}");
    assert_eq!(
        told[0],
        "ringlock.yaml:5:43: server_encryption_options.cipher_suites[1]: not allowed by FIPS 140 \
         (found \"TLS_RSA_WITH_AES_128_CBC_SHA\", expected AES in TLS 1.3, or with ECDHE or DHE and an \
         RSA or ECDSA certificate)"
    );
    assert!(told[1].contains("cipher_suites[2]"), "{said}");
    let config = read(&fips(
        "  cipher_suites: [TLS_DHE_RSA_WITH_AES_128_CBC_SHA]\n",
    ))
    .unwrap();
    assert!(config.internode.offer.fips);
    assert_eq!(config.internode.offer.engine, Engine::OpenSsl);
    let config = read(&fips("  priority_string: NORMAL\n")).unwrap();
    let offer = &config.internode.offer;
    assert!(offer.suites.iter().all(|suite| suite.is_allowed_by_fips()));
    assert!(!offer.suites.is_empty() && !offer.dropped.is_empty());
    assert!(!read(&with("")).unwrap().internode.offer.fips);
}

#[test]
fn a_priority_string_gives_versions_and_suites() {
    let offer = offer("  priority_string: SECURE128:-VERS-ALL:+VERS-TLS1.3:-AES-256-GCM\n");
    assert_eq!(offer.versions, [Version::Tls13]);
    assert_eq!(
        suites(&offer),
        ["TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"]
    );
}

#[test]
fn mistakes_name_the_item_and_what_was_probably_meant() {
    assert_eq!(
        mistakes(&with(
            "  accepted_protocols: [TLSv1.3, TLS1.2, TLSv1.1]\n  \
             cipher_suites: [TLS_AES_128_GCM_SHA265]\n"
        )),
        "ringlock.yaml:5:33: server_encryption_options.accepted_protocols[1]: no version of TLS \
         (found \"TLS1.2\", expected TLSv1.3 or TLSv1.2); did you mean TLSv1.2?\n\
         ringlock.yaml:6:19: server_encryption_options.cipher_suites[0]: no cipher suite (found \
         \"TLS_AES_128_GCM_SHA265\", expected a name that JSSE knows); did you mean \
         TLS_AES_128_GCM_SHA256?"
    );
    assert_eq!(
        mistakes(&with("  cipher_suites: [TLS_AES_128_GCM_SHA256, {a: b}]\n")),
        "ringlock.yaml:5:18: server_encryption_options.cipher_suites: an item is not a word \
         (expected a list such as [A, B])"
    );
    assert_eq!(
        mistakes(&with("  protocol: TLS1.3\n")),
        "ringlock.yaml:5:13: server_encryption_options.protocol: no version of TLS (found \
         \"TLS1.3\", expected TLSv1.3 or TLSv1.2); did you mean TLSv1.3?"
    );
}

#[test]
fn versions_out_of_use_are_left_out_with_a_warning_if_another_is_left() {
    let config = read(&with("  accepted_protocols: [TLSv1, TLSv1.2, TLSv1.1]\n")).unwrap();
    assert_eq!(config.internode.offer.versions, [Version::Tls12]);
    let told: Vec<_> = config.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "/etc/ringlock/ringlock.yaml:5:24: warning: server_encryption_options.accepted_protocols[0]: left out: RFC \
             8996 has put it out of use (found \"TLSv1\"); take it out; nodes that know nothing \
             newer cannot be served",
            "/etc/ringlock/ringlock.yaml:5:40: warning: server_encryption_options.accepted_protocols[2]: left out: RFC \
             8996 has put it out of use (found \"TLSv1.1\"); take it out; nodes that know nothing \
             newer cannot be served",
        ]
    );
    assert_eq!(
        mistakes(&with("  accepted_protocols: [TLSv1.1]\n")),
        "ringlock.yaml:5:3: server_encryption_options.accepted_protocols: names only versions \
         that RFC 8996 has put out of use (expected TLSv1.3 or TLSv1.2); take it out; nodes that \
         know nothing newer cannot be served"
    );
}

#[test]
fn suites_of_which_none_can_be_carried_out_are_a_mistake() {
    let said = mistakes(&with("  cipher_suites: [SSL_RSA_WITH_3DES_EDE_CBC_SHA]\n"));
    assert!(
        said.starts_with(
            "ringlock.yaml:5:3: server_encryption_options.cipher_suites: none of these suites can \
             be carried out by this version"
        ),
        "{said}"
    );
    let said = mistakes(&with("  priority_string: NORMAL:-VERS-ALL:+VERS-TLS1.1\n"));
    assert!(said.contains("leaves no version and suite"), "{said}");
    let said = mistakes(&with("  priority_string: SECURE128:+FOO\n"));
    assert!(said.contains("'+FOO' at character 11"), "{said}");
}

#[test]
fn two_ways_to_say_it_contradict_each_other() {
    let said = mistakes(&with("  protocol: TLSv1.3\n  priority_string: NORMAL\n"));
    assert_eq!(
        said,
        "ringlock.yaml:6:3: server_encryption_options.priority_string: contradicts what JSSE's \
         words say (line 5); give either priority_string, or accepted_protocols and cipher_suites"
    );
}
