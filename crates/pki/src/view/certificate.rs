use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};
use time::OffsetDateTime;
use x509_parser::{
    asn1_rs::Oid,
    certificate::X509Certificate,
    extensions::{ExtendedKeyUsage, GeneralName},
};

use super::kind::kind_of;
use crate::{
    LeafError,
    leaf::parse,
    text::{hex, name, printable},
};

/// What one certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateView {
    /// Its subject, escaped for printing.
    pub subject: String,
    /// Its issuer, escaped for printing.
    pub issuer: String,
    /// Its subject alternative names, as `IP:10.0.0.1`, `DNS:n1.example`, `URI:…`, `email:…`.
    pub sans: Vec<String>,
    /// Its extended key usages, by name or object identifier; none where it has no such extension
    /// and may be used for anything.
    pub eku: Option<Vec<String>>,
    /// The kind of its key: `RSA 2048`, `ECDSA P-256`, `Ed25519`.
    pub key: String,
    /// The first second in which it is valid.
    pub not_before: OffsetDateTime,
    /// The last second in which it is valid.
    pub not_after: OffsetDateTime,
    /// SHA-256 of the DER form, in lower-case hexadecimal.
    pub sha256: String,
    /// Whether it is a CA's.
    pub ca: bool,
}

impl CertificateView {
    /// Reads a certificate in DER form.
    ///
    /// # Errors
    /// The bytes are no X.509 certificate.
    pub fn read(der: &[u8]) -> Result<Self, LeafError> {
        Ok(Self::of(&parse(der)?))
    }

    /// Whole days from `now` until it expires, rounded down: 0 on its last day, negative after it.
    pub fn days_left(&self, now: OffsetDateTime) -> i64 {
        days_left(self.not_after, now)
    }

    pub(crate) fn of(certificate: &X509Certificate<'_>) -> Self {
        Self {
            subject: name(certificate.subject()),
            issuer: name(certificate.issuer()),
            sans: sans(certificate),
            eku: eku(certificate),
            key: kind_of(certificate.public_key()),
            not_before: certificate.validity().not_before.to_datetime(),
            not_after: certificate.validity().not_after.to_datetime(),
            sha256: hex(digest(&SHA256, certificate.as_raw()).as_ref()),
            ca: certificate.is_ca(),
        }
    }
}

pub(crate) fn days_left(end: OffsetDateTime, now: OffsetDateTime) -> i64 {
    const DAY: i64 = 86_400;
    (end.unix_timestamp() - now.unix_timestamp()).div_euclid(DAY)
}

fn sans(certificate: &X509Certificate<'_>) -> Vec<String> {
    let names = certificate.subject_alternative_name().ok().flatten();
    let names = names.iter().flat_map(|names| &names.value.general_names);
    names.map(san).collect()
}

fn san(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(dns) => format!("DNS:{}", printable(dns)),
        GeneralName::URI(uri) => format!("URI:{}", printable(uri)),
        GeneralName::RFC822Name(mailbox) => format!("email:{}", printable(mailbox)),
        GeneralName::IPAddress(bytes) => match address(bytes) {
            Some(address) => format!("IP:{address}"),
            None => format!("IP:({} bytes, expected 4 or 16)", bytes.len()),
        },
        GeneralName::DirectoryName(directory) => {
            format!("directory:{}", printable(&directory.to_string()))
        }
        other => printable(&other.to_string()),
    }
}

/// The address of a subject alternative name (RFC 5280 §4.2.1.6), without unmapping IPv4.
pub(crate) fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
        Some(octets.into())
    } else {
        <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from)
    }
}

fn eku(certificate: &X509Certificate<'_>) -> Option<Vec<String>> {
    let usage = certificate.extended_key_usage().ok().flatten()?;
    Some(usages(usage.value))
}

fn usages(usage: &ExtendedKeyUsage<'_>) -> Vec<String> {
    let named = [
        (usage.server_auth, "serverAuth"),
        (usage.client_auth, "clientAuth"),
        (usage.any, "anyExtendedKeyUsage"),
        (usage.code_signing, "codeSigning"),
        (usage.email_protection, "emailProtection"),
        (usage.time_stamping, "timeStamping"),
        (usage.ocsp_signing, "OCSPSigning"),
    ];
    let named = named.into_iter().filter(|(present, _)| *present);
    let others = usage.other.iter().map(Oid::to_id_string);
    named
        .map(|(_, name)| name.to_owned())
        .chain(others)
        .collect()
}
