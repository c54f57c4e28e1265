use std::collections::BTreeSet;

use super::*;

fn suite(code: u16) -> &'static Suite {
    Suite::by_code(code).unwrap()
}

#[test]
fn no_code_point_and_no_name_stands_twice_in_the_table() {
    let mut codes = BTreeSet::new();
    let mut names = BTreeSet::new();
    for suite in Suite::all() {
        assert!(codes.insert(suite.code()), "{suite} twice");
        for vocabulary in Vocabulary::ALL {
            if let Some(name) = suite.name_in(vocabulary) {
                assert!(names.insert((vocabulary.to_string(), name)), "{name} twice");
                assert_eq!(Suite::in_vocabulary(vocabulary, name), Some(suite));
            }
        }
    }
    assert_eq!(codes.len(), 363);
}

#[test]
fn a_suite_is_found_by_any_of_its_names_and_whose_name_it_is_is_told() {
    for (name, vocabulary) in [
        ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", Vocabulary::Iana),
        ("SSL_RSA_WITH_3DES_EDE_CBC_SHA", Vocabulary::Jsse),
        ("DES-CBC3-SHA", Vocabulary::OpenSsl),
        ("TLS_RSA_3DES_EDE_CBC_SHA1", Vocabulary::GnuTls),
    ] {
        let Some(named) = Suite::by_name(name) else {
            // OpenSSL as built for Debian has no 3DES.
            assert_eq!(vocabulary, Vocabulary::OpenSsl);
            continue;
        };
        assert_eq!(named.suite.code(), 0x000A, "{name}");
        assert_eq!(named.vocabulary, vocabulary, "{name}");
    }
    assert_eq!(Suite::by_name("tls_aes_128_gcm_sha256"), None);
}

#[test]
fn a_misspelt_or_foreign_name_leads_to_the_right_one() {
    let jsse = |name| Suite::nearest(name, Vocabulary::Jsse);
    let right = Some("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384");
    assert_eq!(jsse("TLS_ECDHE_RSA_AES_256_GCM_SHA384"), right);
    assert_eq!(jsse("ECDHE-RSA-AES256-GCM-SHA384"), right);
    assert_eq!(jsse("tls_ecdhe_rsa_with_aes_256_gcm_sha384"), right);
    assert_eq!(jsse("something else altogether"), None);
}

#[test]
fn each_strength_has_its_gravest_reason() {
    assert_eq!(suite(0xC02F).strength(), Strength::Modern);
    assert_eq!(suite(0x009E).strength(), Strength::Acceptable);
    assert_eq!(
        suite(0x0035).strength(),
        Strength::Weak(Flaw::RsaKeyExchange)
    );
    assert_eq!(suite(0xC013).strength(), Strength::Weak(Flaw::CbcSha1));
    assert_eq!(suite(0x0004).strength(), Strength::Dead(Flaw::Rc4));
    let flaws: Vec<Flaw> = suite(0x0004).flaws().collect();
    assert_eq!(flaws, [Flaw::Rc4, Flaw::Md5, Flaw::RsaKeyExchange]);
}

#[test]
fn of_all_suites_twelve_are_modern_and_thirty_are_carried() {
    let count = |is: fn(&Suite) -> bool| Suite::all().filter(|suite| is(suite)).count();
    assert_eq!(
        count(|s| s.strength() == Strength::Modern && !s.is_signal()),
        12
    );
    assert_eq!(count(|s| s.engine() == Some(Engine::Rustls)), 9);
    assert_eq!(count(|s| s.engine() == Some(Engine::OpenSsl)), 21);
    assert_eq!(count(Suite::is_in_boringssl), 22);
    assert_eq!(count(Suite::is_allowed_by_fips), 76);
    assert_eq!(count(|s| s.is_in(Java::latest(17))), 92);
    assert!(Suite::all().all(|s| match s.engine() {
        Some(Engine::Rustls) => s.strength() == Strength::Modern,
        Some(Engine::OpenSsl) => s.fits(Version::Tls12) && s.flaws().next().is_some(),
        None => true,
    }));
}

#[test]
fn what_openssl_carries_out_has_a_name_there() {
    let mut old = Suite::all().filter(|suite| suite.engine() == Some(Engine::OpenSsl));
    assert!(old.all(|suite| suite.name_in(Vocabulary::OpenSsl).is_some()));
}

#[test]
fn what_java_disables_depends_on_its_update() {
    let offered = |version: &str| {
        let java: Java = version.parse().unwrap();
        Suite::all()
            .filter(|suite| suite.is_offered_by(java))
            .count()
    };
    assert_eq!(offered("11.0.13"), 49);
    assert_eq!(offered("17.0.15"), 37);
    assert_eq!(offered("21.0.8"), 37);
    assert_eq!(offered("17.0.21.1"), 31);
    assert_eq!(offered("25.0.3"), 31);
    let bans: Vec<JavaBan> = suite(0x002F).bans().collect();
    assert_eq!(bans, [JavaBan::RsaKeyExchange]);
}

#[test]
fn a_suite_fits_the_versions_that_may_use_it() {
    assert!(suite(0x1301).fits(Version::Tls13) && !suite(0x1301).fits(Version::Tls12));
    assert!(suite(0xC02F).fits(Version::Tls12) && !suite(0xC02F).fits(Version::Tls11));
    assert!(suite(0x0009).fits(Version::Tls10) && !suite(0x0009).fits(Version::Tls12));
    assert!(suite(0xC02F).fits(Version::Dtls12) && !suite(0xC02F).fits(Version::Dtls10));
}
