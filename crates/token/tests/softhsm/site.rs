//! A folder with tokens, a CA, and the test's own process.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    object::{Attribute, CertificateType, ObjectClass},
    session::UserType,
    types::AuthPin,
};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, SanType,
};
use ringlock_files::{read_limited, write_atomic};
use ringlock_pki::{Identity, Trust};
use ringlock_store::KeyStore;
use ringlock_token::{Token, TokenConfig, TokenError, open};
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;

use crate::{PATIENCE, PIN};

/// Set in the process that a test runs itself in.
const SITE: &str = "SITE";

/// The kinds of keys, and how `openssl` makes them.
pub(crate) const KINDS: [(&str, &str); 3] = [
    ("rsa", "RSA -pkeyopt rsa_keygen_bits:2048"),
    ("p256", "EC -pkeyopt ec_paramgen_curve:P-256"),
    ("p384", "EC -pkeyopt ec_paramgen_curve:P-384"),
];

/// Runs `scenario` in a process of its own, in which SoftHSM has a folder of its own with one
/// token, labelled "node". `test` is the test's own name with its module.
pub(crate) fn alone(test: &str, scenario: fn(&Site)) {
    if let Some(folder) = env::var_os(SITE) {
        scenario(&Site {
            folder: folder.into(),
        });
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let site = Site {
        folder: folder.path().to_owned(),
    };
    site.make();
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(SITE, &site.folder)
        .env("SOFTHSM2_CONF", site.path("softhsm2.conf"))
        .env("SOFTHSM_MODULE", softhsm())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}{complaint}"
    );
    for pin in [PIN, "4711-wrong"] {
        assert!(
            !text.contains(pin) && !complaint.contains(pin),
            "a PIN was shown"
        );
    }
}

pub(crate) struct Site {
    pub(crate) folder: PathBuf,
}

