use std::{sync::Barrier, thread};

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use cryptoki::{
    object::{Attribute, AttributeType, ObjectClass},
    session::UserType,
    types::AuthPin,
};
use ringlock_pki::{Hash, Scheme, Signer};
use ringlock_token::open;

use crate::{
    PIN,
    site::{KINDS, Site, alone},
};

fn algorithm(scheme: Scheme) -> &'static dyn VerificationAlgorithm {
    match scheme {
        Scheme::RsaPkcs1(Hash::Sha256) => &RSA_PKCS1_2048_8192_SHA256,
        Scheme::RsaPkcs1(Hash::Sha384) => &RSA_PKCS1_2048_8192_SHA384,
        Scheme::RsaPkcs1(Hash::Sha512) => &RSA_PKCS1_2048_8192_SHA512,
        Scheme::RsaPss(Hash::Sha256) => &RSA_PSS_2048_8192_SHA256,
        Scheme::RsaPss(Hash::Sha384) => &RSA_PSS_2048_8192_SHA384,
        Scheme::RsaPss(Hash::Sha512) => &RSA_PSS_2048_8192_SHA512,
        Scheme::EcdsaP256 => &ECDSA_P256_SHA256_ASN1,
        Scheme::EcdsaP384 => &ECDSA_P384_SHA384_ASN1,
    }
}

fn assert_signs(token: &dyn Signer, scheme: Scheme, message: &[u8]) {
    let signature = token.sign(scheme, message).unwrap();
    UnparsedPublicKey::new(algorithm(scheme), token.public_key().as_ref())
        .verify(message, &signature)
        .unwrap_or_else(|_| panic!("{scheme:?}"));
}

#[test]
fn a_token_signs_with_every_scheme_that_its_key_has() {
    alone(
        "signatures::a_token_signs_with_every_scheme_that_its_key_has",
        |site| {
            for (kind, id, expected) in [("rsa", "01", 6), ("p256", "02", 1), ("p384", "03", 1)] {
                site.add_key(kind, id, kind);
                let token = site.open(kind);
                assert_eq!(token.schemes().len(), expected);
                for scheme in token.schemes() {
                    assert_signs(&*token, *scheme, b"a message");
                    assert_signs(&*token, *scheme, &[0; 5000]);
                }
            }
            let ecdsa = site.open("p256");
            let refused = ecdsa.sign(Scheme::EcdsaP384, b"a message").unwrap_err();
            assert_eq!(
                refused.to_string(),
                "the token node cannot sign with EcdsaP384"
            );
        },
    );
}

#[test]
fn the_keys_of_these_tests_can_not_be_taken_out_of_the_token() {
    alone(
        "signatures::the_keys_of_these_tests_can_not_be_taken_out_of_the_token",
        |site| {
            for (index, (kind, _)) in KINDS.iter().enumerate() {
                site.add_key(kind, &format!("0{index}"), kind);
            }
            let module = site.module();
            let slot = module.get_slots_with_initialized_token().unwrap()[0];
            let session = module.open_ro_session(slot).unwrap();
            session
                .login(UserType::User, Some(&AuthPin::from(PIN)))
                .unwrap();
            let class = Attribute::Class(ObjectClass::PRIVATE_KEY);
            let keys = session.find_objects(&[class]).unwrap();
            assert_eq!(keys.len(), KINDS.len());
            for key in keys {
                let asked = [AttributeType::Sensitive, AttributeType::Extractable];
                let told = session.get_attributes(key, &asked).unwrap();
                assert_eq!(
                    told,
                    [Attribute::Sensitive(true), Attribute::Extractable(false)]
                );
            }
        },
    );
}

#[test]
fn many_threads_sign_over_few_sessions() {
    alone("signatures::many_threads_sign_over_few_sessions", |site| {
        site.add_key("p256", "01", "p256");
        let mut config = site.config(None);
        config.sessions = 2.try_into().unwrap();
        let token = open(&config, PIN).unwrap();
        let start = Barrier::new(16);
        thread::scope(|scope| {
            for number in 0..16 {
                let (token, start) = (&token, &start);
                scope.spawn(move || {
                    start.wait();
                    for _ in 0..20 {
                        assert_signs(&**token, Scheme::EcdsaP256, &[number; 100]);
                    }
                });
            }
        });
    });
}

#[test]
fn a_token_with_room_for_one_session_has_the_others_wait() {
    alone(
        "signatures::a_token_with_room_for_one_session_has_the_others_wait",
        |site: &Site| {
            site.add_key("p256", "01", "p256");
            let config = site.unpluggable_config("p256");
            site.put("crowded", b"");
            let token = open(&config, PIN).unwrap();
            thread::scope(|scope| {
                for number in 0..8 {
                    let token = &token;
                    scope.spawn(move || {
                        for _ in 0..20 {
                            assert_signs(&**token, Scheme::EcdsaP256, &[number; 100]);
                        }
                    });
                }
            });
        },
    );
}
