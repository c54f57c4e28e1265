use std::path::Path;

use ringlock_pki::Identity;
use ringlock_token::{TokenConfig, TokenError, TokenUri, open};
use time::OffsetDateTime;

use crate::{
    PIN,
    site::{Site, alone, softhsm},
};

#[test]
fn a_wrong_pin_is_tried_once() {
    alone("failures::a_wrong_pin_is_tried_once", |site| {
        site.add_key("p256", "01", "p256");
        let config = site.unpluggable_config("p256");
        for _ in 0..3 {
            let refusal = site.refusal(&config, "4711-wrong");
            assert!(matches!(refusal, TokenError::PinWrong { .. }), "{refusal}");
            assert_eq!(
                refusal.to_string(),
                "the token node refused the PIN; this PIN is not tried on it again, because every \
                 wrong try brings a token nearer to locking itself"
            );
            assert_eq!(site.logins(), 1);
        }
        let token = open(&config, PIN).unwrap();
        assert_eq!(site.logins(), 2);
        assert!(!format!("{token:?}{config:?}").contains("4711"));
    });
}

#[test]
fn many_who_have_the_same_wrong_pin_try_it_once() {
    alone(
        "failures::many_who_have_the_same_wrong_pin_try_it_once",
        |site| {
            site.add_key("p256", "01", "p256");
            let config = site.unpluggable_config("p256");
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| site.refusal(&config, "4711-wrong"));
                }
            });
            assert_eq!(site.logins(), 1);
        },
    );
}

#[test]
fn a_locked_pin_and_the_last_try_are_told_and_left_alone() {
    alone(
        "failures::a_locked_pin_and_the_last_try_are_told_and_left_alone",
        |site| {
            site.add_key("p256", "01", "p256");
            let config = site.unpluggable_config("p256");
            site.put("last-try", b"");
            let refusal = site.refusal(&config, PIN);
            assert!(
                matches!(refusal, TokenError::PinLastTry { .. }),
                "{refusal}"
            );
            assert_eq!(site.logins(), 0);
            site.run("rm last-try; touch locked");
            let refusal = site.refusal(&config, PIN);
            assert!(matches!(refusal, TokenError::PinLocked { .. }), "{refusal}");
        },
    );
}

#[test]
fn what_is_missing_is_told_with_what_is_there() {
    alone(
        "failures::what_is_missing_is_told_with_what_is_there",
        |site| {
            site.add_key("p256", "01", "p256");
            let no_key = site.refusal(&site.config(Some("other")), PIN);
            assert_eq!(
                no_key.to_string(),
                "the token node has no private key labelled \"other\"; it has those labelled \"p256\""
            );
            let config = |module: &str, token| {
                TokenConfig::from_parts(Path::new(module), Some(token), None, None).unwrap()
            };
            assert_eq!(
                site.refusal(&config(softhsm(), "gone"), PIN).to_string(),
                "there is no token labelled \"gone\"; those that are there are labelled \"node\""
            );
            let no_module = site
                .refusal(&config("/nowhere/lib.so", "node"), PIN)
                .to_string();
            assert!(
                no_module.starts_with("the PKCS #11 module /nowhere/lib.so cannot be loaded: "),
                "{no_module}"
            );
            site.run("echo 'int nothing;' | cc -shared -x c - -o other.so");
            let other = site.path("other.so");
            let no_pkcs11 = site.refusal(&config(other.to_str().unwrap(), "node"), PIN);
            assert!(
                no_pkcs11.to_string().ends_with("it is no PKCS #11 library"),
                "{no_pkcs11}"
            );
        },
    );
}

#[test]
fn of_two_keys_with_one_label_the_id_tells_which() {
    alone(
        "failures::of_two_keys_with_one_label_the_id_tells_which",
        |site| {
            site.make_key("one", "p256");
            site.make_key("two", "rsa");
            site.import("one", "same", "0a", "");
            site.import("two", "same", "0b", "");
            assert_eq!(
                site.refusal(&site.config(Some("same")), PIN).to_string(),
                "the token node has 2 private keys labelled \"same\", with the ids 0a, 0b; expected \
             one: name it by a PKCS #11 URI with its id"
            );
            assert!(matches!(
                site.refusal(&site.config(None), PIN),
                TokenError::ManyKeys { .. }
            ));
            let uri: TokenUri = "pkcs11:token=node;object=same;id=%0b".parse().unwrap();
            let config = TokenConfig::from_uri(&uri, Some(Path::new(softhsm()))).unwrap();
            let token = open(&config, PIN).unwrap();
            assert!(format!("{token:?}").contains("RsaPss"), "{token:?}");
        },
    );
}

