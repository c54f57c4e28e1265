//! What the key, certificate and trust files of a block hold.

use aws_lc_rs::digest::{SHA256, digest};
use ringlock_config::resolve::{FilePath, Secret, ServerOptions, Setting};
use ringlock_files::read_limited;
use ringlock_finding::Position;
use ringlock_pki::{Identity, IdentityError, Trust, TrustError};
use ringlock_secret::{Password, PasswordSource};
use ringlock_store::{
    Format, JavaView, KeyStore, MAX_BYTES, Opened, Passwords, StoreError, as_java_sees, open, sniff,
};
use time::OffsetDateTime;
use x509_parser::parse_x509_certificate;
use zeroize::Zeroizing;

use crate::{
    block::Block,
    facts::{Files, NamedFile, Purpose},
};

/// The stores of one block.
#[derive(Debug)]
pub(crate) struct Stores {
    pub(crate) section: &'static str,
    pub(crate) in_use: bool,
    /// The node's own keys and certificates, each with the option to point at.
    pub(crate) own: Vec<Loaded<Result<Identity, IdentityError>>>,
    /// The certificates that are believed, and the option to point at.
    pub(crate) trust: Option<Loaded<Result<Trust, TrustError>>>,
    /// Files and values that cannot be opened.
    pub(crate) broken: Vec<Loaded<StoreError>>,
    /// The format of each store that was opened, and of those of Java that were not.
    pub(crate) formats: Vec<Loaded<Format>>,
    /// What Java finds in the stores of its own formats.
    pub(crate) java: Vec<Loaded<JavaView>>,
    /// What the PKCS12 stores are protected by.
    pub(crate) protection: Vec<Loaded<Vec<String>>>,
    /// What tells the private key from others: SHA-256 of its public half, or of a store that
    /// could not be opened.
    pub(crate) prints: Vec<Loaded<[u8; 32]>>,
}

/// Something about what one option names or holds.
#[derive(Clone, Debug)]
pub(crate) struct Loaded<T> {
    /// The option's name within its block, such as `keystore` or
    /// `ssl_context_factory.parameters.private_key`.
    pub(crate) key: &'static str,
    pub(crate) at: Position,
    /// The file as it is named; none where the value itself is the PEM.
    pub(crate) written: Option<String>,
    pub(crate) value: T,
}

/// Where PEM stands within a block of the yaml.
const INLINE: [(&str, &str, Purpose); 3] = [
    (
        "private_key",
        "ssl_context_factory.parameters.private_key",
        Purpose::Key,
    ),
    (
        "outbound_private_key",
        "ssl_context_factory.parameters.outbound_private_key",
        Purpose::Key,
    ),
    (
        "trusted_certificates",
        "ssl_context_factory.parameters.trusted_certificates",
        Purpose::Trust,
    ),
];

impl Stores {
    /// Opens the files of one block, and what stands in it as PEM; what cannot be read at all is
    /// for the rules about files.
    pub(crate) fn load(
        files: &Files,
        block: &Block<'_>,
        server: &ServerOptions,
        now: OffsetDateTime,
    ) -> Self {
        let mut stores = Self {
            section: block.name,
            in_use: block.in_use,
            own: Vec::new(),
            trust: None,
            broken: Vec::new(),
            formats: Vec::new(),
            java: Vec::new(),
            protection: Vec::new(),
            prints: Vec::new(),
        };
        let passwords = StorePasswords::of(block, server);
        stores.load_pair(files, &passwords, now);
        for key in ["keystore", "outbound_keystore"] {
            if let Some(file) = files.named(block.name, key)
                && let Some(store) = stores.open(file, &passwords)
            {
                stores.own(about(file, ()), store, now);
            }
        }
        if let Some(file) = files.named(block.name, "truststore")
            && let Some(store) = stores.open(file, &passwords)
        {
            stores.trust = Some(about(file, Trust::select(&store, now)));
        }
        for (parameter, key, purpose) in INLINE {
            if let Some(value) = block.tls.inline(parameter) {
                let pem = Inline {
                    key,
                    purpose,
                    value,
                };
                stores.load_inline(block, &pem, &passwords, now);
            }
        }
        stores
    }

    /// Certificate and key in files of their own.
    fn load_pair(&mut self, files: &Files, passwords: &StorePasswords<'_>, now: OffsetDateTime) {
        let certificate = files.named(self.section, "certificate");
        let keyfile = files.named(self.section, "keyfile");
        let (Some(file), Some(key)) = (certificate, keyfile) else {
            return;
        };
        let (certificates, key) = (self.open(file, passwords), self.open(key, passwords));
        if let Some((certificates, key)) = certificates.zip(key) {
            self.own(about(file, ()), certificates.join(key), now);
        }
    }

    fn load_inline(
        &mut self,
        block: &Block<'_>,
        pem: &Inline<'_>,
        passwords: &StorePasswords<'_>,
        now: OffsetDateTime,
    ) {
        let place = Loaded {
            key: pem.key,
            at: block.at(pem.value),
            written: None,
            value: (),
        };
        let text = pem.value.value.reveal();
        if text.trim().is_empty() {
            return;
        }
        match open(text.as_bytes(), passwords.of_inline(block)) {
            Ok(opened) if pem.purpose == Purpose::Key => self.own(place, opened.store, now),
            Ok(opened) => self.trust = Some(place.with(Trust::select(&opened.store, now))),
            Err(error) => self.broken.push(place.with(error)),
        }
    }

    fn own(&mut self, place: Loaded<()>, store: KeyStore, now: OffsetDateTime) {
        let identity = Identity::select(store, now);
        if let Ok(identity) = &identity
            && let Some(print) = public_key_print(identity)
        {
            self.prints.push(place.clone().with(print));
        }
        self.own.push(place.with(identity));
    }

