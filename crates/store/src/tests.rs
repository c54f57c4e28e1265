mod bare;
mod encrypted;
pub(crate) mod tools;
mod written;

use proptest::prelude::*;
use rustls_pki_types::CertificateDer;

use super::*;
use tools::made_by;

fn error(bytes: &[u8]) -> String {
    parse_pem(bytes).unwrap_err().to_string()
}

const EC: &str = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256";
const CERTIFICATE: &str = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
     -keyout key -subj /CN=a -days 10 2>/dev/null -out";

#[test]
fn every_unencrypted_form_of_a_key_is_read() {
    for (command, label) in [
        (format!("{EC} -out out"), "PRIVATE KEY"),
        (format!("{EC} | openssl ec -out out"), "EC PRIVATE KEY"),
        (
            "openssl ecparam -name prime256v1 -genkey -out out".into(),
            "EC PRIVATE KEY",
        ),
        (
            "openssl genrsa -traditional -out out 2048".into(),
            "RSA PRIVATE KEY",
        ),
        (
            "openssl genpkey -algorithm ED25519 -out out".into(),
            "PRIVATE KEY",
        ),
    ] {
        let store = parse_pem(&made_by(&command)).unwrap();
        let [entry] = &store.keys[..] else {
            panic!("{command}: {store:?}")
        };
        assert_eq!(
            format!("{:?}", entry.key),
            format!("PrivateKey({label}, ****)")
        );
    }
}

#[test]
fn keys_and_certificates_are_found_in_any_order_between_other_text() {
    let pem = made_by(&format!(
        "{CERTIFICATE} crt; (echo note: this; cat crt key crt) > out"
    ));
    let store = parse_pem(&pem).unwrap();
    assert_eq!((store.keys.len(), store.certificates.len()), (1, 2));
    let other = parse_pem(&pem).unwrap();
    let joined = store.join(other);
    assert_eq!((joined.keys.len(), joined.certificates.len()), (2, 4));
    assert_eq!(joined.keys[0], joined.keys[1]);
}

#[test]
fn windows_line_ends_a_byte_order_mark_and_indentation_do_not_matter() {
    let pem = made_by(&format!("{CERTIFICATE} crt; cat crt key > out"));
    let text = String::from_utf8(pem).unwrap();
    let odd = format!("\u{FEFF}{}", text.replace('\n', "\r\n  "));
    let store = parse_pem(odd.as_bytes()).unwrap();
    assert_eq!((store.keys.len(), store.certificates.len()), (1, 1));
}

#[test]
fn what_is_written_is_what_openssl_writes_and_reads() {
    let pem = made_by(&format!("{CERTIFICATE} crt; cat key crt > out"));
    let store = parse_pem(&pem).unwrap();
    let key = store.keys[0].key.to_pem();
    let written = key.to_string() + &certificates_to_pem(store.all_certificates());
    assert_eq!(written.as_bytes(), pem);
}

#[test]
fn an_encrypted_key_in_either_form_says_how_to_decrypt_it() {
    let expected = "line 1: the private key is encrypted, and no password is given for it; \
         `openssl pkey -in OLD -out NEW` asks for the password and writes an unencrypted one";
    for command in [
        "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -pass pass:x -out out",
        "openssl genrsa -traditional -aes128 -passout pass:x -out out 2048",
    ] {
        assert_eq!(error(&made_by(command)), expected);
    }
}

#[test]
fn every_other_kind_of_store_is_told_by_its_content_and_the_hint_converts_it() {
    let keytool = |kind: &str| {
        format!(
            "keytool -genkeypair -alias a -keyalg EC -groupname secp256r1 -dname CN=a -storetype {kind} \
             -keystore out -storepass changeit -keypass changeit 2>/dev/null"
        )
    };
    let to_pem = |kind: &str, make: &str| match kind {
        "JKS" | "JCEKS" => format!(
            "{make}; keytool -importkeystore -srckeystore out -srcstoretype {kind} -destkeystore NEW.p12 \
             -deststoretype PKCS12 -srcstorepass changeit -deststorepass changeit 2>/dev/null; \
             openssl pkcs12 -in NEW.p12 -nodes -passin pass:changeit -out out"
        ),
        _ => format!(
            "{make}; openssl pkcs12 -in out -nodes -passin pass:changeit -out NEW; mv NEW out"
        ),
    };
    for (kind, format) in [
        ("JKS", Format::Jks),
        ("JCEKS", Format::Jceks),
        ("PKCS12", Format::Pkcs12),
    ] {
        let make = keytool(kind);
        let bytes = made_by(&make);
        assert_eq!(sniff(&bytes), format);
        assert_eq!(
            error(&bytes),
            format!(
                "this is a {kind} keystore, but only PEM is read here; {}",
                format.conversion()
            )
        );
        let converted = parse_pem(&made_by(&to_pem(kind, &make))).unwrap();
        assert_eq!((converted.keys.len(), converted.certificates.len()), (1, 1));
    }
}

