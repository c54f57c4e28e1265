use base64ct::{Base64, Encoding};
use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use crate::{
    Format, KeyStore, MAX_BYTES, Opened, Passwords, PbeError, PrivateKey, StoreError, WriteError,
    Writing, bare,
    names::shown,
    pbe::{Budget, open_key, seal_key},
    salt::Salts,
    sniff::is_der_sequence,
};
use section::{Section, Sections};

mod section;
mod traditional;

pub(crate) const PRIVATE_KEY: &str = "PRIVATE KEY";
pub(crate) const RSA_PRIVATE_KEY: &str = "RSA PRIVATE KEY";
pub(crate) const EC_PRIVATE_KEY: &str = "EC PRIVATE KEY";
const ENCRYPTED_PRIVATE_KEY: &str = "ENCRYPTED PRIVATE KEY";
const CERTIFICATE: &str = "CERTIFICATE";
const REVOCATION_LIST: &str = "X509 CRL";

/// Reads a store of PEM sections (RFC 7468) without any password: unencrypted private keys in
/// PKCS #8, PKCS #1 and SEC 1 form, certificates and revocation lists, in any order.
///
/// Text between sections is skipped, as `openssl` writes some there; so are the parameters it
/// puts before an elliptic curve key. Any other section is an error. Another format is one too;
/// [`open`](crate::open()) reads them all.
pub fn parse_pem(bytes: &[u8]) -> Result<KeyStore, StoreError> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(StoreError::TooLarge { size: bytes.len() });
    }
    match crate::sniff(bytes) {
        Format::Pem => Ok(read(bytes, Passwords::default())?.store),
        format => Err(StoreError::NotPem { format }),
    }
}

/// Reads a store of PEM sections, encrypted private keys included: in PKCS #8 form and in the
/// traditional one of OpenSSL.
pub(crate) fn read(bytes: &[u8], passwords: Passwords<'_>) -> Result<Opened, StoreError> {
    if bytes.trim_ascii().is_empty() {
        return Err(StoreError::Empty);
    }
    let mut sections = Sections::new(bytes);
    let mut contents = Contents {
        passwords,
        budget: Budget::new(),
        protection: Vec::new(),
        store: KeyStore::default(),
    };
    let mut found = false;
    while let Some(section) = sections.next()? {
        found = true;
        contents.take(&section)?;
    }
    if !found {
        return Err(StoreError::NoSection);
    }
    Ok(Opened {
        format: Format::Pem,
        protection: contents.protection,
        store: contents.store,
        bags: None,
    })
}

/// Writes each key with its chain behind it, then the certificates and the revocation lists.
///
/// PEM has no names: those are left out.
pub(crate) fn write(store: &KeyStore, how: &Writing<'_>) -> Result<Zeroizing<Vec<u8>>, WriteError> {
    if let Some(other) = store.others.first() {
        return Err(WriteError::Other {
            alias: shown(other.alias.as_deref().unwrap_or_default()),
            kind: other.kind,
        });
    }
    let mut sections = Vec::new();
    for (at, entry) in store.keys.iter().enumerate() {
        sections.push(key_section(&entry.key, at, how)?);
        let chain = entry.chain.iter();
        sections.extend(chain.map(|der| encode(CERTIFICATE, der)));
    }
    let certificates = store.certificates.iter();
    sections.extend(certificates.map(|entry| encode(CERTIFICATE, &entry.certificate)));
    let lists = store.revocation_lists.iter();
    sections.extend(lists.map(|list| encode(REVOCATION_LIST, list)));
    let size = sections.iter().map(|section| section.len()).sum();
    let mut bytes = Zeroizing::new(Vec::with_capacity(size));
    for section in &sections {
        bytes.extend_from_slice(section.as_bytes());
    }
    Ok(bytes)
}

/// A certificate as a PEM section.
pub fn certificate_to_pem(certificate: &CertificateDer<'_>) -> String {
    encode(CERTIFICATE, certificate).as_str().to_owned()
}

/// Certificates as PEM sections, one after the other.
pub fn certificates_to_pem<'a>(
    certificates: impl IntoIterator<Item = &'a CertificateDer<'static>>,
) -> String {
    certificates.into_iter().map(certificate_to_pem).collect()
}

/// One section with lines of 64 characters (RFC 7468 §2). The text has its full room from the
/// start, so that growing it leaves no copies of a key behind.
pub(crate) fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    const LINE_BYTES: usize = 48;
    let lines = der.len().div_ceil(LINE_BYTES);
    let mut text = Zeroizing::new(String::with_capacity(lines * 65 + 2 * label.len() + 40));
    text.push_str("-----BEGIN ");
    text.push_str(label);
    text.push_str("-----\n");
    for line in der.chunks(LINE_BYTES) {
        text.push_str(&Zeroizing::new(Base64::encode_string(line)));
        text.push('\n');
    }
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

