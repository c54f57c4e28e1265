use std::path::PathBuf;

use base64ct::{Base64, Encoding as _};

use super::*;

/// 16 bytes, `00` to `0f`, and `hunter2` encrypted with it by openssl.
const KEY: &str = "AES/ECB/PKCS5Padding:128:AAECAwQFBgcICQoLDA0ODw==\n";
const VALUE: &str = "gbAl6FBqxTHFvEXQ2mbSeQ==";

/// A folder with a system key, and what a `dse.yaml` in it says.
fn dse(active: bool) -> (tempfile::TempDir, Resolver) {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("system_key");
    ringlock_files::write_atomic(&key, 0o600, KEY.as_bytes()).unwrap();
    let text = format!(
        "config_encryption_active: {active}\nsystem_key_directory: {}\n",
        folder.path().display()
    );
    let yaml = DseYaml::parse(&text, Path::new("dse.yaml")).unwrap();
    let resolver = Resolver::for_database(&yaml).unwrap();
    (folder, resolver)
}

fn document(text: &str) -> Document {
    Document::parse(text, Path::new("cassandra.yaml")).unwrap()
}

#[test]
fn without_a_key_values_are_taken_as_they_are_unless_they_are_encrypted() {
    let resolver = Resolver::plain();
    assert_eq!(resolver.open("pa55").unwrap().expose(), "pa55");
    assert_eq!(resolver.open(VALUE).unwrap().expose(), VALUE);
    let key = LocalKey::generate().unwrap();
    let value = key.seal(&Password::new("pa55")).unwrap();
    let needed = SecretError::NoKey {
        key: key.id().clone(),
    };
    assert_eq!(resolver.open(&value).unwrap_err(), needed);
}

#[test]
fn a_local_key_opens_its_values_and_leaves_plain_ones() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let key = LocalKey::generate().unwrap();
    key.write_new(&path).unwrap();
    let resolver = Resolver::with_key(&path).unwrap();
    let value = key.seal(&Password::new("pa55")).unwrap();
    assert_eq!(resolver.open(&value).unwrap().expose(), "pa55");
    assert_eq!(resolver.open("plain").unwrap().expose(), "plain");
    assert!(matches!(
        resolver.open(&value[..value.len() - 4]),
        Err(SecretError::Local(OpenError::Damaged))
    ));
}

#[test]
fn where_encryption_is_not_active_the_system_key_is_not_even_read() {
    let (_folder, resolver) = dse(false);
    assert_eq!(resolver.open(VALUE).unwrap().expose(), VALUE);
    let yaml = DseYaml::parse(
        "system_key_directory: /nowhere\nkmip_hosts: {a: {hosts: nowhere, keystore_path: a, truststore_path: b}}",
        Path::new("dse.yaml"),
    );
    assert!(Resolver::for_database(&yaml.unwrap()).is_ok());
}

#[test]
fn where_encryption_is_active_values_open_and_plain_text_is_refused() {
    let (_folder, resolver) = dse(true);
    assert_eq!(resolver.open(VALUE).unwrap().expose(), "hunter2");
    assert_eq!(
        resolver.open("cassandra").unwrap_err().to_string(),
        "it is plain text, or no value of `dsetool encryptconfigvalue`; DSE does not start with it \
         while config_encryption_active is true"
    );
}

#[test]
fn a_local_value_opens_beside_those_of_dse() {
    let (_folder, resolver) = dse(true);
    let key = LocalKey::generate().unwrap();
    let value = key.seal(&Password::new("pa55")).unwrap();
    let resolver = resolver.and_key(key);
    assert_eq!(resolver.open(&value).unwrap().expose(), "pa55");
    assert_eq!(resolver.open(VALUE).unwrap().expose(), "hunter2");
}

#[test]
fn a_system_key_that_is_not_there_keeps_dse_from_starting() {
    let text = "config_encryption_active: true\nsystem_key_directory: /nowhere/at/all\n";
    let yaml = DseYaml::parse(text, Path::new("dse.yaml")).unwrap();
    let error = Resolver::for_database(&yaml).unwrap_err().to_string();
    assert!(
        error.starts_with("/nowhere/at/all/system_key does not exist"),
        "{error}"
    );
}

