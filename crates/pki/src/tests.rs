mod ca;
mod crl;
mod identity;
mod leaf;
mod trust;
mod verify;
mod view;

use std::{
    path::Path,
    process::{Command, Stdio},
};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType, SerialNumber,
};
use ringlock_model::NodeUri;
use ringlock_store::{KeyStore, PrivateKey, parse_pem};
use rustls_pki_types::CertificateDer;
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::ca::{Ca, Issued, NodeRequest};

/// When every test takes place.
const NOW: OffsetDateTime = datetime!(2026-11-22 12:00:00.5 UTC);

/// A certificate and its key, made to measure.
struct Made {
    der: CertificateDer<'static>,
    key: KeyPair,
    params: CertificateParams,
}

impl Made {
    /// Self-signed, after `edit` has changed what it says.
    fn root(subject: &str, edit: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = params(subject);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        edit(&mut params);
        let der = params.self_signed(&key).unwrap().into();
        Self { der, key, params }
    }

    /// Signed by this one, after `edit` has changed what it says.
    fn sign(&self, subject: &str, edit: impl FnOnce(&mut CertificateParams)) -> Self {
        self.sign_key(subject, KeyPair::generate().unwrap(), edit)
    }

    fn sign_key(
        &self,
        subject: &str,
        key: KeyPair,
        edit: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let mut params = params(subject);
        edit(&mut params);
        let issuer = Issuer::from_params(&self.params, &self.key);
        let der = params.signed_by(&key, &issuer).unwrap().into();
        Self { der, key, params }
    }

    fn private_key(&self) -> PrivateKey {
        PrivateKey::pkcs8(self.key.serialize_der())
    }

    /// A store with this one's key and those certificates.
    fn store<'a>(&self, certificates: impl IntoIterator<Item = &'a Self>) -> KeyStore {
        KeyStore {
            keys: vec![self.private_key().into()],
            certificates: certificates
                .into_iter()
                .map(|it| it.der.clone().into())
                .collect(),
            ..KeyStore::default()
        }
    }
}

/// A node's certificate as another CA might issue it: valid, with one address and no URI.
fn params(subject: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = NOW - Duration::DAY;
    params.not_after = NOW + Duration::DAY;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, subject);
    params.subject_alt_names = vec![SanType::IpAddress([10, 0, 0, 1].into())];
    params
}

fn node_uri(node: &str) -> NodeUri {
    NodeUri {
        cluster: "Test Cluster".into(),
        datacenter: "dc1".into(),
        rack: "rack1".into(),
        node: node.into(),
    }
}

fn request() -> NodeRequest {
    NodeRequest {
        uri: node_uri("n1"),
        ips: vec!["10.0.0.1".parse().unwrap(), "fd00::1".parse().unwrap()],
        dns: vec!["n1.example".into()],
        validity: crate::ca::NODE_VALIDITY,
    }
}

fn test_ca() -> Ca {
    Ca::init("Test Cluster", crate::ca::CA_VALIDITY, NOW).unwrap()
}

fn issued_store(issued: &Issued) -> KeyStore {
    parse_pem((issued.chain_pem() + &issued.key_pem()).as_bytes()).unwrap()
}

/// Runs a shell command in `folder` and returns what it prints.
fn run(folder: &Path, command: &str) -> String {
    let output = Command::new("sh")
        .args(["-ec", command])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}\n{text}{complaint}");
    text
}

#[expect(
    clippy::disallowed_methods,
    reason = "ringlock_files is not among the crates this one may depend on"
)]
fn put_bytes(folder: &Path, name: &str, content: &[u8]) {
    std::fs::write(folder.join(name), content).unwrap();
}

fn put(folder: &Path, name: &str, content: &str) {
    put_bytes(folder, name, content.as_bytes());
}
