use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};
use ringlock_model::{NodeUri, PeerName};
use time::OffsetDateTime;
use x509_parser::{
    certificate::X509Certificate, error::X509Error, extensions::GeneralName, parse_x509_certificate,
};

use crate::text::{hex, name, printable};

/// What a certificate says of its holder. Whether it says the truth is for a verifier to find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafFacts {
    /// The subject, escaped for printing and cut after 200 characters.
    pub subject: String,
    /// The node that the certificate names. Certificates of another CA may have none.
    pub uri: Option<NodeUri>,
    /// Every URI of the subject alternative names, as it stands there: not escaped.
    pub uris: Vec<String>,
    /// The addresses of the subject alternative names. An IPv4 address that was mapped into
    /// IPv6 is given as IPv4.
    pub ips: Vec<IpAddr>,
    /// The DNS names of the subject alternative names, escaped for printing.
    pub dns: Vec<String>,
    /// The serial number, in lower-case hexadecimal without leading zeros.
    pub serial: String,
    /// The first second in which it is valid.
    pub not_before: OffsetDateTime,
    /// The last second in which it is valid.
    pub not_after: OffsetDateTime,
    /// SHA-256 of the DER form, in lower-case hexadecimal.
    pub sha256: String,
}

/// Why a certificate cannot be judged by what it says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LeafError {
    /// The bytes are no X.509 certificate.
    #[error("the certificate cannot be read: {reason}")]
    Unreadable {
        /// What the parser says.
        reason: String,
    },
    /// An extension is damaged or present twice.
    #[error("the certificate {subject} has a damaged or repeated extension: {reason}")]
    Extension {
        /// Its subject.
        subject: String,
        /// What the parser says.
        reason: String,
    },
    /// A subject alternative name cannot be read.
    #[error("the certificate {subject} has a subject alternative name that cannot be read")]
    Name {
        /// Its subject.
        subject: String,
    },
    /// An address of neither 4 nor 16 bytes (RFC 5280 §4.2.1.6).
    #[error("the certificate {subject} has an IP address of {length} bytes; expected 4 or 16")]
    Address {
        /// Its subject.
        subject: String,
        /// How many bytes it has.
        length: usize,
    },
    /// A URI of our own scheme that names no node.
    #[error("the certificate {subject} has a broken node URI: {reason}")]
    Uri {
        /// Its subject.
        subject: String,
        /// What is wrong with it.
        reason: String,
    },
    /// More than one URI of our own scheme, so that it is two nodes at once.
    #[error("the certificate {subject} names two nodes: {first} and {second}")]
    TwoUris {
        /// Its subject.
        subject: String,
        /// The one.
        first: Box<NodeUri>,
        /// The other.
        second: Box<NodeUri>,
    },
}

impl LeafFacts {
    /// Reads a certificate in DER form, which may come from anybody.
    ///
    /// A URI of another scheme is ignored, and so are names that are neither address, DNS name
    /// nor URI.
    pub fn read(der: &[u8]) -> Result<Self, LeafError> {
        Self::of(&parse(der)?)
    }

    /// Whether an address is among [`LeafFacts::ips`]; mapped IPv4 addresses count as IPv4.
    pub fn covers(&self, address: IpAddr) -> bool {
        self.ips.contains(&address.to_canonical())
    }

    /// The name to show: the node URI, or the subject where there is none.
    pub fn name(&self) -> PeerName {
        match &self.uri {
            Some(uri) => PeerName::Node(uri.clone()),
            None => PeerName::Subject(self.subject.clone()),
        }
    }

    pub(crate) fn of(certificate: &X509Certificate<'_>) -> Result<Self, LeafError> {
        let mut facts = Self {
            subject: name(certificate.subject()),
            uri: None,
            uris: Vec::new(),
            ips: Vec::new(),
            dns: Vec::new(),
            serial: serial(certificate),
            not_before: certificate.validity().not_before.to_datetime(),
            not_after: certificate.validity().not_after.to_datetime(),
            sha256: hex(digest(&SHA256, certificate.as_raw()).as_ref()),
        };
        let names = certificate
            .subject_alternative_name()
            .map_err(|error| extension_error(certificate, &error))?;
        for name in names.iter().flat_map(|names| &names.value.general_names) {
            facts.add(name)?;
        }
        Ok(facts)
    }

    fn add(&mut self, name: &GeneralName<'_>) -> Result<(), LeafError> {
        match name {
            GeneralName::DNSName(dns) => self.dns.push(printable(dns)),
            GeneralName::IPAddress(bytes) => self.add_address(bytes)?,
            GeneralName::URI(uri) => {
                self.uris.push((*uri).to_owned());
                if is_ours(uri) {
                    self.add_uri(uri)?;
                }
            }
            GeneralName::Invalid(..) => {
                return Err(LeafError::Name {
                    subject: self.subject.clone(),
                });
            }
            _ => {}
        }
        Ok(())
    }

    fn add_address(&mut self, bytes: &[u8]) -> Result<(), LeafError> {
        let address = if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
            IpAddr::from(octets)
        } else if let Ok(octets) = <[u8; 16]>::try_from(bytes) {
            IpAddr::from(octets).to_canonical()
        } else {
            return Err(LeafError::Address {
                subject: self.subject.clone(),
                length: bytes.len(),
            });
        };
        self.ips.push(address);
        Ok(())
    }

    fn add_uri(&mut self, uri: &str) -> Result<(), LeafError> {
        let subject = self.subject.clone();
        let second = uri.parse::<NodeUri>().map_err(|error| LeafError::Uri {
            subject: subject.clone(),
            reason: printable(&error.to_string()),
        })?;
        match self.uri.take() {
            Some(first) => Err(LeafError::TwoUris {
                subject,
                first: Box::new(first),
                second: Box::new(second),
            }),
            None => {
                self.uri = Some(second);
                Ok(())
            }
        }
    }
}

/// The last second in which a certificate in DER form is valid, whatever else it says.
///
/// # Errors
/// [`LeafError::Unreadable`].
pub fn not_after(der: &[u8]) -> Result<OffsetDateTime, LeafError> {
    Ok(parse(der)?.validity().not_after.to_datetime())
}

pub(crate) fn parse(der: &[u8]) -> Result<X509Certificate<'_>, LeafError> {
    let unreadable = |reason: String| LeafError::Unreadable { reason };
    match parse_x509_certificate(der) {
        Ok(([], certificate)) => Ok(certificate),
        Ok(_) => Err(unreadable("bytes follow it".to_owned())),
        Err(error) => Err(unreadable(X509Error::from(error).to_string())),
    }
}

pub(crate) fn extension_error(certificate: &X509Certificate<'_>, error: &X509Error) -> LeafError {
    LeafError::Extension {
        subject: name(certificate.subject()),
        reason: error.to_string(),
    }
}

/// Schemes are compared without regard to case (RFC 3986 §3.1), so that `Ringlock:` is not
/// ignored like a stranger's URI but refused as a broken one of ours.
fn is_ours(uri: &str) -> bool {
    const SCHEME: &[u8] = b"ringlock:";
    uri.as_bytes()
        .get(..SCHEME.len())
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME))
}

fn serial(certificate: &X509Certificate<'_>) -> String {
    let digits = hex(certificate.raw_serial());
    match digits.trim_start_matches('0') {
        "" => "0".to_owned(),
        digits => digits.to_owned(),
    }
}