#[test]
fn every_protected_property_in_plain_text_is_told_and_none_else() {
    let (_folder, resolver) = dse(true);
    let cassandra = document(&format!(
        "server_encryption_options:
  keystore_password: {VALUE}
  truststore_password: hunter2
  outbound_keystore_password: plain in DSE
"
    ));
    let ldap = document("ldap_options: {search_password: hunter2}");
    let told = resolver.refusals(&[&cassandra, &ldap]).to_string();
    assert!(!told.contains("hunter"), "{told}");
    let places: Vec<&str> = told
        .lines()
        .map(|line| line.split(": it").next().unwrap())
        .collect();
    assert_eq!(
        places,
        [
            "cassandra.yaml:3:24: server_encryption_options.truststore_password",
            "cassandra.yaml:1:33: ldap_options.search_password",
        ]
    );
    assert!(Resolver::plain().refusals(&[&cassandra, &ldap]).is_empty());
}

#[test]
fn the_form_of_a_property_tells_its_key() {
    let key = LocalKey::generate().unwrap();
    let sealed = key.seal(&Password::new("pa55")).unwrap();
    let text = format!(
        "server_encryption_options: {{keystore_password: {sealed}, truststore_password: '{VALUE}'}}"
    );
    let document = document(&text);
    let found = protected(&document);
    let (_folder, resolver) = dse(true);
    let id = key.id().clone();
    let resolver = resolver.and_key(key);
    assert_eq!(resolver.form(&found[0]).unwrap(), Form::Local(id));
    let dse = Form::Dse("AES/ECB/PKCS5Padding".to_owned());
    assert_eq!(resolver.form(&found[1]).unwrap(), dse);
    assert_eq!(Resolver::plain().form(&found[1]).unwrap(), Form::Plain);
}

#[test]
fn a_kmip_key_is_used_with_what_the_server_tells_or_as_java_would() {
    let material = Base64::decode_vec("AAECAwQFBgcICQoLDA0ODw==").unwrap();
    let object = |kind, algorithm| ManagedObject {
        kind,
        algorithm,
        bits: Some(128),
        material: material.clone().into(),
    };
    let aes = object(ObjectKind::SymmetricKey, Some(3));
    let key = system_key(&aes, Parameters::default()).unwrap();
    assert_eq!(key.open(VALUE).unwrap().expose(), "hunter2");
    let parameters = Parameters {
        mode: Some("CBC"),
        padding: None,
    };
    let key = system_key(&aes, parameters).unwrap();
    assert_eq!(key.to_string(), "AES/CBC/PKCS5Padding");
    let secret = object(ObjectKind::SecretData, None);
    assert_eq!(
        system_key(&secret, Parameters::default()).unwrap_err(),
        KmipKeyFault::Kind
    );
    let rsa = object(ObjectKind::SymmetricKey, Some(4));
    assert_eq!(
        system_key(&rsa, Parameters::default())
            .unwrap_err()
            .to_string(),
        "it is for the algorithm 0x4; expected AES, DES, triple DES, Blowfish or RC2"
    );
}

#[test]
fn a_kmip_group_whose_store_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("system_key");
    ringlock_files::write_atomic(&key, 0o600, KEY.as_bytes()).unwrap();
    let text = format!(
        "config_encryption_active: true
system_key_directory: {}
kmip_hosts:
  one: {{hosts: 127.0.0.1, keystore_path: missing.jks, truststore_path: missing.jks}}
",
        folder.path().display()
    );
    let path: PathBuf = folder.path().join("dse.yaml");
    let yaml = DseYaml::parse(&text, &path).unwrap();
    let error = Resolver::for_database(&yaml).unwrap_err().to_string();
    assert!(error.starts_with("KMIP group one: "), "{error}");
    assert!(error.contains("missing.jks does not exist"), "{error}");
}