    fn open(&mut self, file: &NamedFile, passwords: &StorePasswords<'_>) -> Option<KeyStore> {
        let bytes = Zeroizing::new(read_limited(&file.facts()?.path, MAX_BYTES).ok()?);
        let passwords = passwords.of_file(file.key);
        match open(&bytes, passwords) {
            Ok(opened) => {
                self.note(file, &opened, passwords);
                Some(opened.store)
            }
            Err(error) => {
                let format = sniff(&bytes);
                if format != Format::Pem {
                    self.formats.push(about(file, format));
                    if file.purpose == Purpose::Key {
                        self.prints.push(about(file, sha256(&bytes)));
                    }
                }
                self.broken.push(about(file, error));
                None
            }
        }
    }

    fn note(&mut self, file: &NamedFile, opened: &Opened, passwords: Passwords<'_>) {
        self.formats.push(about(file, opened.format));
        if opened.format == Format::Pkcs12 {
            self.protection.push(about(file, opened.protection.clone()));
        }
        if matches!(opened.format, Format::Jks | Format::Jceks | Format::Pkcs12) {
            self.java.push(about(file, as_java_sees(opened, passwords)));
        }
    }

    /// The dotted path of what an option of this block names or holds.
    pub(crate) fn path<T>(&self, loaded: &Loaded<T>) -> String {
        format!("{}.{}", self.section, loaded.key)
    }
}

/// PEM that stands in the yaml.
struct Inline<'b> {
    key: &'static str,
    purpose: Purpose,
    value: &'b Setting<Secret>,
}

/// What the stores of a block are opened with.
struct StorePasswords<'b> {
    keystore: Option<Given<'b>>,
    outbound: Option<Given<'b>>,
    truststore: Option<Given<'b>>,
}

/// A password of the yaml or a product's default, or what a file holds.
enum Given<'b> {
    Here(&'b str),
    InFile(Password),
}

impl Given<'_> {
    fn text(&self) -> &str {
        match self {
            Self::Here(text) => text,
            Self::InFile(password) => password.expose(),
        }
    }
}

impl<'b> StorePasswords<'b> {
    fn of(block: &Block<'b>, server: &'b ServerOptions) -> Self {
        let tls = block.tls;
        Self {
            keystore: password(&tls.keystore_password, &tls.keystore_password_file),
            outbound: password(
                &server.outbound_keystore_password,
                &server.outbound_keystore_password_file,
            ),
            truststore: password(&tls.truststore_password, &tls.truststore_password_file),
        }
    }

    /// For the file that an option names. An outbound keystore without a password of its own is
    /// under that of the keystore.
    fn of_file(&self, key: &str) -> Passwords<'_> {
        let given = match key {
            "truststore" => self.truststore.as_ref(),
            "outbound_keystore" => self.outbound.as_ref().or(self.keystore.as_ref()),
            _ => self.keystore.as_ref(),
        };
        Passwords {
            store: given.map(Given::text),
            key: None,
        }
    }

    /// For PEM in the yaml, whose key may have a password of its own.
    fn of_inline<'s>(&'s self, block: &Block<'s>) -> Passwords<'s> {
        let own = block.tls.inline("private_key_password");
        let own = own.map(|own| own.value.reveal());
        let shared = self.keystore.as_ref().map(Given::text);
        Passwords {
            store: own.or(shared).filter(|password| !password.is_empty()),
            key: None,
        }
    }
}

/// What is written wins over a file, and that over a product's default. A file that cannot be read
/// is for the rules about files.
fn password<'b>(
    given: &'b Setting<Option<Secret>>,
    file: &Setting<Option<FilePath>>,
) -> Option<Given<'b>> {
    let here = given
        .value
        .as_ref()
        .map(|password| Given::Here(password.reveal()));
    if given.is_given() {
        return here;
    }
    let named = file.value.as_ref().filter(|_| file.is_given());
    let read = named.and_then(|file| PasswordSource::File(file.path.clone()).read().ok());
    read.map(Given::InFile).or(here)
}

impl<T> Loaded<T> {
    fn with<U>(self, value: U) -> Loaded<U> {
        Loaded {
            key: self.key,
            at: self.at,
            written: self.written,
            value,
        }
    }
}

fn about<T>(file: &NamedFile, value: T) -> Loaded<T> {
    Loaded {
        key: file.key,
        at: file.at,
        written: Some(file.written.clone()),
        value,
    }
}

fn public_key_print(identity: &Identity) -> Option<[u8; 32]> {
    let (_, certificate) = parse_x509_certificate(identity.chain.first()?).ok()?;
    Some(sha256(certificate.public_key().raw))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut print = [0; 32];
    print.copy_from_slice(digest(&SHA256, bytes).as_ref());
    print
}

/// Whether one of the trusted CAs is in the chain or issued its last certificate.
pub(crate) fn leads_to(identity: &Identity, trust: &Trust) -> bool {
    let in_chain = |anchor| identity.chain.contains(anchor);
    if trust.anchors.iter().any(in_chain) {
        return true;
    }
    let Some(last) = identity.chain.last() else {
        return false;
    };
    let Ok((_, last)) = parse_x509_certificate(last) else {
        return false;
    };
    trust.anchors.iter().any(|anchor| {
        parse_x509_certificate(anchor).is_ok_and(|(_, anchor)| {
            anchor.subject().as_raw() == last.issuer().as_raw()
                && last.verify_signature(Some(anchor.public_key())).is_ok()
        })
    })
}