#[test]
fn bare_der_is_told_from_a_pkcs12_store() {
    for (command, expected) in [
        (
            format!("{CERTIFICATE} crt; openssl x509 -in crt -outform DER -out out"),
            "this is a certificate in DER form, but only PEM is read here; convert it with \
             `openssl x509 -inform DER -in OLD -out NEW.pem`",
        ),
        (
            format!("{EC} -outform DER -out out"),
            "this is a private key in DER form, but only PEM is read here; convert it with \
             `openssl pkey -inform DER -in OLD -out NEW.pem`",
        ),
        (
            "openssl genrsa -traditional 2048 | openssl rsa -traditional -outform DER -out out"
                .into(),
            "this is a private key in DER form, but only PEM is read here; convert it with \
             `openssl pkey -inform DER -in OLD -out NEW.pem`",
        ),
    ] {
        assert_eq!(error(&made_by(&command)), expected);
    }
    assert_eq!(sniff(&[0x30, 0x80, 0x02, 0x01, 0x03]), Format::Pkcs12);
    assert_eq!(sniff(b"0123 is text"), Format::Pem);
    assert_eq!(sniff(b""), Format::Pem);
}

#[test]
fn text_that_is_no_store_says_what_was_expected() {
    assert_eq!(
        error(b" \n"),
        "this is empty; expected PEM sections of private keys or certificates"
    );
    assert_eq!(
        error(b"cluster_name: x\n"),
        "this holds no PEM section: expected a line such as -----BEGIN CERTIFICATE-----"
    );
    let big = vec![b' '; 33_554_433];
    assert_eq!(
        error(&big),
        "this has 33554433 bytes; a store may have at most 33554432"
    );
}

#[test]
fn damage_is_reported_with_its_line() {
    let boundary = "broken PEM boundary; expected -----BEGIN LABEL----- before the data and \
                    -----END LABEL----- after it";
    for (text, expected) in [
        (
            "\n-----BEGIN CERTIFICATE----\n",
            format!("line 2: {boundary}"),
        ),
        ("-----BEGIN \x1b[31m-----\n", format!("line 1: {boundary}")),
        (
            "\n\n-----END CERTIFICATE-----\n",
            format!("line 3: {boundary}"),
        ),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END PRIVATE KEY-----\n",
            format!("line 3: {boundary}"),
        ),
        (
            "\n-----BEGIN CERTIFICATE-----\nAAAA\n",
            "line 2: the section CERTIFICATE has no line -----END CERTIFICATE-----; is it cut off?"
                .to_owned(),
        ),
        (
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----BEGIN PRIVATE KEY-----\n",
            "line 1: the section PRIVATE KEY has no line -----END PRIVATE KEY-----; is it cut off?"
                .to_owned(),
        ),
        (
            "-----BEGIN PRIVATE KEY-----\nAA!A\n-----END PRIVATE KEY-----\n",
            "line 1: the section PRIVATE KEY is not valid base64".to_owned(),
        ),
        (
            "-----BEGIN PRIVATE KEY-----\nMAAA\n-----END PRIVATE KEY-----\n",
            "line 1: the section PRIVATE KEY is damaged: expected one DER sequence and nothing \
             behind it"
                .to_owned(),
        ),
        (
            "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n",
            "line 1: a section PUBLIC KEY is not expected here; expected PRIVATE KEY, RSA PRIVATE \
             KEY, EC PRIVATE KEY, CERTIFICATE or X509 CRL"
                .to_owned(),
        ),
    ] {
        assert_eq!(error(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn a_certificate_that_is_cut_or_has_bytes_behind_it_is_damaged() {
    let pem = made_by(&format!("{CERTIFICATE} out"));
    let der = &parse_pem(&pem).unwrap().certificates[0].certificate;
    let long = [der.as_ref(), &[0]].concat();
    let text = certificate_to_pem(&CertificateDer::from(long));
    assert_eq!(
        error(text.as_bytes()),
        "line 1: the section CERTIFICATE is damaged: bytes follow the certificate"
    );
    let text = certificate_to_pem(&CertificateDer::from(&der[..der.len() - 1]));
    let error = error(text.as_bytes());
    assert!(
        error.starts_with("line 1: the section CERTIFICATE is damaged: "),
        "{error}"
    );
}

#[test]
fn neither_a_key_nor_a_store_shows_the_key() {
    let pem = made_by(&format!("{CERTIFICATE} crt; cat crt key > out"));
    let store = parse_pem(&pem).unwrap();
    assert_eq!(
        format!("{store:?}"),
        "KeyStore { keys: [KeyEntry { alias: None, key: PrivateKey(PRIVATE KEY, ****), chain: 0, .. }], \
         certificates: 1, revocation_lists: 0, others: [] }"
    );
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let _ = parse_pem(&bytes);
    }

    #[test]
    fn no_text_between_boundaries_makes_the_reader_panic(
        label in "(CERTIFICATE|PRIVATE KEY|EC PRIVATE KEY|[A-Z ]{0,9})",
        data in "[A-Za-z0-9+/=:\n-]{0,400}",
    ) {
        let text = format!("-----BEGIN {label}-----\n{data}\n-----END {label}-----\n");
        let _ = parse_pem(text.as_bytes());
    }

    #[test]
    fn any_key_bytes_survive_writing_and_reading(content in proptest::collection::vec(any::<u8>(), 0..120)) {
        let mut der = vec![0x30, u8::try_from(content.len()).unwrap()];
        der.extend(&content);
        let key = PrivateKey::pkcs8(der);
        let store = parse_pem(key.to_pem().as_bytes()).unwrap();
        prop_assert_eq!(&store.keys, &[KeyEntry::from(key)]);
    }
}
