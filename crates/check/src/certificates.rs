//! What the key, certificate and trust files of a block hold, as far as they are PEM.

use aws_lc_rs::digest::{SHA256, digest};
use ringlock_config::resolve::{Secret, Setting};
use ringlock_files::read_limited;
use ringlock_finding::Position;
use ringlock_pki::{Identity, IdentityError, Trust, TrustError};
use ringlock_store::{Format, KeyStore, MAX_BYTES, StoreError, parse_pem, sniff};
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
    /// Files and values that are no readable PEM.
    pub(crate) broken: Vec<Loaded<StoreError>>,
    /// Stores of another kind, which are not opened.
    pub(crate) closed: Vec<Loaded<Format>>,
    /// What tells the private key from others: SHA-256 of its public half, or of a store that is
    /// not opened.
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
    pub(crate) fn load(files: &Files, block: &Block<'_>, now: OffsetDateTime) -> Self {
        let mut stores = Self {
            section: block.name,
            in_use: block.in_use,
            own: Vec::new(),
            trust: None,
            broken: Vec::new(),
            closed: Vec::new(),
            prints: Vec::new(),
        };
        stores.load_pair(files, now);
        for key in ["keystore", "outbound_keystore"] {
            if let Some(file) = files.named(block.name, key)
                && let Some(store) = stores.open(file)
            {
                stores.own(about(file, ()), store, now);
            }
        }
        if let Some(file) = files.named(block.name, "truststore")
            && let Some(store) = stores.open(file)
        {
            stores.trust = Some(about(file, Trust::select(&store, now)));
        }
        for (parameter, key, purpose) in INLINE {
            if let Some(value) = block.tls.inline(parameter) {
                stores.load_inline(block, key, purpose, value, now);
            }
        }
        stores
    }

    /// Certificate and key in files of their own.
    fn load_pair(&mut self, files: &Files, now: OffsetDateTime) {
        let certificate = files.named(self.section, "certificate");
        let keyfile = files.named(self.section, "keyfile");
        let (Some(file), Some(key)) = (certificate, keyfile) else {
            return;
        };
        let (certificates, key) = (self.open(file), self.open(key));
        if let Some((certificates, key)) = certificates.zip(key) {
            self.own(about(file, ()), certificates.join(key), now);
        }
    }

    fn load_inline(
        &mut self,
        block: &Block<'_>,
        key: &'static str,
        purpose: Purpose,
        value: &Setting<Secret>,
        now: OffsetDateTime,
    ) {
        let place = Loaded {
            key,
            at: block.at(value),
            written: None,
            value: (),
        };
        let text = value.value.reveal();
        if text.trim().is_empty() {
            return;
        }
        match parse_pem(text.as_bytes()) {
            Ok(store) if purpose == Purpose::Key => self.own(place, store, now),
            Ok(store) => self.trust = Some(place.with(Trust::select(&store, now))),
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

    fn open(&mut self, file: &NamedFile) -> Option<KeyStore> {
        let bytes = Zeroizing::new(read_limited(&file.facts()?.path, MAX_BYTES).ok()?);
        match sniff(&bytes) {
            Format::Pem => {}
            format => {
                self.closed.push(about(file, format));
                if file.purpose == Purpose::Key {
                    self.prints.push(about(file, sha256(&bytes)));
                }
                return None;
            }
        }
        match parse_pem(&bytes) {
            Ok(store) => Some(store),
            Err(error) => {
                self.broken.push(about(file, error));
                None
            }
        }
    }

    /// The dotted path of what an option of this block names or holds.
    pub(crate) fn path<T>(&self, loaded: &Loaded<T>) -> String {
        format!("{}.{}", self.section, loaded.key)
    }
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
