use super::{
    tools::{hash, made},
    *,
};

#[test]
fn a_certificate_key_or_revocation_list_without_pem_is_read() {
    for (file, format) in [
        ("p256.crt.der", Format::DerCertificate),
        ("ed25519.crt.der", Format::DerCertificate),
        ("rsa.der", Format::DerKey),
        ("rsa.pkcs1.der", Format::DerKey),
        ("p256.sec1.der", Format::DerKey),
        ("ed25519.der", Format::DerKey),
        ("crl.der", Format::DerRevocationList),
    ] {
        let bytes = made(file);
        assert_eq!(sniff(&bytes), format, "{file}");
        let opened = open(&bytes, Passwords::default()).unwrap();
        assert_eq!(opened.format, format);
        let store = opened.store;
        let keys = store.keys.iter().map(|it| it.key.der().secret_der());
        let lists = store.revocation_lists.iter().map(AsRef::as_ref);
        let certificates = store.all_certificates().map(AsRef::as_ref);
        let found: Vec<&[u8]> = keys.chain(lists).chain(certificates).collect();
        assert_eq!(found, [bytes.as_slice()], "{file}");
    }
}

#[test]
fn der_that_is_cut_off_or_has_bytes_behind_it_is_damaged() {
    for file in ["p256.crt.der", "rsa.der", "rsa.pkcs1.der", "crl.der"] {
        let bytes = made(file);
        for end in 40..bytes.len() {
            let error = open(&bytes[..end], Passwords::default()).unwrap_err();
            assert!(
                matches!(error, StoreError::Damaged { .. }),
                "{file} {end}: {error}"
            );
        }
        for end in 0..40 {
            open(&bytes[..end], Passwords::default()).unwrap_err();
        }
        let long = [&bytes[..], b"\n"].concat();
        let error = open(&long, Passwords::default()).unwrap_err();
        assert!(
            matches!(error, StoreError::Damaged { .. }),
            "{file}: {error}"
        );
    }
}

#[test]
fn a_list_of_revoked_certificates_in_pem_is_read_beside_what_else_there_is() {
    let pem = [made("p256.crt"), made("crl"), made("crl")].concat();
    let store = parse_pem(&pem).unwrap();
    assert_eq!(
        (store.certificates.len(), store.revocation_lists.len()),
        (1, 2)
    );
    assert_eq!(hash(&store.revocation_lists[0]), hash(&made("crl.der")));
}
