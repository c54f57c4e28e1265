use base64ct::{Base64, Encoding};
use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use crate::{Format, KeyStore, MAX_BYTES, PrivateKey, StoreError, sniff::is_der_sequence};

pub(crate) const PRIVATE_KEY: &str = "PRIVATE KEY";
pub(crate) const RSA_PRIVATE_KEY: &str = "RSA PRIVATE KEY";
pub(crate) const EC_PRIVATE_KEY: &str = "EC PRIVATE KEY";
const CERTIFICATE: &str = "CERTIFICATE";

/// Reads a store of PEM sections (RFC 7468): private keys in PKCS #8, PKCS #1 and SEC 1 form,
/// and certificates, in any order.
///
/// Text between sections is skipped, as `openssl` writes some there; so are the parameters it
/// puts before an elliptic curve key. Any other section is an error, because ignoring a
/// certificate revocation list, say, would promise what is not kept.
pub fn parse_pem(bytes: &[u8]) -> Result<KeyStore, StoreError> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(StoreError::TooLarge { size: bytes.len() });
    }
    match crate::sniff(bytes) {
        Format::Pem => {}
        format => return Err(StoreError::NotPem { format }),
    }
    if bytes.trim_ascii().is_empty() {
        return Err(StoreError::Empty);
    }
    let mut store = KeyStore::default();
    let mut sections = Sections::new(bytes);
    let mut found = false;
    while let Some(section) = sections.next()? {
        found = true;
        place(&section, &mut store)?;
    }
    if found {
        Ok(store)
    } else {
        Err(StoreError::NoSection)
    }
}

/// A certificate as a PEM section.
pub fn certificate_to_pem(certificate: &CertificateDer<'_>) -> String {
    encode(CERTIFICATE, certificate).as_str().to_owned()
}

/// Certificates as PEM sections, one after the other.
pub fn certificates_to_pem<'a>(
    certificates: impl IntoIterator<Item = &'a CertificateDer<'a>>,
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

fn place(section: &Section<'_>, store: &mut KeyStore) -> Result<(), StoreError> {
    let line = section.line;
    let make: fn(Vec<u8>) -> PrivateKey = match section.label {
        CERTIFICATE | "X509 CERTIFICATE" => {
            store.certificates.push(certificate(section)?);
            return Ok(());
        }
        // What `openssl ecparam -genkey` writes before the key; the key repeats it.
        "EC PARAMETERS" | "DH PARAMETERS" => return Ok(()),
        "ENCRYPTED PRIVATE KEY" => return Err(StoreError::Encrypted { line }),
        PRIVATE_KEY => PrivateKey::pkcs8,
        RSA_PRIVATE_KEY => PrivateKey::pkcs1,
        EC_PRIVATE_KEY => PrivateKey::sec1,
        label => {
            return Err(StoreError::Unexpected {
                line,
                label: label.to_owned(),
                hint: hint(label),
            });
        }
    };
    if section.encrypted {
        return Err(StoreError::Encrypted { line });
    }
    let mut der = section.decode()?;
    if !is_der_sequence(&der) {
        let reason = "expected one DER sequence and nothing behind it";
        return Err(section.damaged(reason.to_owned()));
    }
    store.keys.push(make(std::mem::take(&mut *der)));
    Ok(())
}

fn certificate(section: &Section<'_>) -> Result<CertificateDer<'static>, StoreError> {
    let der = section.decode()?.to_vec();
    match x509_parser::parse_x509_certificate(&der) {
        Ok(([], _)) => Ok(CertificateDer::from(der)),
        Ok(_) => Err(section.damaged("bytes follow the certificate".to_owned())),
        Err(error) => Err(section.damaged(error.to_string())),
    }
}

fn hint(label: &str) -> &'static str {
    match label {
        "X509 CRL" => "this version reads no revocation lists; remove it",
        "TRUSTED CERTIFICATE" => "`openssl x509 -in OLD -out NEW` writes a plain certificate",
        "DSA PRIVATE KEY" => "DSA keys cannot be used for TLS 1.2 and 1.3",
        "OPENSSH PRIVATE KEY" => "it is a key of SSH; `openssl genpkey` makes one for TLS",
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => {
            "it is a request; put in the certificate that the CA answered with"
        }
        _ => "expected PRIVATE KEY, RSA PRIVATE KEY, EC PRIVATE KEY or CERTIFICATE",
    }
}

