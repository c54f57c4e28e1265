//! A token that is opened while it is open, as a reload does.

use ringlock_pki::{Scheme, Signer as _};
use ringlock_token::{Token, TokenError, open};

use crate::{PIN, site::alone};

fn signs(token: &Token, scheme: Scheme) {
    token.sign(scheme, b"a message").unwrap();
}

#[test]
fn a_token_with_room_for_one_session_is_opened_beside_itself() {
    alone(
        "reopen::a_token_with_room_for_one_session_is_opened_beside_itself",
        |site| {
            site.add_key("p256", "01", "p256");
            site.put("crowded", b"");
            let config = site.unpluggable_config("p256");
            let first = open(&config, PIN).unwrap();
            let second = open(&config, PIN).unwrap();
            assert!(first.pin_is_proven() && second.pin_is_proven());
            signs(&first, Scheme::EcdsaP256);
            drop(first);
            signs(&second, Scheme::EcdsaP256);
            assert_eq!(site.logins(), 1);
            drop(second);
            signs(&open(&config, PIN).unwrap(), Scheme::EcdsaP256);
            assert_eq!(site.logins(), 2);
        },
    );
}

#[test]
fn two_keys_share_the_only_session() {
    alone("reopen::two_keys_share_the_only_session", |site| {
        site.add_key("p256", "01", "p256");
        site.add_key("p384", "02", "p384");
        site.put("crowded", b"");
        let one = open(&site.unpluggable_config("p256"), PIN).unwrap();
        let two = open(&site.unpluggable_config("p384"), PIN).unwrap();
        for _ in 0..2 {
            signs(&one, Scheme::EcdsaP256);
            signs(&two, Scheme::EcdsaP384);
        }
        site.put("reset", b"");
        signs(&two, Scheme::EcdsaP384);
        signs(&one, Scheme::EcdsaP256);
        assert_eq!(site.logins(), 2);
    });
}

#[test]
fn a_key_that_is_not_there_leaves_the_only_session_to_the_one_that_is() {
    alone(
        "reopen::a_key_that_is_not_there_leaves_the_only_session_to_the_one_that_is",
        |site| {
            site.add_key("p256", "01", "p256");
            site.put("crowded", b"");
            let token = open(&site.unpluggable_config("p256"), PIN).unwrap();
            let refusal = site.refusal(&site.unpluggable_config("other"), PIN);
            assert!(matches!(refusal, TokenError::NoKey { .. }), "{refusal}");
            signs(&token, Scheme::EcdsaP256);
            assert_eq!(site.logins(), 1);
        },
    );
}

#[test]
fn another_pin_is_not_tried_while_the_first_one_is_logged_in_and_that_is_told() {
    alone(
        "reopen::another_pin_is_not_tried_while_the_first_one_is_logged_in_and_that_is_told",
        |site| {
            site.add_key("p256", "01", "p256");
            let config = site.unpluggable_config("p256");
            let first = open(&config, PIN).unwrap();
            let second = open(&config, "4711-wrong").unwrap();
            assert!(first.pin_is_proven() && !second.pin_is_proven());
            assert_eq!(site.logins(), 1);
            signs(&second, Scheme::EcdsaP256);
            site.put("removed", b"");
            second.sign(Scheme::EcdsaP256, b"a message").unwrap_err();
            site.run("rm removed");
            let refusal = second.sign(Scheme::EcdsaP256, b"a message").unwrap_err();
            assert!(refusal.to_string().contains("refused the PIN"), "{refusal}");
            signs(&first, Scheme::EcdsaP256);
            assert_eq!(site.logins(), 3);
            assert!(open(&config, PIN).unwrap().pin_is_proven());
        },
    );
}

#[test]
fn a_certificate_that_was_put_on_the_token_meanwhile_is_found() {
    alone(
        "reopen::a_certificate_that_was_put_on_the_token_meanwhile_is_found",
        |site| {
            site.add_key("p256", "01", "p256");
            let first = site.open("p256");
            assert_eq!(first.certificates(), []);
            let provider = crate::site::softhsm();
            site.run(&format!(
                "p11tool --provider {provider} --login --set-pin {PIN} --batch --write \
                 --load-certificate p256.crt --label p256 --id 01 'pkcs11:token=node'"
            ));
            let second = site.open("p256");
            assert_eq!(second.certificates(), [site.certificate("p256")]);
            assert_eq!(first.certificates(), []);
        },
    );
}
