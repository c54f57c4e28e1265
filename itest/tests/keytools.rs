//! Stores that the `keytool` of several versions of Java makes by its own defaults, and what each
//! of them reads of the stores that are written here.

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use fs_err as fs;
use ringlock_itest::{
    OrFail as _, skip,
    testkit::{
        agent::ringlock,
        cassandra::{Java, find_java},
        command,
    },
};
use serde_json::Value;
use tempfile::TempDir;

const PASSWORD: &str = "changeit";

/// Java 17 reads much more in the tests of `store`. 11 has the old defaults of PKCS12 (RC2 and 3DES, HMAC with SHA-1), which Java 8 has as well; the
/// others have PBES2.
const JAVAS: [Java; 3] = [Java::Eleven, Java::Seventeen, Java::TwentyFive];

const KINDS: [&str; 3] = ["JKS", "JCEKS", "PKCS12"];

/// The `keytool` of each Java; none where one is missing, which is told.
fn keytools() -> Option<Vec<(Java, PathBuf)>> {
    let found =
        JAVAS.map(|java| find_java(java).map(|path| (java, path.with_file_name("keytool"))));
    match found.into_iter().collect() {
        Ok(keytools) => Some(keytools),
        Err(missing) => {
            skip(&missing.to_string());
            None
        }
    }
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().or_fail("making a folder"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn keytool(&self, keytool: &Path, words: &[&str]) -> String {
        let mut program = Command::new(keytool);
        program.args(words).current_dir(self.path());
        program.args(["-storepass", PASSWORD, "-noprompt"]);
        command::run(&mut program).or_fail("running keytool")
    }

    /// One with a key of its own, and one that trusts its certificate.
    fn make(&self, keytool: &Path, name: &str, kind: &str) -> [String; 2] {
        let (own, trust) = (format!("{name}.{kind}"), format!("trust-{name}.{kind}"));
        let store = |file| ["-storetype", kind, "-keystore", file];
        let mut words = vec!["-genkeypair", "-alias", "n1", "-dname", "CN=n1,O=Acme"];
        words.extend(["-keyalg", "RSA", "-keysize", "2048", "-validity", "90"]);
        words.extend(["-ext", "SAN=IP:10.0.0.1", "-keypass", PASSWORD]);
        self.keytool(keytool, &[&words[..], &store(&own)].concat());
        let words = ["-exportcert", "-rfc", "-alias", "n1", "-file", "n1.pem"];
        self.keytool(keytool, &[&words[..], &store(&own)].concat());
        let words = ["-importcert", "-alias", "ca", "-file", "n1.pem"];
        self.keytool(keytool, &[&words[..], &store(&trust)].concat());
        fs::remove_file(self.path().join("n1.pem")).or_fail("removing a file");
        // Where others may read a private key, it is not converted.
        let closed = Permissions::from_mode(0o600);
        fs::set_permissions(self.path().join(&own), closed).or_fail("closing a file");
        [own, trust]
    }

    fn store(&self, words: &[&str]) -> String {
        let mut program = ringlock();
        program.arg("store").args(words).env("PASSWORD", PASSWORD);
        program.current_dir(self.path());
        command::run(&mut program).or_fail("running the program")
    }

    /// What is seen of a store with one entry: its kind and fingerprint, and Java's view of it.
    fn inspect(&self, file: &str) -> (String, String, [u64; 2]) {
        let words = [
            "inspect",
            file,
            "--password-env",
            "PASSWORD",
            "--format",
            "json",
        ];
        let shown: Value = serde_json::from_str(&self.store(&words)).or_fail("reading JSON");
        let entries = shown["entries"].as_array().or_fail("looking for entries");
        let [entry] = entries.as_slice() else {
            panic!("{file}: {shown}");
        };
        let text = |key: &str| entry[key].as_str().or_fail("looking for a text").to_owned();
        let count = |key: &str| shown["java"][key].as_u64().or_fail("looking for a number");
        let java = [count("private_keys"), count("trust_anchors")];
        (text("kind"), text("sha256"), java)
    }

    fn convert(&self, from: &str, role: &str, to: &str) -> String {
        let (to, out) = (to.to_lowercase(), format!("{from}.as.{to}"));
        let mut words = vec![
            "convert",
            from,
            "--password-env",
            "PASSWORD",
            "--kind",
            role,
        ];
        words.extend(["--to", &to, "--out", &out, "--out-password-env", "PASSWORD"]);
        self.store(&words);
        out
    }
}

/// The fingerprint in hexadecimal digits without colons, in small letters.
fn plain(fingerprint: &str) -> String {
    fingerprint.replace(':', "").to_lowercase()
}

#[test]
fn what_keytool_of_java_11_to_25_makes_is_read_and_what_is_written_is_read_by_old_and_new() {
    let Some(keytools) = keytools() else { return };
    let folder = Folder::new();
    for (java, keytool) in &keytools {
        for kind in KINDS {
            let made = folder.make(keytool, &format!("java-{}", java.major()), kind);
            let roles = [("keystore", [1, 0]), ("truststore", [0, 1])];
            for (file, (role, expected)) in made.iter().zip(roles) {
                let (shown, fingerprint, java_sees) = folder.inspect(file);
                assert_eq!(java_sees, expected, "{file}: {shown}");
                let target = KINDS[(KINDS.iter().position(|it| *it == kind).or_fail("") + 1) % 3];
                let written = folder.convert(file, role, target);
                for (reader, keytool) in [&keytools[0], &keytools[2]] {
                    let words = ["-list", "-v", "-storetype", target, "-keystore", &written];
                    let listed = folder.keytool(keytool, &words);
                    let entry = match role {
                        "keystore" => "PrivateKeyEntry",
                        _ => "trustedCertEntry",
                    };
                    assert!(listed.contains(entry), "{written} in {reader:?}: {listed}");
                    let listed = plain(&listed);
                    assert!(
                        listed.contains(&plain(&fingerprint)),
                        "{written} in {reader:?}"
                    );
                }
            }
        }
    }
}
