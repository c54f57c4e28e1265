use std::fmt;

use crate::der::{INTEGER, OID, Reader, SEQUENCE};

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
    /// One certificate revocation list without PEM around it.
    DerRevocationList,
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
            Self::DerRevocationList => {
                "convert it with `openssl crl -inform DER -in OLD -out NEW.pem`"
            }
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
            Self::DerRevocationList => "a certificate revocation list in DER form",
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
    let mut outer = Reader::new(bytes);
    outer.sequence().is_some() && outer.end().is_some()
}

/// Whether the bytes are one DER SEQUENCE that begins with a number, as every private key is, and
/// nothing behind it.
pub(crate) fn is_key_sequence(bytes: &[u8]) -> bool {
    let mut outer = Reader::new(bytes);
    let inner = outer.sequence();
    outer.end().is_some() && inner.is_some_and(|mut inner| inner.unsigned().is_some())
}

/// What begins with a version is a store or a key: 3 for PKCS #12 (RFC 7292 §4, in BER or DER), 0
/// or 1 for the forms of a private key. The others begin with a SEQUENCE.
///
/// A `0x30` is also the digit zero, so text must not be mistaken. A length of several octets is no
/// text: that may be a file that was cut off, and is told by what is there.
fn sniff_der(bytes: &[u8]) -> Option<Format> {
    let (length, content) = read_header(bytes)?;
    if matches!(length, Length::Short(length) if length > content.len()) {
        return None;
    }
    match content {
        [SEQUENCE, ..] => Some(sniff_signed(read_header(content)?.1)),
        [INTEGER, 1, 3, ..] => Some(Format::Pkcs12),
        [INTEGER, 1, 0 | 1, ..] => Some(Format::DerKey),
        _ => None,
    }
}

/// Tells an `EncryptedPrivateKeyInfo` (RFC 5958 §3) by the algorithm it begins with, and a
/// `tbsCertList` from a `tbsCertificate` (RFC 5280 §5.1, §4.1): the lists of version 1 begin with
/// an algorithm, those of version 2 have a time where a certificate of version 1, which begins
/// with a number too, has two.
fn sniff_signed(content: &[u8]) -> Format {
    const UTC_TIME: u8 = 0x17;
    const GENERALIZED_TIME: u8 = 0x18;
    match content {
        [OID, ..] => return Format::DerKey,
        [SEQUENCE, ..] => return Format::DerRevocationList,
        _ => {}
    }
    let mut list = Reader::new(content);
    let version = list.maybe(INTEGER);
    let third = version.and_then(|_| {
        list.sequence()?;
        list.sequence()?;
        list.tag()
    });
    match third {
        Some(UTC_TIME | GENERALIZED_TIME) => Format::DerRevocationList,
        _ => Format::DerCertificate,
    }
}

enum Length {
    /// In one octet, which may be a letter.
    Short(usize),
    Other,
}

/// The length octets after a one-byte tag (X.690 §8.1.3), and what follows them.
fn read_header(bytes: &[u8]) -> Option<(Length, &[u8])> {
    let (first, rest) = bytes.get(1..)?.split_first()?;
    match *first {
        short @ 0..=0x7F => Some((Length::Short(short.into()), rest)),
        long => {
            let (octets, rest) = rest.split_at_checked(usize::from(long & 0x7F))?;
            (octets.len() <= 4).then_some((Length::Other, rest))
        }
    }
}
