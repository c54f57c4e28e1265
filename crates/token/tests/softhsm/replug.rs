use std::fs;

use ringlock_pki::{Scheme, Signer};
use ringlock_token::{Token, open};

use crate::{
    PIN,
    site::{Site, alone},
};

fn signs(token: &Token) -> Result<(), String> {
    let signed = token.sign(Scheme::EcdsaP256, b"a message");
    signed.map(drop).map_err(|error| error.to_string())
}

#[test]
fn a_token_that_was_taken_out_and_put_back_signs_again() {
    alone(
        "replug::a_token_that_was_taken_out_and_put_back_signs_again",
        |site| {
            site.add_key("p256", "01", "p256");
            let token = open(&site.unpluggable_config("p256"), PIN).unwrap();
            for times in 1..3 {
                assert_eq!(signs(&token), Ok(()));
                assert_eq!(site.logins(), times);
                site.put("removed", b"");
                for _ in 0..2 {
                    assert_eq!(
                        signs(&token).unwrap_err(),
                        "there is no token labelled \"node\"; no token is there"
                    );
                }
                site.run("rm removed");
            }
            assert_eq!(signs(&token), Ok(()));
        },
    );
}

#[test]
fn a_token_whose_removal_nobody_noticed_signs_again() {
    alone(
        "replug::a_token_whose_removal_nobody_noticed_signs_again",
        |site| {
            site.add_key("p256", "01", "p256");
            let token = open(&site.unpluggable_config("p256"), PIN).unwrap();
            site.put("reset", b"");
            assert_eq!(signs(&token), Ok(()));
            assert_eq!(site.logins(), 2);
        },
    );
}

#[test]
fn a_user_who_was_logged_out_is_logged_in_again() {
    alone(
        "replug::a_user_who_was_logged_out_is_logged_in_again",
        |site| {
            site.add_key("p256", "01", "p256");
            let token = site.open("p256");
            let module = site.module();
            let slot = module.get_slots_with_initialized_token().unwrap()[0];
            module.open_ro_session(slot).unwrap().logout().unwrap();
            assert_eq!(signs(&token), Ok(()));
        },
    );
}

#[test]
fn a_module_that_somebody_else_has_finalized_is_made_ready_again() {
    alone(
        "replug::a_module_that_somebody_else_has_finalized_is_made_ready_again",
        |site| {
            site.add_key("p256", "01", "p256");
            let token = site.open("p256");
            site.module().finalize().unwrap();
            assert_eq!(signs(&token), Ok(()));
        },
    );
}

#[test]
fn a_token_whose_files_were_moved_away_and_back_signs_again() {
    alone(
        "replug::a_token_whose_files_were_moved_away_and_back_signs_again",
        |site| {
            site.add_key("p256", "01", "p256");
            let token = site.open("p256");
            assert_eq!(signs(&token), Ok(()));
            fs::rename(site.path("tokens"), site.path("away")).unwrap();
            let absent = "there is no token labelled \"node\"; no token is there";
            assert_eq!(signs(&token).unwrap_err(), absent);
            fs::rename(site.path("away"), site.path("tokens")).unwrap();
            assert_eq!(signs(&token), Ok(()));
        },
    );
}

#[test]
fn a_token_that_comes_back_with_another_key_does_not_sign() {
    alone(
        "replug::a_token_that_comes_back_with_another_key_does_not_sign",
        |site| {
            site.add_key("p256", "01", "p256");
            let token = open(&site.unpluggable_config("p256"), PIN).unwrap();
            site.put("removed", b"");
            signs(&token).unwrap_err();
            site.run("rm removed");
            exchange_key(site);
            assert_eq!(
                signs(&token).unwrap_err(),
                "the token node came back with another private key under the same name; it is used \
             only after a reload, with its own certificate"
            );
            open(&site.unpluggable_config("p256"), PIN).unwrap();
        },
    );
}

fn exchange_key(site: &Site) {
    let login = format!(
        "--provider {} --login --set-pin {PIN}",
        crate::site::softhsm()
    );
    site.run(&format!(
        "p11tool {login} --batch --delete 'pkcs11:token=node;object=p256'"
    ));
    site.make_key("new", "p256");
    site.import("new", "p256", "01", "");
}
