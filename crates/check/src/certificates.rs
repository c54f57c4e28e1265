//! What the key, certificate and trust files of a block hold.

use std::ptr;

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
    rules::is_about_password,
    unlock::{Keys, Unlocked},
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
    /// Stores whose passwords are encrypted, and why these cannot be opened here.
    pub(crate) locked: Vec<Loaded<String>>,
    /// Passwords that do not open, and why.
    pub(crate) refused: Vec<Loaded<String>>,
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

/// The password of a key that stands in the yaml.
const INLINE_PASSWORD: &str = "private_key_password";

impl Stores {
    /// Opens the files of one block, and what stands in it as PEM; what cannot be read at all is
    /// for the rules about files.
    pub(crate) fn load(
        files: &Files,
        block: &Block<'_>,
        server: &ServerOptions,
        keys: &Keys,
        now: OffsetDateTime,
    ) -> Self {
        let passwords = StorePasswords::of(block, server, keys);
        let mut stores = Self {
            section: block.name,
            in_use: block.in_use,
            own: Vec::new(),
            trust: None,
            broken: Vec::new(),
            locked: Vec::new(),
            refused: passwords.refused(block, server),
            formats: Vec::new(),
            java: Vec::new(),
            protection: Vec::new(),
            prints: Vec::new(),
        };
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
        let given = passwords.of_inline();
        match open(text.as_bytes(), Given::as_passwords(given)) {
            Ok(opened) if pem.purpose == Purpose::Key => self.own(place, opened.store, now),
            Ok(opened) => self.trust = Some(place.with(Trust::select(&opened.store, now))),
            Err(error) => self.failed(place, error, given),
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
        let given = passwords.of_file(file.key);
        match open(&bytes, Given::as_passwords(given)) {
            Ok(opened) => {
                self.note(file, &opened, Given::as_passwords(given));
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
                self.failed(about(file, ()), error, given);
                None
            }
        }
    }

    fn failed(&mut self, place: Loaded<()>, error: StoreError, given: Option<&Given<'_>>) {
        match given {
            Some(Given::Locked { why, .. }) if is_about_password(&error) => {
                self.locked.push(place.with(why.clone()));
            }
            // Told of the password, and not of the store as well.
            Some(Given::Refused { .. }) if is_about_password(&error) => {}
            _ => self.broken.push(place.with(error)),
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
    /// That of the key that stands in the yaml.
    inline: Option<Given<'b>>,
}

/// A password of the yaml or a product's default, or what a file or an encrypted value holds.
enum Given<'b> {
    Here(&'b str),
    Elsewhere(Password),
    /// An encrypted one that cannot be opened here.
    Locked {
        text: &'b str,
        why: String,
    },
    /// One that does not open at all.
    Refused {
        text: &'b str,
        why: String,
    },
}

impl<'b> Given<'b> {
    /// A password that stands in the yaml, and what became of it.
    fn here(text: &'b str, unlocked: Unlocked) -> Self {
        match unlocked {
            Unlocked::Plain => Self::Here(text),
            Unlocked::Opened(password) => Self::Elsewhere(password),
            Unlocked::Locked(why) => Self::Locked { text, why },
            Unlocked::Refused(why) => Self::Refused { text, why },
        }
    }

    fn as_passwords<'s>(given: Option<&'s Self>) -> Passwords<'s> {
        Passwords {
            store: given.map(Self::text),
            key: None,
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Here(text) | Self::Locked { text, .. } | Self::Refused { text, .. } => text,
            Self::Elsewhere(password) => password.expose(),
        }
    }
}

impl<'b> StorePasswords<'b> {
    fn of(block: &Block<'b>, server: &'b ServerOptions, keys: &Keys) -> Self {
        let tls = block.tls;
        let in_dse = |text: &'b str| Given::here(text, keys.open(text, true));
        let elsewhere = |text: &'b str| Given::here(text, keys.open(text, false));
        let inline = block.tls.inline(INLINE_PASSWORD);
        Self {
            keystore: password(&tls.keystore_password, &tls.keystore_password_file, in_dse),
            outbound: password(
                &server.outbound_keystore_password,
                &server.outbound_keystore_password_file,
                elsewhere,
            ),
            truststore: password(
                &tls.truststore_password,
                &tls.truststore_password_file,
                in_dse,
            ),
            inline: inline.map(|own| elsewhere(own.value.reveal())),
        }
    }

    /// Passwords of the block that do not open.
    fn refused(&self, block: &Block<'_>, server: &ServerOptions) -> Vec<Loaded<String>> {
        let tls = block.tls;
        let at_inline = tls.inline(INLINE_PASSWORD).map(|own| block.at(own));
        let outbound = self.outbound.as_ref().filter(|_| ptr::eq(tls, &server.tls));
        let of_block = [
            (
                "keystore_password",
                block.at(&tls.keystore_password),
                self.keystore.as_ref(),
            ),
            (
                "truststore_password",
                block.at(&tls.truststore_password),
                self.truststore.as_ref(),
            ),
            (
                "outbound_keystore_password",
                block.at(&server.outbound_keystore_password),
                outbound,
            ),
            (
                "ssl_context_factory.parameters.private_key_password",
                at_inline.unwrap_or(Position::START),
                self.inline.as_ref(),
            ),
        ];
        let refused = of_block.into_iter().filter_map(|(key, at, given)| {
            let Some(Given::Refused { why, .. }) = given else {
                return None;
            };
            Some(Loaded {
                key,
                at,
                written: None,
                value: why.clone(),
            })
        });
        refused.collect()
    }

    /// The one for the file that an option names. An outbound keystore without a password of its own
    /// is under that of the keystore.
    fn of_file(&self, key: &str) -> Option<&Given<'b>> {
        match key {
            "truststore" => self.truststore.as_ref(),
            "outbound_keystore" => self.outbound.as_ref().or(self.keystore.as_ref()),
            _ => self.keystore.as_ref(),
        }
    }

    /// The one for PEM in the yaml, whose key may have a password of its own.
    fn of_inline(&self) -> Option<&Given<'b>> {
        let given = self.inline.as_ref().or(self.keystore.as_ref());
        given.filter(|given| !given.text().is_empty())
    }
}

/// What is written wins over a file, and that over a product's default. A file that cannot be read
/// is for the rules about files.
fn password<'b>(
    given: &'b Setting<Option<Secret>>,
    file: &Setting<Option<FilePath>>,
    unlock: impl FnOnce(&'b str) -> Given<'b>,
) -> Option<Given<'b>> {
    let here = given.value.as_ref().map(Secret::reveal);
    if given.is_given() {
        return here.map(unlock);
    }
    let named = file.value.as_ref().filter(|_| file.is_given());
    let read = named.and_then(|file| PasswordSource::File(file.path.clone()).read().ok());
    read.map(Given::Elsewhere).or(here.map(Given::Here))
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

/// Whether the certificate is trusted itself, or one of the trusted CAs is in the chain or issued
/// its last certificate.
pub(crate) fn leads_to(identity: &Identity, trust: &Trust) -> bool {
    if identity
        .chain
        .first()
        .is_some_and(|leaf| trust.is_pinned(leaf))
    {
        return true;
    }
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
