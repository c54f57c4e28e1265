use std::{fs, os::unix::fs::PermissionsExt as _};

use proptest::prelude::*;

use super::*;

fn key() -> LocalKey {
    LocalKey::generate().unwrap()
}

fn written(key: &LocalKey) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    key.write_new(&path).unwrap();
    (folder, path)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_was_sealed_opens_to_the_same_password(text in "\\PC{0,80}") {
        let key = key();
        let value = key.seal(&Password::new(text.as_str())).unwrap();
        prop_assert!(is_sealed(&value));
        let opened = key.open(&value).unwrap();
        prop_assert_eq!(opened.expose(), text.as_str());
    }

    #[test]
    fn a_value_with_any_bit_changed_is_refused(text in "[ -~]{0,24}") {
        let key = key();
        let value = key.seal(&Password::new(text.as_str())).unwrap();
        for bit in 0..value.len() * 8 {
            let mut bytes = value.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            if let Ok(changed) = String::from_utf8(bytes) {
                prop_assert!(key.open(&changed).is_err(), "bit {bit}");
            }
        }
    }

    #[test]
    fn whatever_stands_in_a_value_or_a_key_file_is_read_without_harm(text in "(ringlock(-key)?:v1:)?\\PC{0,60}") {
        prop_assert!(key().open(&text).is_err());
        prop_assert!(LocalKey::parse(text.as_bytes()).is_err());
    }
}

#[test]
fn a_value_cut_off_anywhere_is_refused() {
    let key = key();
    let value = key.seal(&Password::new("pa55")).unwrap();
    for end in 0..value.len() {
        assert!(key.open(&value[..end]).is_err(), "{end}");
    }
}

#[test]
fn two_values_of_one_password_differ() {
    let key = key();
    let password = Password::new("pa55");
    assert_ne!(key.seal(&password).unwrap(), key.seal(&password).unwrap());
}

#[test]
fn a_value_of_another_key_names_both_keys() {
    let (ours, theirs) = (key(), key());
    let value = theirs.seal(&Password::new("pa55")).unwrap();
    assert_eq!(key_of(&value).unwrap(), *theirs.id());
    assert_eq!(
        ours.open(&value).unwrap_err().to_string(),
        format!(
            "it was encrypted with the key {}; expected the key {}",
            theirs.id(),
            ours.id()
        )
    );
}

#[test]
fn a_later_version_is_told_from_damage_and_from_plain_text() {
    let key = key();
    assert_eq!(key.open("ringlock:v2:x").unwrap_err(), OpenError::Version);
    assert_eq!(key.open("pa55").unwrap_err(), OpenError::NotSealed);
    assert_eq!(key.open("ringlock:v1:x").unwrap_err(), OpenError::Damaged);
}

#[test]
fn a_key_file_is_for_its_owner_and_reads_back() {
    let key = key();
    let (_folder, path) = written(&key);
    let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode, 0o600);
    let value = key.seal(&Password::new("pa55")).unwrap();
    let again = LocalKey::read(&path).unwrap();
    assert_eq!(again.id(), key.id());
    assert_eq!(again.open(&value).unwrap().expose(), "pa55");
}

#[test]
fn a_key_file_is_never_overwritten() {
    let key = key();
    let (_folder, path) = written(&key);
    assert!(matches!(
        LocalKey::generate().unwrap().write_new(&path),
        Err(FileError::Exists { .. })
    ));
    assert_eq!(LocalKey::read(&path).unwrap().id(), key.id());
}

#[test]
fn a_key_file_that_others_read_is_refused() {
    let (_folder, path) = written(&key());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let error = LocalKey::read(&path).unwrap_err().to_string();
    assert!(
        error.contains(" holds a key, but its mode 0644 lets every user read it"),
        "{error}"
    );
}

#[test]
fn a_key_file_with_any_bit_changed_is_refused() {
    let (_folder, path) = written(&key());
    let whole = read_private(&path, MAX_KEY_FILE).unwrap();
    assert!(LocalKey::parse(&whole).is_ok());
    for bit in 0..(whole.len() - 1) * 8 {
        let mut bytes = whole.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(LocalKey::parse(&bytes).is_err(), "bit {bit}");
    }
    assert_eq!(
        LocalKey::parse(b"ringlock-key:v2:x\n").unwrap_err(),
        KeyFileFault::Version
    );
}

#[test]
fn a_key_is_never_shown() {
    let key = key();
    assert_eq!(format!("{key:?}"), format!("LocalKey({})", key.id()));
}
