//! Makes stores with the programs that operators use, once for all tests.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use tempfile::TempDir;

/// A root, an intermediate, a leaf `node1`, a second root of the same name as the first with a
/// leaf `node2`; then stores of them, each in a file of its own.
const STORES: &str = r#"
key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
ca() {
    openssl req -x509 $key -keyout $1.key -subj "$2" -days 3650 -out $1.crt
}
issue() {
    printf "basicConstraints=CA:$4\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n" > ext
    openssl req $key -keyout $1.key -subj "/CN=$1" -out csr
    openssl x509 -req -in csr -CA $2.crt -CAkey $2.key -set_serial $3 -days 3000 -extfile ext -out $1.crt
    openssl pkcs8 -topk8 -nocrypt -in $1.key -outform DER -out $1.pkcs8
}
ca root '/O=Test/CN=Root'
ca again '/O=Test/CN=Root'
issue middle root 1 TRUE
issue node1 middle 2 FALSE
issue node2 again 3 FALSE
cat middle.crt root.crt > chain.crt
cat middle.crt again.crt root.crt > roots.crt

export=' -export -in node1.crt -inkey node1.key -certfile chain.crt -name node1'
p12() { out=$1; shift; openssl pkcs12 $export -out $out "$@"; }
p12 openssl.p12 -passout pass:changeit
p12 openssl-legacy.p12 -passout pass:changeit -legacy
p12 openssl-empty.p12 -passout pass:
p12 openssl-empty-legacy.p12 -passout pass: -legacy
p12 openssl-nomac.p12 -passout pass:changeit -nomac
p12 openssl-plain.p12 -passout pass: -nomac -keypbe NONE -certpbe NONE
p12 openssl-plain-key.p12 -passout pass:changeit -keypbe NONE
p12 openssl-rc4.p12 -passout pass:changeit -legacy -keypbe PBE-SHA1-RC4-128 -certpbe PBE-SHA1-RC4-40
p12 openssl-rc2.p12 -passout pass:changeit -legacy -keypbe PBE-SHA1-RC2-128 -certpbe PBE-SHA1-RC2-40
p12 openssl-2des.p12 -passout pass:changeit -legacy -keypbe PBE-SHA1-2DES -certpbe PBE-SHA1-2DES
p12 openssl-aes128.p12 -passout pass:changeit -keypbe aes-128-cbc -certpbe aes-128-cbc -macalg sha1
p12 openssl-aes192.p12 -passout pass:changeit -keypbe aes-192-cbc -certpbe aes-192-cbc -macalg sha224
p12 openssl-3des.p12 -passout pass:changeit -keypbe des-ede3-cbc -certpbe des-ede3-cbc -macalg sha384
p12 openssl-aes192-key.p12 -passout pass:changeit -keypbe aes-192-cbc
p12 openssl-sha512.p12 -passout pass:changeit -macalg sha512
p12 openssl-sha512-256.p12 -passout pass:changeit -macalg sha512-256
p12 openssl-umlaut.p12 -passout pass:schlüssel
p12 openssl-umlaut-legacy.p12 -passout pass:schlüssel -legacy
p12 quick.p12 -passout pass:changeit -iter 1 -macalg sha1
openssl pkcs12 -export -in node1.crt -inkey node1.key -passout pass:changeit -out no-name.p12
openssl pkcs12 -export -nokeys -in chain.crt -passout pass:changeit -out openssl-trust.p12
openssl pkcs12 -export -nokeys -in root.crt -passout pass: -nomac -certpbe NONE -out openssl-trust-plain.p12
openssl pkcs12 -export -in node2.crt -inkey node2.key -certfile roots.crt -name node2 -passout pass:changeit -out same-name.p12
printf 'basicConstraints=CA:TRUE' > ext

import='-importkeystore -noprompt -srckeystore openssl.p12 -srcstorepass changeit -deststorepass changeit'
keytool $import -destkeystore keytool.p12
keytool -J-Dkeystore.pkcs12.legacy=true $import -destkeystore keytool-legacy.p12
keytool $import -destkeystore keytool.jks -deststoretype JKS
keytool $import -destkeystore keytool.jceks -deststoretype JCEKS
cp keytool.p12 secret.p12
keytool -genseckey -alias secret -keyalg AES -keysize 128 -keystore secret.p12 -storepass changeit
add() { out=$1; shift; keytool "$@" -importcert -noprompt -keystore $out -storepass changeit -file $cert -alias $alias; }
cert=root.crt alias=Root add keytool-trust.p12
cert=middle.crt alias=middle add keytool-trust.p12
cert=root.crt alias=root add keytool-trust-legacy.p12 -J-Dkeystore.pkcs12.legacy=true
none='-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE -J-Dkeystore.pkcs12.macAlgorithm=NONE'
cert=root.crt alias=root add keytool-trust-none.p12 $none
cert=root.crt alias=root add two-names.p12 $none
cert=middle.crt alias=toor add two-names.p12 $none
cp keytool.p12 keytool-both.p12
cert=root.crt alias=root add keytool-both.p12
cp keytool.jks keytool-both.jks
cert=root.crt alias=root add keytool-both.jks
java MakeStores.java
"#;

/// The folder with the stores.
pub(crate) fn folder() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let made = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        save(
            folder.path(),
            "MakeStores.java",
            include_bytes!("samples/MakeStores.java"),
        );
        sh(folder.path(), STORES);
        folder
    });
    made.path()
}

/// A store of the folder.
pub(crate) fn store(name: &str) -> Vec<u8> {
    load(&folder().join(name))
}

/// Runs shell commands in a folder; what they print.
pub(crate) fn sh(folder: &Path, commands: &str) -> String {
    let java = std::env::var_os("RINGLOCK_JAVA").map(PathBuf::from);
    let java = java.as_deref().and_then(Path::parent);
    let inherited = std::env::var("PATH").unwrap_or_default();
    let path = match java {
        Some(folder) => format!("{}:{inherited}", folder.display()),
        None => inherited,
    };
    let output = Command::new("sh")
        .args(["-ec", commands])
        .current_dir(folder)
        .env("PATH", path)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{commands}\n{printed}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    printed
}

#[expect(
    clippy::disallowed_methods,
    reason = "this crate ranks beside ringlock_files and cannot use it"
)]
pub(crate) fn load(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "this crate ranks beside ringlock_files and cannot use it"
)]
pub(crate) fn save(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).unwrap();
}
