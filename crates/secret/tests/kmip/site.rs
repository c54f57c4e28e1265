use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, SanType,
};
use ringlock_files::write_atomic;
use ringlock_store::{
    CertificateEntry, KeyEntry, KeyStore, Kind, Passwords, PrivateKey, Writing, write,
};

/// What the stores in Java's formats are under.
pub(crate) const PASSWORD: &str = "pa55word";

/// The kind of all keys of a site.
#[derive(Clone, Copy)]
pub(crate) enum Keys {
    P256,
    Rsa,
}

/// A folder with a CA, a server and a client.
pub(crate) struct Site {
    folder: tempfile::TempDir,
    client: KeyPair,
    client_certificate: rcgen::Certificate,
    ca_certificate: rcgen::Certificate,
}

impl Site {
    pub(crate) fn new(keys: Keys) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca_key = key_pair(keys);
        // A name of its own: another CA of the same name would fail in another way.
        let mut ca = params(&folder.path().to_string_lossy());
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_certificate = ca.self_signed(&ca_key).unwrap();
        let issuer = Issuer::new(ca, ca_key);

        let mut server = params("server");
        server.subject_alt_names = vec![SanType::IpAddress([127, 0, 0, 1].into())];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let server_key = key_pair(keys);
        let server = server.signed_by(&server_key, &issuer).unwrap();

        let mut client = params("node1");
        client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let client_key = key_pair(keys);
        let client = client.signed_by(&client_key, &issuer).unwrap();

        for (name, text) in [
            ("ca.crt", ca_certificate.pem()),
            ("server.crt", server.pem()),
            ("server.key", server_key.serialize_pem()),
            ("client.crt", client.pem()),
            ("client.key", client_key.serialize_pem()),
        ] {
            write_atomic(&folder.path().join(name), 0o600, text.as_bytes()).unwrap();
        }
        Self {
            folder,
            client: client_key,
            client_certificate: client,
            ca_certificate,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the client's stores: `client.KIND` and `trust.KIND`.
    pub(crate) fn write(&self, kind: Kind) {
        let mut identity = KeyStore::default();
        let key = PrivateKey::pkcs8(self.client.serialize_der());
        let leaf = self.client_certificate.der().clone();
        let chain = match kind {
            Kind::Pem => {
                identity.certificates.push(entry(leaf));
                Vec::new()
            }
            _ => vec![leaf],
        };
        identity.keys.push(KeyEntry {
            alias: Some("node".to_owned()),
            created: None,
            key,
            chain,
        });
        let mut trust = KeyStore::default();
        trust
            .certificates
            .push(entry(self.ca_certificate.der().clone()));
        for (name, store, mode) in [("client", identity, 0o600), ("trust", trust, 0o644)] {
            let how = Writing {
                to: kind,
                passwords: Passwords {
                    store: (kind != Kind::Pem).then_some(PASSWORD),
                    key: None,
                },
                deterministic: false,
                created: 0,
            };
            let bytes = write(&store, &how).unwrap();
            let path = self.path(&format!("{name}.{}", kind.name()));
            write_atomic(&path, mode, &bytes).unwrap();
        }
    }
}

fn entry(certificate: rustls_pki_types::CertificateDer<'static>) -> CertificateEntry {
    CertificateEntry {
        alias: Some("ca".to_owned()),
        created: None,
        certificate,
        trusted: true,
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn key_pair(keys: Keys) -> KeyPair {
    match keys {
        Keys::P256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
        Keys::Rsa => KeyPair::generate_for(&PKCS_RSA_SHA256),
    }
    .unwrap()
}