fn key_section(
    key: &PrivateKey,
    at: usize,
    how: &Writing<'_>,
) -> Result<Zeroizing<String>, WriteError> {
    let Some(password) = how.passwords.for_keys() else {
        return Ok(key.to_pem());
    };
    if password.is_empty() {
        return Err(WriteError::EmptyPassword);
    }
    let place = format!("key {}", at + 1);
    let salts = Salts::new(how.deterministic);
    let der = key.to_pkcs8().map_err(|reason| WriteError::Key {
        alias: place.clone(),
        reason,
    })?;
    let sealed = seal_key(&der, password, &place, salts)?;
    Ok(encode(ENCRYPTED_PRIVATE_KEY, &sealed))
}

struct Contents<'a> {
    passwords: Passwords<'a>,
    budget: Budget,
    protection: Vec<String>,
    store: KeyStore,
}

impl<'a> Contents<'a> {
    fn take(&mut self, section: &Section<'_>) -> Result<(), StoreError> {
        match section.label {
            CERTIFICATE | "X509 CERTIFICATE" => {
                let der = section.decode()?.to_vec();
                let certificate = bare::certificate(der);
                let certificate = certificate.map_err(|reason| section.damaged(reason))?;
                self.store.certificates.push(certificate.into());
            }
            REVOCATION_LIST => {
                let der = section.decode()?.to_vec();
                let list = bare::revocation_list(der);
                let list = list.map_err(|reason| section.damaged(reason))?;
                self.store.revocation_lists.push(list);
            }
            // What `openssl ecparam -genkey` writes before the key; the key repeats it.
            "EC PARAMETERS" | "DH PARAMETERS" => {}
            ENCRYPTED_PRIVATE_KEY => {
                let password = self.password(section)?;
                let opened = open_key(&section.decode()?, password, &mut self.budget);
                let (mut key, scheme) = opened.map_err(|reason| locked(section, reason))?;
                self.protected_by(scheme.to_string());
                let key = PrivateKey::pkcs8(std::mem::take(&mut *key));
                self.store.keys.push(key.into());
            }
            PRIVATE_KEY => self.key(section, PrivateKey::pkcs8)?,
            RSA_PRIVATE_KEY => self.key(section, PrivateKey::pkcs1)?,
            EC_PRIVATE_KEY => self.key(section, PrivateKey::sec1)?,
            label => {
                return Err(StoreError::Unexpected {
                    line: section.line,
                    label: label.to_owned(),
                    hint: hint(label),
                });
            }
        }
        Ok(())
    }

    fn key(
        &mut self,
        section: &Section<'_>,
        make: fn(Vec<u8>) -> PrivateKey,
    ) -> Result<(), StoreError> {
        let mut der = if section.encrypted {
            let password = self.password(section)?;
            let sealed = section.decode()?;
            let opened = traditional::open(section.dek_info, &sealed, password);
            let (der, protection) = opened.map_err(|reason| locked(section, reason))?;
            self.protected_by(protection);
            der
        } else {
            section.decode()?
        };
        if !is_der_sequence(&der) {
            let reason = "expected one DER sequence and nothing behind it";
            return Err(section.damaged(reason.to_owned()));
        }
        self.store.keys.push(make(std::mem::take(&mut *der)).into());
        Ok(())
    }

    fn password(&self, section: &Section<'_>) -> Result<&'a str, StoreError> {
        let line = Some(section.line);
        let password = self.passwords.for_keys();
        password.ok_or(StoreError::Encrypted { line })
    }

    fn protected_by(&mut self, protection: String) {
        if !self.protection.contains(&protection) {
            self.protection.push(protection);
        }
    }
}

fn locked(section: &Section<'_>, reason: PbeError) -> StoreError {
    let line = Some(section.line);
    StoreError::Locked { line, reason }
}

fn hint(label: &str) -> &'static str {
    match label {
        "TRUSTED CERTIFICATE" => "`openssl x509 -in OLD -out NEW` writes a plain certificate",
        "DSA PRIVATE KEY" => "DSA keys cannot be used for TLS 1.2 and 1.3",
        "OPENSSH PRIVATE KEY" => "it is a key of SSH; `openssl genpkey` makes one for TLS",
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => {
            "it is a request; put in the certificate that the CA answered with"
        }
        _ => "expected PRIVATE KEY, RSA PRIVATE KEY, EC PRIVATE KEY, CERTIFICATE or X509 CRL",
    }
}
