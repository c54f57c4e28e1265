use proptest::prelude::*;

use super::*;

fn priorities(text: &str) -> Priorities {
    Priorities::parse(text).unwrap()
}

fn kinds(text: &str) -> Vec<WarningKind> {
    let warnings = priorities(text).warnings;
    warnings.into_iter().map(|warning| warning.kind).collect()
}

fn refusal(text: &str) -> String {
    Priorities::parse(text).unwrap_err().to_string()
}

#[test]
fn key_exchange_outranks_cipher_and_cipher_outranks_mac() {
    let names = |text: &str| -> Vec<&str> {
        let suites = priorities(text).suites;
        suites.iter().map(|suite| suite.name()).collect()
    };
    assert_eq!(
        names(
            "NONE:+VERS-TLS1.2:+RSA:+ECDHE-RSA:+AES-256-CBC:+AES-128-CBC:+SHA256:+SHA1:+SIGN-ALL"
        ),
        [
            "TLS_RSA_WITH_AES_256_CBC_SHA256",
            "TLS_RSA_WITH_AES_256_CBC_SHA",
            "TLS_RSA_WITH_AES_128_CBC_SHA256",
            "TLS_RSA_WITH_AES_128_CBC_SHA",
            "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
            "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        ]
    );
}

#[test]
fn the_default_of_scylladb_leaves_tls_1_1_on() {
    let default = priorities("SECURE128:-VERS-TLS1.0");
    assert_eq!(
        kinds("SECURE128:-VERS-TLS1.0"),
        [WarningKind::OldVersions(vec![Version::Tls11])]
    );
    assert_eq!(default.suites().len(), 29);
    assert_eq!(
        (default.profile(), default.level()),
        (Profile::Low, Level::Low)
    );
    assert_eq!(default.level().dh_bits(), 1024);
}

#[test]
fn a_keyword_only_lowers_what_certificates_must_reach_and_an_option_sets_it() {
    let profile = |text| (priorities(text).profile(), priorities(text).level());
    assert_eq!(profile("SECURE256:+SECURE128"), (Profile::Low, Level::Low));
    assert_eq!(profile("NORMAL:+SECURE256"), (Profile::Low, Level::Weak));
    assert_eq!(profile("%PROFILE_HIGH:NORMAL"), (Profile::Low, Level::Weak));
    assert_eq!(
        profile("NORMAL:%PROFILE_HIGH"),
        (Profile::High, Level::High)
    );
    assert_eq!(
        profile("NORMAL:%PROFILE_SUITEB192"),
        (Profile::SuiteB128, Level::High)
    );
    assert!(
        kinds("SECURE256:+SECURE128:-VERS-TLS1.0:-VERS-TLS1.1").contains(
            &WarningKind::LowersProfile {
                from: Profile::High,
                to: Profile::Low
            }
        )
    );
}

#[test]
fn what_gnutls_silently_ignores_is_told_with_its_place() {
    let found = priorities("NORMAL:-VERS-TLS1.0:-VERS-TLS1.1:+CIPHER-AES:+COMP-NULL:-MD5:+AEAD");
    let told: Vec<(&str, usize, &WarningKind)> = found
        .warnings()
        .iter()
        .map(|warning| (warning.element.as_str(), warning.at, &warning.kind))
        .collect();
    assert_eq!(
        told,
        [
            ("+CIPHER-AES", 33, &WarningKind::Ignored),
            ("+COMP-NULL", 45, &WarningKind::Ignored),
            ("-MD5", 56, &WarningKind::NotThere),
            ("+AEAD", 61, &WarningKind::ThereAlready),
        ]
    );
}

#[test]
fn an_item_before_the_first_keyword_is_told_to_be_in_vain() {
    assert_eq!(
        kinds("-AES-128-GCM:SECURE192:-VERS-TLS1.0:-VERS-TLS1.1"),
        [
            WarningKind::NotThere,
            WarningKind::UndoneBy("SECURE192".to_owned())
        ]
    );
    assert_eq!(kinds("-VERS-TLS1.0:-VERS-TLS1.1:SECURE192"), []);
}

#[test]
fn a_string_that_is_accepted_and_makes_no_connection_is_told() {
    let only =
        |version: &str, rest: &str| kinds(&format!("NORMAL:-VERS-ALL:+VERS-{version}{rest}"));
    assert!(only("TLS1.3", ":-GROUP-ALL").contains(&WarningKind::NoVersion));
    assert_eq!(only("DTLS1.2", ""), [WarningKind::OnlyDatagrams]);
    assert!(kinds("NORMAL:-KX-ALL:-VERS-TLS1.3").contains(&WarningKind::NoSuite));
    assert_eq!(only("TLS1.2", ":+VERS-TLS1.3"), [WarningKind::OlderFirst]);
    assert!(only("TLS1.3", ":+VERS-TLS1.1").contains(&WarningKind::Tls13Dropped));
}

#[test]
fn dtls_that_was_left_on_is_told_because_suites_of_tls_1_2_stay() {
    let trap = "NORMAL:-VERS-TLS-ALL:+VERS-TLS1.3";
    assert_eq!(kinds(trap), [WarningKind::DatagramsLeftOn]);
    assert_eq!(priorities(trap).suites().len(), 29);
    assert_eq!(priorities(trap).usable_suites().count(), 4);
    let right = "NORMAL:-VERS-ALL:+VERS-TLS1.3";
    assert_eq!(kinds(right), []);
    assert_eq!(priorities(right).suites().len(), 4);
}

#[test]
fn removing_gost_removes_everything() {
    assert!(kinds("NORMAL:-SIGN-GOST-ALL:+SIGN-ALL").contains(&WarningKind::EmptiesAll));
    assert_eq!(
        refusal("NORMAL:-GOST"),
        "'NORMAL:-GOST' leaves no cipher suite to make a connection with"
    );
}

#[test]
fn an_element_that_is_not_understood_is_told_with_what_was_expected() {
    let said = |text: &str, expected: &str| {
        let refusal = refusal(text);
        assert!(refusal.ends_with(expected), "{refusal}");
    };
    said("NORMAL:+VERS-TLSv1.2", "; perhaps VERS-TLS1.2");
    said("NORMAL:-TLS1.0", "; perhaps VERS-TLS1.0");
    said("NORMAL:+X25519", "; perhaps GROUP-X25519");
    said("NORMAL:+AES-256-GMC", "; perhaps AES-256-GCM");
    said("NORMLA", "; perhaps NORMAL");
    said("NORMAL:%compat", "; perhaps %COMPAT");
    said("NORMAL:AES-128-GCM", "before the item: +AES-128-GCM");
    said("NORMAL:-SECURE128", "can be added but not removed");
    said("NORMAL:NONE", "NONE at the start of the string only");
    said("NORMAL:-VERS-TLS1.0,-VERS-TLS1.1", "':' between elements");
    said("NORMAL:-VERS-TLS1.0 ", "no white space in it");
    said("NORMAL:", "something between the colons");
    said(
        "NORMAL:+TLS_RSA_WITH_AES_128_CBC_SHA",
        "no suite has a name here",
    );
    said("@SYSTEM", "the machine's configuration of GnuTLS");
    assert!(refusal("NORMAL: +FOO").starts_with("'+FOO' at character 9 is not"));
}

#[test]
fn the_place_that_gnutls_names_is_kept_beside_the_true_one() {
    let error = Priorities::parse("NORMAL: +AES-128-GCM:+FOO").unwrap_err();
    assert_eq!(error.at(), 21);
    assert_eq!(error.gnutls_message(), "Syntax error at: :+FOO");
    let error = Priorities::parse("NONE").unwrap_err();
    assert_eq!(
        error.gnutls_message(),
        "Error in priorities: No or insufficient priorities were set."
    );
}

proptest! {
    #[test]
    fn no_text_is_too_odd_to_be_judged(text in "\\PC{0,60}") {
        check(&text);
    }

    #[test]
    fn no_string_of_likely_elements_is_too_odd_to_be_judged(
        elements in prop::collection::vec("[+!%@ -]?(NORMAL|NONE|VERS-|TLS1\\.3|ALL|GOST|KX-|-|é|PSK|NULL| ){0,4}", 0..12)
    ) {
        check(&elements.join(":"));
    }
}

fn check(text: &str) {
    match Priorities::parse(text) {
        Ok(priorities) => assert!(priorities.listing().starts_with("Cipher suites for ")),
        Err(error) => {
            assert!(text.is_char_boundary(error.at()), "{error}");
            assert!(error.gnutls_message().contains(": "));
        }
    }
}
