use proptest::prelude::*;

use super::*;
use crate::{MAX_ITERATIONS, der::NULL};

#[test]
fn a_store_cut_anywhere_says_that_it_is_cut_off() {
    for name in ["quick.p12", "keytool-trust-none.p12"] {
        let bytes = store(name);
        for size in 0..bytes.len() {
            let error = open(&bytes[..size], given("changeit")).unwrap_err();
            assert_eq!(error, Pkcs12Error::Truncated { size }, "{name}");
        }
    }
}

#[test]
fn no_flipped_bit_of_a_store_with_a_mac_changes_what_is_read() {
    let good = store("quick.p12");
    let expected = open(&good, given("changeit")).unwrap().store;
    for at in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[at / 8] ^= 1 << (at % 8);
        if let Ok(opened) = open(&bytes, given("changeit")) {
            assert_eq!(opened.store.keys, expected.keys, "bit {at}");
            assert_eq!(opened.store.certificates, expected.certificates, "bit {at}");
        }
    }
}

#[test]
fn no_flipped_bit_of_a_store_without_a_mac_makes_the_reader_panic() {
    for name in ["openssl-plain.p12", "keytool-trust-none.p12"] {
        let good = store(name);
        for at in 0..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[at / 8] ^= 1 << (at % 8);
            let _ = open(&bytes, given("changeit"));
        }
    }
    // Each costs a key derivation, so not every one.
    for at in (0..NSS.len()).step_by(19) {
        let mut bytes = NSS.to_vec();
        bytes[at] ^= 1 << (at % 8);
        let _ = open(&bytes, Passwords::default());
    }
}

/// A store of this content with no MAC.
fn pfx(version: u32, kind: &[u8], safes: &[u8]) -> Vec<u8> {
    let octets = element(OCTET_STRING, &[safes]);
    let content = element(EXPLICIT_0, &[&octets]);
    let content = element(SEQUENCE, &[&element(OID, &[kind]), &content]);
    element(SEQUENCE, &[&integer(version), &content]).to_vec()
}

/// A list of one safe that holds this bag.
fn safe_of(bag: &[u8]) -> Vec<u8> {
    let safe = element(OCTET_STRING, &[&element(SEQUENCE, &[bag])]);
    let content = element(EXPLICIT_0, &[&safe]);
    let info = element(SEQUENCE, &[&element(OID, &[DATA]), &content]);
    element(SEQUENCE, &[&info]).to_vec()
}

fn bag_of(kind: &[u8], value: &[u8]) -> Vec<u8> {
    let value = element(EXPLICIT_0, &[value]);
    element(SEQUENCE, &[&element(OID, &[kind]), &value]).to_vec()
}

#[test]
fn what_no_password_protects_is_refused_by_name() {
    let signed = b"\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02";
    let error = open(&pfx(3, signed, &[]), given("x")).unwrap_err();
    assert_eq!(error, Pkcs12Error::PublicKey);
    let error = open(&pfx(2, DATA, &[]), given("x")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "this PKCS12 keystore says that it is of version 2; expected 3"
    );
}

#[test]
fn safes_in_safes_are_read_down_to_a_limit() {
    let certificate = certificate("root");
    let octets = element(EXPLICIT_0, &[&element(OCTET_STRING, &[&certificate])]);
    let value = element(SEQUENCE, &[&element(OID, &[bag::X509]), &octets]);
    let mut bag = bag_of(bag::CERTIFICATE, &value);
    for depth in 0..6 {
        let read = open(&pfx(3, DATA, &safe_of(&bag)), given("x"));
        if depth <= 4 {
            assert_eq!(read.unwrap().store.certificates.len(), 1, "{depth}");
        } else {
            let error = read.unwrap_err();
            assert_eq!(
                error,
                Pkcs12Error::damaged("a safe nested in others"),
                "{depth}"
            );
        }
        bag = bag_of(bag::SAFE, &element(SEQUENCE, &[&bag]));
    }
}