/// One section, its boundaries taken off.
struct Section<'a> {
    /// Where it begins, counted from 1.
    line: usize,
    label: &'a str,
    /// Whether a header says that the data is encrypted (RFC 1421 §4.6.1.1).
    encrypted: bool,
    /// The lines of base64.
    data: Vec<&'a [u8]>,
}

/// Walks through the sections of a file.
struct Sections<'a> {
    rest: &'a [u8],
    /// The line read last, counted from 1.
    line: usize,
}

impl<'a> Sections<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";
        Self {
            rest: bytes.strip_prefix(UTF8_MARK).unwrap_or(bytes),
            line: 0,
        }
    }

    fn next(&mut self) -> Result<Option<Section<'a>>, StoreError> {
        while let Some(text) = self.next_line() {
            let boundary = StoreError::Boundary { line: self.line };
            if text.starts_with(b"-----BEGIN") {
                let label = label(text, "-----BEGIN ").ok_or(boundary)?;
                return self.section(label).map(Some);
            }
            if text.starts_with(b"-----END") {
                return Err(boundary);
            }
        }
        Ok(None)
    }

    fn section(&mut self, begun: &'a str) -> Result<Section<'a>, StoreError> {
        let mut section = Section {
            line: self.line,
            label: begun,
            encrypted: false,
            data: Vec::new(),
        };
        while let Some(text) = self.next_line() {
            if text.starts_with(b"-----BEGIN") {
                break;
            }
            if text.starts_with(b"-----END") {
                return match label(text, "-----END ") {
                    Some(ended) if ended == begun => Ok(section),
                    _ => Err(StoreError::Boundary { line: self.line }),
                };
            }
            if text.contains(&b':') {
                section.encrypted |=
                    text.starts_with(b"Proc-Type:") && text.ends_with(b"ENCRYPTED");
            } else {
                section.data.push(text);
            }
        }
        Err(StoreError::NoEnd {
            line: section.line,
            label: begun.to_owned(),
        })
    }

    /// The next line without the white space around it.
    fn next_line(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        let (text, rest) = match end {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None => (self.rest, &self.rest[self.rest.len()..]),
        };
        self.rest = rest;
        self.line += 1;
        Some(text.trim_ascii())
    }
}

impl Section<'_> {
    fn decode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        // `concat` allocates once, so no copies of a key are left behind.
        let base64 = Zeroizing::new(self.data.concat());
        let mut der = Zeroizing::new(vec![0; base64.len() / 4 * 3]);
        let length = Base64::decode(base64.as_slice(), &mut der)
            .map_err(|_| StoreError::Base64 {
                line: self.line,
                label: self.label.to_owned(),
            })?
            .len();
        der.truncate(length);
        Ok(der)
    }

    fn damaged(&self, reason: String) -> StoreError {
        StoreError::Content {
            line: self.line,
            label: self.label.to_owned(),
            reason,
        }
    }
}

/// The label of a boundary line; printable ASCII of at most 64 characters, as it is shown.
fn label<'a>(text: &'a [u8], start: &str) -> Option<&'a str> {
    let label = text
        .strip_prefix(start.as_bytes())?
        .strip_suffix(b"-----")?;
    let label = std::str::from_utf8(label).ok()?;
    let printable = label
        .bytes()
        .all(|byte| byte == b' ' || byte.is_ascii_graphic());
    (printable && (1..=64).contains(&label.len())).then_some(label)
}
