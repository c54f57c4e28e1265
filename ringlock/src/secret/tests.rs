use std::path::Path;

use ringlock_config::Document;
use ringlock_secret::{LocalKey, PasswordSource, Resolver};

use super::*;

fn folder_with_key() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    keygen(&KeygenArgs { out: key.clone() }).unwrap();
    (folder, key)
}

fn sealed(folder: &Path, key: &Path, password: &str) -> Result<String, Failure> {
    let file = folder.join("password");
    ringlock_files::write_atomic(&file, 0o600, password.as_bytes()).unwrap();
    encrypt(&EncryptArgs {
        key: key.to_owned(),
        password: PasswordArgs::from(PasswordSource::File(file)),
    })
}

#[test]
fn a_password_from_a_file_is_encrypted_and_opens_again() {
    let (folder, key) = folder_with_key();
    let value = sealed(folder.path(), &key, "pa55\n").unwrap();
    assert!(!value.contains("pa55"));
    let resolver = Resolver::with_key(&key).unwrap();
    assert_eq!(resolver.open(&value).unwrap().expose(), "pa55");
}

#[test]
fn a_key_file_that_is_there_is_never_replaced() {
    let (_folder, key) = folder_with_key();
    let before = LocalKey::read(&key).unwrap();
    assert!(matches!(
        keygen(&KeygenArgs { out: key.clone() }),
        Err(Failure::Failed(_))
    ));
    assert_eq!(LocalKey::read(&key).unwrap().id(), before.id());
}

#[test]
fn what_can_only_be_a_mistake_is_not_encrypted() {
    let (folder, key) = folder_with_key();
    let value = sealed(folder.path(), &key, "pa55").unwrap();
    for password in ["", "\n", value.as_str()] {
        let refused = sealed(folder.path(), &key, password);
        assert!(matches!(refused, Err(Failure::Wrong(_))), "{password}");
    }
    let none = encrypt(&EncryptArgs {
        key,
        password: PasswordArgs::default(),
    });
    assert!(matches!(none, Err(Failure::Wrong(_))));
}

#[test]
fn every_password_of_a_file_is_told_by_its_form_and_never_shown() {
    let (folder, key) = folder_with_key();
    let (_other_folder, other) = folder_with_key();
    let ours = sealed(folder.path(), &key, "hunter2").unwrap();
    let theirs = sealed(folder.path(), &other, "hunter3").unwrap();
    let text = format!(
        "server_encryption_options:
  keystore_password: {ours}
  truststore_password: hunter4
client_encryption_options:
  keystore_password: {theirs}
"
    );
    let document = Document::parse(&text, Path::new("cassandra.yaml")).unwrap();
    let verdicts = verify::verify(&Resolver::with_key(&key).unwrap(), &document);
    let [ours, theirs] = [&key, &other].map(|path| LocalKey::read(path).unwrap().id().to_string());
    assert_eq!(
        verify::lines(&verdicts),
        [
            format!(
                "cassandra.yaml:2: server_encryption_options.keystore_password: \
                 encrypted with the key {ours}; it opens"
            ),
            "cassandra.yaml:3: server_encryption_options.truststore_password: plain text"
                .to_owned(),
            format!(
                "cassandra.yaml:5: client_encryption_options.keystore_password: does not open: \
                 it was encrypted with the key {theirs}; expected the key {ours}"
            ),
        ]
    );
    let json = serde_json::to_string(&verdicts).unwrap();
    assert!(!json.contains("hunter"), "{json}");
}
