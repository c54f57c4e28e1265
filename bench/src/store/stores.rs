//! The stores to open.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use ringlock_store::{CertificateEntry, KeyStore, Kind, Passwords, Writing, parse_pem};

/// Of every store here.
pub(super) const PASSWORD: &str = "changeit";

/// The serial number of the certificate that all are made of, eight octets that can be found.
const SERIAL: [u8; 8] = *b"\x52\x69\x6E\x67\x6C\x6F\x63\x6B";

/// Writes a keystore of one key, and a truststore of that many certificates: copies of one that
/// differ in their serial numbers, since nobody here checks signatures.
pub(super) fn write(
    folder: &Path,
    keystore: &Path,
    truststore: &Path,
    certificates: u32,
) -> Result<()> {
    let mut store = parse_pem(&identity(folder)?)?;
    let own = store.certificates.remove(0).certificate;
    let at = own.windows(8).position(|it| it == SERIAL);
    let at = at.context("the certificate has another serial number than it was given")?;
    store.keys[0].chain = vec![own.clone()];
    keep(&store, keystore)?;
    let entry = |number: u32| {
        let mut der = own.to_vec();
        der[at + 4..at + 8].copy_from_slice(&number.to_be_bytes());
        CertificateEntry {
            alias: Some(format!("ca-{number}")),
            created: None,
            certificate: der.into(),
            trusted: true,
        }
    };
    let store = KeyStore {
        certificates: (0..certificates).map(entry).collect(),
        ..KeyStore::default()
    };
    keep(&store, truststore)
}

/// A key and its certificate, in PEM.
fn identity(folder: &Path) -> Result<Vec<u8>> {
    let serial = format!("0x{:x}", u64::from_be_bytes(SERIAL));
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650",
        ])
        .args(["-subj", "/O=Ringlock/CN=bench", "-set_serial", &serial])
        .args(["-keyout", "pem", "-out", "certificate"])
        .current_dir(folder)
        .stderr(Stdio::null())
        .status()
        .context("starting openssl")?;
    ensure!(made.success(), "openssl req: {made}");
    let mut pem = ringlock_files::read_limited(&folder.join("pem"), ringlock_store::MAX_BYTES)?;
    let certificate = folder.join("certificate");
    pem.extend(ringlock_files::read_limited(
        &certificate,
        ringlock_store::MAX_BYTES,
    )?);
    Ok(pem)
}

fn keep(store: &KeyStore, file: &Path) -> Result<()> {
    let how = Writing {
        to: Kind::Pkcs12,
        passwords: Passwords {
            store: Some(PASSWORD),
            key: None,
        },
        deterministic: true,
        created: 0,
    };
    let bytes = ringlock_store::write(store, &how)?;
    ringlock_files::write_atomic(file, 0o600, &bytes)?;
    Ok(())
}
