use super::{
    tools::{MADE, content, made, run},
    *,
};

const PASSWORD: Passwords<'_> = Passwords {
    store: None,
    key: Some("geheim-ä"),
};

/// Every way in which `openssl` 3 encrypts a private key that is read, and what it is called.
const WAYS: &[(&str, &str)] = &[
    (
        "pkcs8 -v2 aes-128-cbc",
        "PBES2 AES-128-CBC, HMAC-SHA256, 2048 iterations",
    ),
    (
        "pkcs8 -v2 aes-192-cbc",
        "PBES2 AES-192-CBC, HMAC-SHA256, 2048 iterations",
    ),
    (
        "pkcs8 -v2 aes-256-cbc -v2prf hmacWithSHA1 -iter 7",
        "PBES2 AES-256-CBC, HMAC-SHA1, 7 iterations",
    ),
    (
        "pkcs8 -v2 aes-256-cbc -v2prf hmacWithSHA224",
        "PBES2 AES-256-CBC, HMAC-SHA224, 2048 iterations",
    ),
    (
        "pkcs8 -v2 aes-256-cbc -v2prf hmacWithSHA384",
        "PBES2 AES-256-CBC, HMAC-SHA384, 2048 iterations",
    ),
    (
        "pkcs8 -v2 aes-256-cbc -v2prf hmacWithSHA512",
        "PBES2 AES-256-CBC, HMAC-SHA512, 2048 iterations",
    ),
    (
        "pkcs8 -v2 aes-256-cbc -v2prf hmacWithSHA512-224",
        "PBES2 AES-256-CBC, HMAC-SHA512/224, 2048 iterations",
    ),
    (
        "pkcs8 -v2 aes-256-cbc -v2prf hmacWithSHA512-256",
        "PBES2 AES-256-CBC, HMAC-SHA512/256, 2048 iterations",
    ),
    (
        "pkcs8 -v2 des3",
        "PBES2 3DES-CBC, HMAC-SHA256, 2048 iterations",
    ),
    ("pkcs8 -scrypt", "PBES2 AES-256-CBC, scrypt N=16384 r=8 p=1"),
    (
        "pkcs8 -v1 PBE-SHA1-3DES",
        "PKCS12 PBE 3DES-CBC, SHA1, 2048 iterations",
    ),
    (
        "pkcs8 -v1 PBE-SHA1-2DES",
        "PKCS12 PBE two-key 3DES-CBC, SHA1, 2048 iterations",
    ),
    (
        "pkcs8 -v1 PBE-MD5-DES",
        "PBES1 DES-CBC, MD5, 2048 iterations",
    ),
    (
        "pkcs8 -v1 PBE-SHA1-DES",
        "PBES1 DES-CBC, SHA1, 2048 iterations",
    ),
    (
        "pkcs8 -v1 PBE-SHA1-RC2-40",
        "PKCS12 PBE RC2-40-CBC, SHA1, 2048 iterations",
    ),
    (
        "traditional -aes128",
        "PEM encryption AES-128-CBC, MD5, 1 iteration",
    ),
    (
        "traditional -aes192",
        "PEM encryption AES-192-CBC, MD5, 1 iteration",
    ),
    (
        "traditional -aes256",
        "PEM encryption AES-256-CBC, MD5, 1 iteration",
    ),
    (
        "traditional -des3",
        "PEM encryption 3DES-CBC, MD5, 1 iteration",
    ),
    (
        "traditional -des",
        "PEM encryption DES-CBC, MD5, 1 iteration",
    ),
];

fn commands(key: &str) -> String {
    let legacy = "-provider legacy -provider default -passout pass:geheim-ä";
    let lines = WAYS.iter().enumerate().map(|(at, (way, _))| {
        let (form, options) = way.split_once(' ').unwrap();
        let command = match form {
            "pkcs8" => "pkcs8 -topk8",
            _ if key.ends_with("p256") => "ec",
            _ => "rsa -traditional",
        };
        format!("openssl {command} {options} {legacy} -in {key} -out {at}\n")
    });
    lines.collect()
}

