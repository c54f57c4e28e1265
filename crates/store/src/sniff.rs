use std::fmt;

/// What kind of store some bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Text with `-----BEGIN` lines (RFC 7468), or nothing that is known.
    Pem,
    /// Java's old keystore.
    Jks,
    /// Java's old keystore with stronger encryption of keys.
    Jceks,
    /// PKCS #12 (RFC 7292), Java's keystore since version 9.
    Pkcs12,
    /// One X.509 certificate without PEM around it.
    DerCertificate,
    /// One private key without PEM around it.
    DerKey,
}

impl Format {
    /// How an operator makes PEM of it.
    pub fn conversion(self) -> &'static str {
        match self {
            Self::Pem => "nothing needs converting",
            Self::Jks | Self::Jceks => {
                "convert it with `keytool -importkeystore -srckeystore OLD -destkeystore NEW.p12 \
                 -deststoretype PKCS12` and then `openssl pkcs12 -in NEW.p12 -nodes -out NEW.pem`"
            }
            Self::Pkcs12 => "convert it with `openssl pkcs12 -in OLD -nodes -out NEW.pem`",
            Self::DerCertificate => {
                "convert it with `openssl x509 -inform DER -in OLD -out NEW.pem`"
            }
            Self::DerKey => "convert it with `openssl pkey -inform DER -in OLD -out NEW.pem`",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pem => "PEM",
            Self::Jks => "a JKS keystore",
            Self::Jceks => "a JCEKS keystore",
            Self::Pkcs12 => "a PKCS12 keystore",
            Self::DerCertificate => "a certificate in DER form",
            Self::DerKey => "a private key in DER form",
        })
    }
}

/// Tells a store's format by its first bytes.
pub fn sniff(bytes: &[u8]) -> Format {
    match bytes {
        [0xFE, 0xED, 0xFE, 0xED, ..] => Format::Jks,
        [0xCE, 0xCE, 0xCE, 0xCE, ..] => Format::Jceks,
        [0x30, ..] => sniff_der(bytes).unwrap_or(Format::Pem),
        _ => Format::Pem,
    }
}

/// Whether the bytes are one DER SEQUENCE and nothing behind it.
pub(crate) fn is_der_sequence(bytes: &[u8]) -> bool {
    match read_header(bytes) {
        Some((Length::Definite(length), content)) => {
            bytes.first() == Some(&0x30) && length == content.len()
        }
        _ => false,
    }
}

/// A certificate begins with its `tbsCertificate`, a SEQUENCE. The others begin with a version:
/// 3 for PKCS #12 (RFC 7292 §4, in BER or DER), 0 or 1 for the forms of a private key. A `0x30`
/// is also the digit zero, so text must not be mistaken.
fn sniff_der(bytes: &[u8]) -> Option<Format> {
    const VERSION: [u8; 2] = [0x02, 0x01];
    let (length, content) = read_header(bytes)?;
    if matches!(length, Length::Definite(length) if length > content.len()) {
        return None;
    }
    match content {
        [0x30, ..] => Some(Format::DerCertificate),
        [tag, size, 3, ..] if [*tag, *size] == VERSION => Some(Format::Pkcs12),
        [tag, size, 0 | 1, ..] if [*tag, *size] == VERSION => Some(Format::DerKey),
        _ => None,
    }
}

enum Length {
    Definite(usize),
    Indefinite,
}

/// The length octets after a one-byte tag (X.690 §8.1.3), and what follows them.
fn read_header(bytes: &[u8]) -> Option<(Length, &[u8])> {
    let (first, rest) = bytes.get(1..)?.split_first()?;
    match *first {
        short @ 0..=0x7F => Some((Length::Definite(usize::from(short)), rest)),
        0x80 => Some((Length::Indefinite, rest)),
        long => {
            let (octets, rest) = rest.split_at_checked(usize::from(long & 0x7F))?;
            if octets.len() > 4 {
                return None;
            }
            let length = octets
                .iter()
                .fold(0, |length, octet| length << 8 | usize::from(*octet));
            Some((Length::Definite(length), rest))
        }
    }
}