#[test]
fn a_key_of_another_kind_says_what_it_is() {
    alone("failures::a_key_of_another_kind_says_what_it_is", |site| {
        for (name, id, options, found) in [
            (
                "small",
                "01",
                "RSA -pkeyopt rsa_keygen_bits:1024",
                "RSA of 1024 bits",
            ),
            (
                "p521",
                "02",
                "EC -pkeyopt ec_paramgen_curve:P-521",
                "on another elliptic curve",
            ),
        ] {
            site.make_key_by(name, options);
            site.import(name, name, id, "");
            let refusal = site.refusal(&site.config(Some(name)), PIN).to_string();
            assert_eq!(
                refusal,
                format!(
                    "the private key in the token node is {found}; expected RSA of 2048 to 8192 \
                     bits, or ECDSA on P-256 or P-384"
                )
            );
        }
    });
}

#[test]
fn of_two_tokens_with_one_label_the_serial_number_tells_which() {
    alone(
        "failures::of_two_tokens_with_one_label_the_serial_number_tells_which",
        |site| {
            site.add_key("p256", "01", "p256");
            let serial = site
                .run("softhsm2-util --show-slots | sed -n 's/.*Serial number: *//p' | head -n1");
            site.make_token("node");
            let refusal = site.refusal(&site.config(None), PIN).to_string();
            assert!(
                refusal.starts_with("2 tokens are labelled \"node\", in the slots "),
                "{refusal}"
            );
            let uri = format!("pkcs11:token=node;serial={}", serial.trim());
            let uri: TokenUri = uri.parse().unwrap();
            open(
                &TokenConfig::from_uri(&uri, Some(Path::new(softhsm()))).unwrap(),
                PIN,
            )
            .unwrap();
        },
    );
}

#[test]
fn the_alias_that_java_has_for_a_key_is_the_label_of_its_certificate() {
    alone(
        "failures::the_alias_that_java_has_for_a_key_is_the_label_of_its_certificate",
        |site| {
            site.add_key("key", "07", "p256");
            site.add_certificate("key", "alias", 7);
            let token = site.open("alias");
            assert_eq!(token.certificates(), [site.certificate("key")]);
        },
    );
}

#[test]
fn a_certificate_of_another_key_under_the_same_id_is_found_out() {
    alone(
        "failures::a_certificate_of_another_key_under_the_same_id_is_found_out",
        |site| {
            site.make_key("one", "p256");
            site.import("one", "one", "01", "--no-public-key");
            let nothing = site.refusal(&site.config(Some("one")), PIN);
            assert!(
                matches!(nothing, TokenError::NoPublicKey { .. }),
                "{nothing}"
            );
            site.make_key("other", "p256");
            site.certify("other");
            site.add_certificate("other", "one", 1);
            let refusal = site.refusal(&site.config(Some("one")), PIN);
            assert!(matches!(refusal, TokenError::Mismatch { .. }), "{refusal}");
        },
    );
}

#[test]
fn an_identity_is_judged_as_one_whose_key_is_in_a_file() {
    alone(
        "failures::an_identity_is_judged_as_one_whose_key_is_in_a_file",
        |site: &Site| {
            site.add_key("one", "01", "rsa");
            site.add_key("other", "02", "p256");
            let judged = |certificates: &[&str], now| {
                let ders = certificates
                    .iter()
                    .map(|name| site.certificate(name))
                    .collect();
                Identity::with_signer(site.open("one"), ders, now)
            };
            let now = OffsetDateTime::now_utc();
            let identity = judged(&["ca", "other", "one"], now).unwrap();
            assert_eq!(identity.chain, [site.certificate("one")]);
            assert!(identity.key.is_remote());
            for (certificates, now, said) in [
                (
                    vec![],
                    now,
                    "there is no certificate beside the private key",
                ),
                (
                    vec!["other", "ca"],
                    now,
                    "the private key belongs to none of the certificates: CN=other; CN=CA",
                ),
                (
                    vec!["one"],
                    OffsetDateTime::from_unix_timestamp(0).unwrap(),
                    "the certificate CN=one is not valid before",
                ),
            ] {
                let refusal = judged(&certificates, now).unwrap_err().to_string();
                assert!(refusal.starts_with(said), "{refusal}");
            }
        },
    );
}