#[test]
fn values_nested_without_end_are_damage() {
    let mut deep = Vec::new();
    for _ in 0..100_000 {
        deep.extend([0x30, 0x80]);
    }
    let error = open(&deep, given("x")).unwrap_err();
    assert_eq!(error, Pkcs12Error::damaged("its outline"));
}

#[test]
fn a_certificate_that_is_none_is_named() {
    let octets = element(EXPLICIT_0, &[&element(OCTET_STRING, &[b"no certificate"])]);
    let value = element(SEQUENCE, &[&element(OID, &[bag::X509]), &octets]);
    let bag = bag_of(bag::CERTIFICATE, &value);
    let error = open(&pfx(3, DATA, &safe_of(&bag)), given("x")).unwrap_err();
    let error = error.to_string();
    let start = "this PKCS12 keystore is damaged: the certificate number 1 is no X.509: ";
    assert!(error.starts_with(start), "{error}");
}

#[test]
fn more_iterations_than_java_carries_out_are_refused_before_they_cost_anything() {
    for iterations in [MAX_ITERATIONS + 1, u32::MAX] {
        let oid = element(OID, &[b"\x2A\x86\x48\x86\xF7\x0D\x01\x0C\x01\x03"]);
        let salt = element(OCTET_STRING, &[b"saltsalt"]);
        let parameters = element(SEQUENCE, &[&salt, &integer(iterations)]);
        let algorithm = element(SEQUENCE, &[&oid, &parameters]);
        let sealed = element(0x80, &[&[0; 16]]);
        let content = element(SEQUENCE, &[&element(OID, &[DATA]), &algorithm, &sealed]);
        let data = element(SEQUENCE, &[&element(INTEGER, &[&[0]]), &content]);
        let data = element(EXPLICIT_0, &[&data]);
        let info = element(SEQUENCE, &[&element(OID, &[ENCRYPTED_DATA]), &data]);
        let safes = element(SEQUENCE, &[&info]);
        let error = open(&pfx(3, DATA, &safes), given("x")).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "this PKCS12 keystore cannot be decrypted: of an encrypted safe, its key takes \
                 {iterations} iterations to derive; at most 5000000 are carried out"
            )
        );
    }
}

#[test]
fn an_unknown_mac_is_named_by_its_identifier() {
    let good = store("quick.p12");
    let sha1 = element(
        SEQUENCE,
        &[&element(OID, &[b"\x2B\x0E\x03\x02\x1A"]), &[NULL, 0]],
    );
    let places = good.windows(sha1.len()).rposition(|it| it == &**sha1);
    let mut bytes = good.clone();
    bytes[places.unwrap() + 8] = 0x7A;
    let error = open(&bytes, given("changeit")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the MAC of this PKCS12 keystore is made in a way that is not supported: 1.3.14.3.2.122"
    );
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = open(&bytes, given("changeit"));
        let _ = open(&pfx(3, DATA, &bytes), given("changeit"));
        let _ = open(&pfx(3, DATA, &safe_of(&bytes)), Passwords::default());
    }

    #[test]
    fn der_passes_unchanged_and_ber_becomes_the_der_that_means_the_same(
        parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 1..6),
    ) {
        let whole = element(OCTET_STRING, &[&parts.concat()]);
        let der = element(SEQUENCE, &[&whole, &integer(5)]);
        prop_assert_eq!(&*ber::to_der(&der).unwrap(), &**der);
        let mut pieces = vec![0x24, 0x80];
        for part in &parts {
            pieces.extend_from_slice(&element(OCTET_STRING, &[part]));
        }
        pieces.extend([0, 0]);
        let mut indefinite = vec![0x30, 0x80];
        indefinite.extend_from_slice(&pieces);
        indefinite.extend_from_slice(&integer(5));
        indefinite.extend([0, 0]);
        prop_assert_eq!(&*ber::to_der(&indefinite).unwrap(), &**der);
    }
}
