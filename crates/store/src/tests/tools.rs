use std::{
    path::Path,
    process::{Command, Stdio},
    sync::LazyLock,
};

use tempfile::TempDir;

use crate::Opened;

/// A folder with keys and certificates that `openssl` made, each in PEM and in DER: `rsa`, `p256`,
/// `p384` and `ed25519`, with self-signed certificates `rsa.crt` and so on, and a revocation list
/// `crl`.
pub(crate) static MADE: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    run(
        folder.path(),
        "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa
         openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256
         openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384
         openssl genpkey -algorithm ED25519 -out ed25519
         for kind in rsa p256 p384 ed25519; do
           openssl req -x509 -new -key $kind -subj /CN=$kind -days 10 -out $kind.crt
           openssl x509 -in $kind.crt -outform DER -out $kind.crt.der
           openssl pkcs8 -topk8 -nocrypt -in $kind -outform DER -out $kind.der
         done
         openssl rsa -in rsa -traditional -out rsa.pkcs1
         openssl ec -in p256 -out p256.sec1
         openssl rsa -in rsa -traditional -outform DER -out rsa.pkcs1.der
         openssl ec -in p256 -outform DER -out p256.sec1.der
         printf '[ca]\\ndefault_ca=a\\n[a]\\ndatabase=db\\ndefault_md=sha256\\n' > ca.cnf
         : > db
         openssl ca -config ca.cnf -gencrl -keyfile p256 -cert p256.crt -crldays 9 -out crl
         openssl crl -in crl -outform DER -out crl.der",
    );
    folder
});

/// One of the files of [`MADE`].
pub(crate) fn made(name: &str) -> Vec<u8> {
    content(&MADE.path().join(name))
}

/// Runs a shell script in a folder.
pub(crate) fn run(folder: &Path, script: &str) -> String {
    let output = Command::new("sh")
        .args(["-euc", script])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    finished(script, &output)
}

/// Runs a shell command in a folder of its own and returns what it writes to `out`.
pub(crate) fn made_by(command: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), command);
    content(&folder.path().join("out"))
}

/// Runs commands of `Stores.java` in one virtual machine, in a folder; the words of each are
/// separated by tabs. Returns what they print.
pub(crate) fn java(folder: &Path, commands: &[String]) -> String {
    save(&folder.join("commands"), commands.join("\n").as_bytes());
    save(
        &folder.join("Stores.java"),
        include_bytes!("Stores.java").as_slice(),
    );
    let keytool = "--add-exports=java.base/sun.security.tools.keytool=ALL-UNNAMED";
    let output = Command::new("java")
        .args([keytool, "-Dfile.encoding=UTF-8", "Stores.java", "commands"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    finished(&commands.join("\n"), &output)
}

fn finished(what: &str, output: &std::process::Output) -> String {
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}\n{printed}{errors}");
    printed
}

/// What `show` of `Stores.java` prints for a store that was opened, but its first line.
pub(crate) fn shown(opened: &Opened) -> Vec<String> {
    let hex = |alias: &Option<String>| -> String {
        let alias = alias.as_deref().unwrap_or_default();
        alias.bytes().map(|byte| format!("{byte:02x}")).collect()
    };
    let store = &opened.store;
    let keys = store.keys.iter().map(|entry| {
        let chain = entry.chain.iter().map(|der| format!(" {}", hash(der)));
        let key = hash(entry.key.der().secret_der());
        let (name, created) = (hex(&entry.alias), entry.created.unwrap());
        let chain: String = chain.collect();
        (
            entry.alias.clone(),
            format!("key {name} {created} {key}{chain}"),
        )
    });
    let certificates = store.certificates.iter().map(|entry| {
        let (name, created) = (hex(&entry.alias), entry.created.unwrap());
        let hash = hash(&entry.certificate);
        (
            entry.alias.clone(),
            format!("certificate {name} {created} {hash}"),
        )
    });
    // Java sorts by units of UTF-16.
    let units = |alias: &Option<String>| -> Vec<u16> {
        alias
            .as_deref()
            .unwrap_or_default()
            .encode_utf16()
            .collect()
    };
    let mut lines: Vec<_> = keys.chain(certificates).collect();
    lines.sort_by_key(|(alias, _)| units(alias));
    lines.into_iter().map(|(_, line)| line).collect()
}

/// The first 8 bytes of SHA-256, in hexadecimal.
pub(crate) fn hash(bytes: &[u8]) -> String {
    use sha2::Digest;
    let hash = sha2::Sha256::digest(bytes);
    hash[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "this crate ranks beside ringlock_files and cannot use it"
)]
pub(crate) fn content(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "this crate ranks beside ringlock_files and cannot use it"
)]
pub(crate) fn save(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}