impl Site {
    fn make(&self) {
        let conf = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
            self.path("tokens").display()
        );
        self.put("softhsm2.conf", conf.as_bytes());
        fs::create_dir(self.path("tokens")).unwrap();
        self.make_token("node");
        self.run(
            "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ca.key 2>/dev/null",
        );
        let ca = ca_params().self_signed(&self.key_pair("ca")).unwrap();
        self.put("ca.crt", ca.pem().as_bytes());
        self.put("ca.der", ca.der());
    }

    pub(crate) fn make_token(&self, label: &str) {
        self.run(&format!(
            "softhsm2-util --init-token --free --label {label} --so-pin 12345678 --pin {PIN}"
        ));
    }

    /// Makes a key, brings it to the token, and writes a certificate for it to NAME.crt. The key
    /// file stays, so that a test can say what it wants to be wrong.
    pub(crate) fn add_key(&self, name: &str, id: &str, kind: &str) {
        self.make_key(name, kind);
        self.import(name, name, id, "");
        self.certify(name);
    }

    /// Makes the key NAME.key.
    pub(crate) fn make_key(&self, name: &str, kind: &str) {
        let (_, options) = KINDS.iter().find(|(known, _)| *known == kind).unwrap();
        self.make_key_by(name, options);
    }

    /// Makes the key NAME.key by these options of `openssl genpkey -algorithm`.
    pub(crate) fn make_key_by(&self, name: &str, options: &str) {
        self.run(&format!(
            "openssl genpkey -algorithm {options} -out {name}.key 2>/dev/null"
        ));
    }

    pub(crate) fn import(&self, name: &str, label: &str, id: &str, options: &str) {
        self.run(&format!(
            "softhsm2-util --import {name}.key --token node --label {label} --id {id} --pin {PIN} \
             {options}"
        ));
    }

    /// Issues a certificate for NAME.key, as NAME.crt and NAME.der.
    pub(crate) fn certify(&self, name: &str) {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.subject_alt_names = vec![SanType::IpAddress([127, 0, 0, 1].into())];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let ca_key = self.key_pair("ca");
        let ca = ca_params();
        let issuer = Issuer::from_params(&ca, &ca_key);
        let certificate = params.signed_by(&self.key_pair(name), &issuer).unwrap();
        self.put(&format!("{name}.crt"), certificate.pem().as_bytes());
        self.put(&format!("{name}.der"), certificate.der());
    }

    /// Puts NAME.der on the token.
    pub(crate) fn add_certificate(&self, name: &str, label: &str, id: u8) {
        let module = self.module();
        let slots = module.get_slots_with_initialized_token().unwrap();
        let session = module.open_rw_session(slots[0]).unwrap();
        session
            .login(UserType::User, Some(&AuthPin::from(PIN)))
            .unwrap();
        let der = self.certificate(name);
        session
            .create_object(&[
                Attribute::Class(ObjectClass::CERTIFICATE),
                Attribute::CertificateType(CertificateType::X_509),
                Attribute::Token(true),
                Attribute::Private(false),
                Attribute::Label(label.into()),
                Attribute::Id(vec![id]),
                Attribute::Subject(vec![0x30, 0]),
                Attribute::Value(der.to_vec()),
            ])
            .unwrap();
        session.logout().unwrap();
    }

    /// The library itself, as another user of it in this process.
    pub(crate) fn module(&self) -> Pkcs11 {
        let module = Pkcs11::new(softhsm()).unwrap();
        match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => module,
            Err(error) => panic!("{error}"),
        }
    }

    /// The module that can be unplugged.
    pub(crate) fn unpluggable(&self) -> PathBuf {
        let module = self.path("unplug.so");
        if !module.exists() {
            let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/softhsm/unplug.c");
            self.run(&format!(
                "cc -shared -fPIC -Wall -Werror -o unplug.so {source} -ldl"
            ));
        }
        module
    }

    /// How often somebody logged in through the module that can be unplugged.
    pub(crate) fn logins(&self) -> usize {
        read_limited(&self.path("logins"), 1000).map_or(0, |bytes| bytes.len())
    }

    pub(crate) fn config(&self, key: Option<&str>) -> TokenConfig {
        Self::config_of(Path::new(softhsm()), key)
    }

    pub(crate) fn unpluggable_config(&self, key: &str) -> TokenConfig {
        Self::config_of(&self.unpluggable(), Some(key))
    }

    fn config_of(module: &Path, key: Option<&str>) -> TokenConfig {
        let mut config = TokenConfig::from_parts(module, Some("node"), None, key).unwrap();
        config.patience = PATIENCE;
        config
    }

    pub(crate) fn open(&self, key: &str) -> Arc<Token> {
        open(&self.config(Some(key)), PIN).unwrap()
    }

    pub(crate) fn refusal(&self, config: &TokenConfig, pin: &str) -> TokenError {
        open(config, pin).unwrap_err()
    }

    /// The identity of a key in the token with its certificate in a file.
    pub(crate) fn identity(&self, key: &str) -> Identity {
        let now = OffsetDateTime::now_utc();
        Identity::with_signer(self.open(key), vec![self.certificate(key)], now).unwrap()
    }

    /// The identity of a key in a file.
    pub(crate) fn identity_in_file(&self, name: &str) -> Identity {
        let files = [format!("{name}.key"), format!("{name}.crt")];
        let pem = files.map(|file| read_limited(&self.path(&file), 10_000).unwrap());
        let store = ringlock_store::parse_pem(&pem.concat()).unwrap();
        Identity::select(store, OffsetDateTime::now_utc()).unwrap()
    }

    pub(crate) fn trust(&self) -> Trust {
        let store = KeyStore {
            certificates: vec![self.certificate("ca").into()],
            ..KeyStore::default()
        };
        Trust::select(&store, OffsetDateTime::now_utc()).unwrap()
    }

    pub(crate) fn certificate(&self, name: &str) -> CertificateDer<'static> {
        let der = read_limited(&self.path(&format!("{name}.der")), 10_000).unwrap();
        der.into()
    }

    fn key_pair(&self, name: &str) -> KeyPair {
        let pem = read_limited(&self.path(&format!("{name}.key")), 10_000).unwrap();
        KeyPair::from_pem(&String::from_utf8(pem).unwrap()).unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        write_atomic(&self.path(name), 0o600, bytes).unwrap();
    }

    /// Runs a shell command in the folder.
    pub(crate) fn run(&self, command: &str) -> String {
        let output = Command::new("sh")
            .args(["-ec", command])
            .current_dir(&self.folder)
            .env("SOFTHSM2_CONF", self.path("softhsm2.conf"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}\n{text}{complaint}");
        text
    }
}

/// Where the distributions put the library.
pub(crate) fn softhsm() -> &'static str {
    let places = [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib64/softhsm/libsofthsm.so",
        "/usr/lib64/pkcs11/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so",
    ];
    let mut places = places.into_iter();
    places
        .find(|place| Path::new(place).exists())
        .expect("SoftHSM is needed: Debian's package softhsm2")
}

fn ca_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "CA");
    params
}