#[test]
fn every_encryption_that_openssl_has_for_keys_is_opened_by_its_password_and_no_other() {
    for (key, plain) in [("p256", "p256.sec1.der"), ("rsa", "rsa.pkcs1.der")] {
        let folder = tempfile::tempdir().unwrap();
        let key = MADE.path().join(key).display().to_string();
        run(folder.path(), &commands(&key));
        for (at, (way, protection)) in WAYS.iter().enumerate() {
            let bytes = content(&folder.path().join(at.to_string()));
            let opened = open(&bytes, PASSWORD).unwrap_or_else(|error| panic!("{way}: {error}"));
            assert_eq!(opened.protection, [*protection], "{way}");
            let found = opened.store.keys[0].key.to_pkcs8().unwrap();
            let expected = match plain {
                "p256.sec1.der" => PrivateKey::sec1(made(plain)).to_pkcs8(),
                _ => PrivateKey::pkcs1(made(plain)).to_pkcs8(),
            };
            assert_eq!(found, expected.unwrap(), "{way}");
            wrong(&bytes, way);
        }
    }
}

fn wrong(bytes: &[u8], way: &str) {
    let other = Passwords {
        store: Some("geheim-ä"),
        key: Some("geheim-a"),
    };
    assert_eq!(
        open(bytes, other).unwrap_err().to_string(),
        "line 1: the private key cannot be decrypted: the password is wrong, or the data is \
         damaged",
        "{way}"
    );
    let error = open(bytes, Passwords::default()).unwrap_err();
    assert_eq!(error, StoreError::Encrypted { line: Some(1) });
}

#[test]
fn an_encrypted_key_in_der_form_is_read() {
    let key = MADE.path().join("ed25519");
    let sealed = made_by(&format!(
        "openssl pkcs8 -topk8 -in {} -passout pass:x -outform DER -out out",
        key.display()
    ));
    assert_eq!(sniff(&sealed), Format::DerKey);
    let passwords = Passwords {
        store: Some("x"),
        key: None,
    };
    let opened = open(&sealed, passwords).unwrap();
    let found = opened.store.keys[0].key.der().secret_der();
    assert_eq!(found, made("ed25519.der"));
    assert_eq!(
        open(&sealed, PASSWORD).unwrap_err().to_string(),
        "the private key cannot be decrypted: the password is wrong, or the data is damaged"
    );
}

#[test]
fn an_encryption_that_is_not_read_is_named() {
    let key = MADE.path().join("rsa").display().to_string();
    for (command, expected) in [
        (
            format!("rsa -traditional -camellia128 -in {key}"),
            "its encryption is not supported: CAMELLIA-128-CBC",
        ),
        (
            format!("pkcs8 -topk8 -v2 camellia256 -in {key}"),
            "its encryption is not supported: 1.2.392.200011.61.1.1.1.4",
        ),
        (
            format!("pkcs8 -topk8 -iter 5000001 -in {key}"),
            "its key takes 5000001 iterations to derive; at most 5000000 are carried out",
        ),
    ] {
        let bytes = made_by(&format!("openssl {command} -passout pass:x -out out"));
        assert_eq!(
            open(&bytes, PASSWORD).unwrap_err().to_string(),
            format!("line 1: the private key cannot be decrypted: {expected}")
        );
    }
}

#[test]
fn scrypt_that_takes_much_memory_or_time_is_refused() {
    let key = MADE.path().join("ed25519");
    let sealed = made_by(&format!(
        "openssl pkcs8 -topk8 -scrypt -in {} -passout pass:x -outform DER -out out",
        key.display()
    ));
    let parameters = [2, 2, 0x40, 0, 2, 1, 8, 2, 1, 1];
    let at = sealed.windows(10).position(|window| window == parameters);
    for (place, number, expected) in [
        (6, 33, "N = 16384, r = 33, p = 1"),
        (9, 17, "N = 16384, r = 8, p = 17"),
        (3, 1, "N = 16385, r = 8, p = 1"),
        (6, 0, "N = 16384, r = 0, p = 1"),
    ] {
        let mut bytes = sealed.clone();
        bytes[at.unwrap() + place] = number;
        assert_eq!(
            open(&bytes, PASSWORD).unwrap_err().to_string(),
            format!(
                "the private key cannot be decrypted: its key is derived by scrypt with \
                 {expected}, which is out of range: at most 64 MiB of memory and p = 16 are \
                 carried out"
            )
        );
    }
}

#[test]
fn an_encrypted_key_whose_bits_flip_is_refused_or_another_and_never_panics() {
    let key = MADE.path().join("ed25519");
    let sealed = made_by(&format!(
        "openssl pkcs8 -topk8 -iter 1 -in {} -passout pass:x -outform DER -out out",
        key.display()
    ));
    let passwords = Passwords {
        store: None,
        key: Some("x"),
    };
    for at in 0..sealed.len() * 8 {
        let mut bytes = sealed.clone();
        bytes[at / 8] ^= 1 << (at % 8);
        let _ = open(&bytes, passwords);
        let _ = open(&sealed[..at / 8], passwords).unwrap_err();
    }
}
