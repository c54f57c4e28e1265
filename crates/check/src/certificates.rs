//! What the key, certificate and trust files of a block hold, as far as they are PEM.

use aws_lc_rs::digest::{SHA256, digest};
use ringlock_files::read_limited;
use ringlock_pki::{Identity, IdentityError, Trust, TrustError};
use ringlock_store::{Format, KeyStore, MAX_BYTES, StoreError, parse_pem, sniff};
use time::OffsetDateTime;
use x509_parser::parse_x509_certificate;
use zeroize::Zeroizing;

use crate::facts::{Files, NamedFile};

/// The stores of one block.
#[derive(Debug)]
pub(crate) struct Stores {
    pub(crate) section: &'static str,
    pub(crate) in_use: bool,
    /// The node's own key and certificates, and the option to point at.
    pub(crate) own: Option<Loaded<Result<Identity, IdentityError>>>,
    /// The certificates that are believed, and the option to point at.
    pub(crate) trust: Option<Loaded<Result<Trust, TrustError>>>,
    /// Files that are no readable PEM.
    pub(crate) broken: Vec<Loaded<StoreError>>,
    /// Stores of another kind, which are not opened.
    pub(crate) closed: Vec<Loaded<Format>>,
    /// What tells the private key from others: SHA-256 of its public half, or of a store that is
    /// not opened.
    pub(crate) prints: Vec<Loaded<[u8; 32]>>,
}

/// Something about the file that one option names.
#[derive(Debug)]
pub(crate) struct Loaded<T> {
    pub(crate) key: &'static str,
    pub(crate) at: ringlock_finding::Position,
    pub(crate) written: String,
    pub(crate) value: T,
}

impl Stores {
    /// Opens the files of one block; what cannot be read at all is for the rules about files.
    pub(crate) fn load(
        files: &Files,
        section: &'static str,
        in_use: bool,
        now: OffsetDateTime,
    ) -> Self {
        let mut stores = Self {
            section,
            in_use,
            own: None,
            trust: None,
            broken: Vec::new(),
            closed: Vec::new(),
            prints: Vec::new(),
        };
        stores.load_own(files, now);
        if let Some(file) = files.named(section, "truststore")
            && let Some(store) = stores.open(file)
        {
            stores.trust = Some(about(file, Trust::select(&store, now)));
        }
        stores
    }

    fn load_own(&mut self, files: &Files, now: OffsetDateTime) {
        let keystore = files.named(self.section, "keystore");
        let certificate = files.named(self.section, "certificate");
        let keyfile = files.named(self.section, "keyfile");
        let (file, store) = match (keystore, certificate, keyfile) {
            (Some(file), None, None) => (file, self.open(file)),
            (None, Some(file), Some(key)) => {
                let (certificates, key) = (self.open(file), self.open(key));
                (file, certificates.zip(key).map(|(a, b)| a.join(b)))
            }
            _ => return,
        };
        let Some(store) = store else { return };
        let identity = Identity::select(store, now);
        if let Ok(identity) = &identity
            && let Some(print) = public_key_print(identity)
        {
            self.prints.push(about(file, print));
        }
        self.own = Some(about(file, identity));
    }

    fn open(&mut self, file: &NamedFile) -> Option<KeyStore> {
        let bytes = Zeroizing::new(read_limited(&file.facts()?.path, MAX_BYTES).ok()?);
        match sniff(&bytes) {
            Format::Pem => {}
            format => {
                self.closed.push(about(file, format));
                if file.purpose == crate::facts::Purpose::Key {
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
}

fn about<T>(file: &NamedFile, value: T) -> Loaded<T> {
    Loaded {
        key: file.key,
        at: file.at,
        written: file.written.clone(),
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
