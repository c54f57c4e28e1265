use proptest::{option, prelude::*};

use super::*;

fn parse(text: &str) -> Result<TokenUri, UriError> {
    text.parse()
}

fn complaint(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn a_uri_names_the_token_the_key_the_library_and_the_pin() {
    let uri = parse(
        "pkcs11:token=My%20token;manufacturer=me;serial=ab12;model=v1;object=node%2D1;type=private\
         ;id=%01%ff;slot-id=7?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/pin",
    )
    .unwrap();
    let expected = TokenUri {
        token: Some("My token".into()),
        manufacturer: Some("me".into()),
        serial: Some("ab12".into()),
        model: Some("v1".into()),
        object: Some("node-1".into()),
        object_type: Some(ObjectType::PrivateKey),
        id: Some(vec![1, 0xFF]),
        slot_id: Some(7),
        module_path: Some("/usr/lib/softhsm/libsofthsm2.so".into()),
        pin_source: Some(PinSource::File("/etc/pin".into())),
        ..TokenUri::default()
    };
    assert_eq!(uri, expected);
}

#[test]
fn the_examples_of_the_rfc_are_read() {
    for text in [
        "pkcs11:",
        "pkcs11:object=my-pubkey;type=public",
        "pkcs11:object=my-key;type=private?pin-source=file:/etc/token",
        "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;\
         model=1.0;object=my-certificate;type=cert;id=%69%95%3E%5C%F4%BD%EC%91;serial=?\
         pin-source=file:/etc/token_pin",
        "pkcs11:object=my-sign-key;type=private?module-path=/mnt/libmypkcs11.so.1",
        "pkcs11:token=Software%20PKCS%2311%20softtoken;manufacturer=Snake%20Oil,%20Inc.?\
         pin-value=the-pin",
        "pkcs11:slot-description=Sun%20Metaslot",
        "pkcs11:token=A%20name%20with%20a%20substring%20%25%3B;object=my-certificate;type=cert",
        "pkcs11:token=Name%20with%20a%20small%20A%20with%20acute:%20%C3%A1;object=my-certificate;\
         type=cert",
    ] {
        parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

#[test]
fn what_cannot_be_followed_says_why() {
    for (text, said) in [
        ("token=a", "it is no PKCS #11 URI"),
        (
            "pkcs11:token=a;;object=b",
            "part 2 of the PKCS #11 URI is no attribute",
        ),
        ("pkcs11:token", "part 1 of the PKCS #11 URI is no attribute"),
        ("pkcs11:token=a;token=a", "has the attribute token twice"),
        (
            "pkcs11:?pin-value=1&pin-value=1",
            "has the attribute pin-value twice",
        ),
        (
            "pkcs11:Token=a",
            "unknown attribute Token, which no token matches",
        ),
        ("pkcs11:x-mine=a", "unknown attribute x-mine"),
        (
            "pkcs11:library-version=3",
            "the library is named by module-path alone",
        ),
        (
            "pkcs11:?module-name=softhsm",
            "named by its path: module-path",
        ),
        ("pkcs11:token=a b", "the value of token"),
        ("pkcs11:token=\u{e1}", "write its bytes as %XX"),
        ("pkcs11:token=a/b", "write its bytes as %XX"),
        ("pkcs11:id=%0g", "without two hexadecimal digits"),
        ("pkcs11:id=%0", "without two hexadecimal digits"),
        (
            "pkcs11:token=%FF",
            "the value of token in the PKCS #11 URI is no UTF-8",
        ),
        (
            "pkcs11:type=key",
            "expected private, public, cert, secret-key or data",
        ),
        ("pkcs11:slot-id=+1", "expected a number in decimal digits"),
        (
            "pkcs11:slot-id=99999999999999999999",
            "expected a number in decimal digits",
        ),
        ("pkcs11:?module-path=lib.so", "expected an absolute path"),
        (
            "pkcs11:?pin-source=pin",
            "expected file: and an absolute path",
        ),
        (
            "pkcs11:?pin-source=|/bin/pin",
            "expected file: and an absolute path",
        ),
        (
            "pkcs11:?pin-source=https://a/b",
            "expected file: and an absolute path",
        ),
        (
            "pkcs11:?pin-value=1&pin-source=file:/p",
            "both pin-source and pin-value",
        ),
    ] {
        let complaint = complaint(text);
        assert!(complaint.contains(said), "{text}: {complaint}");
    }
}

#[test]
fn unknown_attributes_of_the_query_are_ignored_and_told() {
    let uri = parse("pkcs11:token=a?x-mine=1&x-mine=2").unwrap();
    assert_eq!(uri.ignored, ["x-mine", "x-mine"]);
}

#[test]
fn a_file_is_named_with_and_without_an_authority() {
    for source in ["file:/p/q", "file:///p/q", "file://localhost/p/q", "/p/q"] {
        let uri = parse(&format!("pkcs11:?pin-source={source}")).unwrap();
        assert_eq!(uri.pin_source, Some(PinSource::File("/p/q".into())));
    }
}

#[test]
fn a_pin_is_never_shown() {
    let uri = parse("pkcs11:token=a?pin-value=87654321").unwrap();
    assert_eq!(uri.pin_value.as_ref().unwrap().reveal(), "87654321");
    assert!(!format!("{uri:?} {uri}").contains("87654321"));
    for broken in [
        "pkcs11:?pin-value=8765 4321",
        "pkcs11:?pin-value=8765%",
        "pkcs11:?=87654321",
    ] {
        assert!(!complaint(broken).contains("8765"), "{broken}");
    }
}

fn texts() -> impl Strategy<Value = Option<String>> {
    option::of(any::<String>().prop_map(|text| text.chars().take(20).collect()))
}

fn paths() -> impl Strategy<Value = Option<PathBuf>> {
    option::of("/[^\0]{0,20}".prop_map(PathBuf::from))
}

fn kinds() -> impl Strategy<Value = Option<ObjectType>> {
    option::of(prop::sample::select(ObjectType::ALL.to_vec()))
}

fn uris() -> impl Strategy<Value = TokenUri> {
    let token = (texts(), texts(), texts(), texts());
    let slot = (option::of(any::<u64>()), texts(), texts());
    let object = (
        texts(),
        kinds(),
        option::of(prop::collection::vec(any::<u8>(), 0..20)),
    );
    let rest = (paths(), paths());
    (token, slot, object, rest).prop_map(|(token, slot, object, rest)| TokenUri {
        token: token.0,
        manufacturer: token.1,
        serial: token.2,
        model: token.3,
        slot_id: slot.0,
        slot_manufacturer: slot.1,
        slot_description: slot.2,
        object: object.0,
        object_type: object.1,
        id: object.2,
        module_path: rest.0,
        // Two slashes after "file:" begin an authority, so such a path has no short form.
        pin_source: rest
            .1
            .filter(|path| !path.to_string_lossy().starts_with("//"))
            .map(PinSource::File),
        ..TokenUri::default()
    })
}

#[test]
fn a_path_that_begins_with_two_slashes_is_not_written_as_a_host() {
    let uri = parse("pkcs11:?pin-source=//run/pin").unwrap();
    assert_eq!(uri.to_string(), "pkcs11:?pin-source=file:////run/pin");
    assert_eq!(parse(&uri.to_string()), Ok(uri));
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(uri in uris()) {
        prop_assert_eq!(parse(&uri.to_string()), Ok(uri));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(pkcs11:)?[ -~\u{e1}]{0,60}") {
        let _either = parse(&text);
    }

    #[test]
    fn what_is_read_is_written_in_a_form_that_reads_the_same(
        text in "pkcs11:((token|object|id|serial)=[a-z%0-9&=]{0,8}){0,1}(;(model|type|slot-id)=[a-z0-9]{0,6}){0,2}",
    ) {
        if let Ok(uri) = parse(&text) {
            prop_assert_eq!(parse(&uri.to_string()), Ok(uri));
        }
    }
}
