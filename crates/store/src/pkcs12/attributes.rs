use crate::der::{OCTET_STRING, OID, Reader, SEQUENCE, element};

const FRIENDLY_NAME: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x09\x14";
const LOCAL_KEY_ID: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x09\x15";
/// Oracle's, 2.16.840.1.113894.746875.1.1: for which uses Java trusts a certificate.
const TRUSTED_KEY_USAGE: &[u8] = b"\x60\x86\x48\x01\x86\xF9\x66\xAD\xCA\x7B\x01\x01";
/// `anyExtendedKeyUsage`, 2.5.29.37.0: for all uses.
const ANY_USE: &[u8] = b"\x55\x1D\x25\x00";
const BMP_STRING: u8 = 0x1E;
pub(super) const SET: u8 = 0x31;

/// What is said of a bag (RFC 7292 §4.2), as far as Java goes by it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    /// The `friendlyName`.
    pub(super) alias: Option<String>,
    /// The `localKeyId`, which a key and its certificate share.
    pub(super) key_id: Option<Vec<u8>>,
    /// Whether Java trusts the certificate, for whatever use.
    pub(super) trusted: bool,
}

impl Attributes {
    /// Reads the content of the SET.
    pub(super) fn parse(mut set: Reader<'_>) -> Option<Self> {
        let mut attributes = Self::default();
        while set.tag().is_some() {
            let mut attribute = set.sequence()?;
            let oid = attribute.take(OID)?;
            let mut values = Reader::new(attribute.take(SET)?);
            attribute.end()?;
            match oid {
                FRIENDLY_NAME => attributes.alias = Some(utf16(values.take(BMP_STRING)?)),
                LOCAL_KEY_ID => attributes.key_id = Some(values.take(OCTET_STRING)?.to_vec()),
                TRUSTED_KEY_USAGE => attributes.trusted = true,
                _ => {}
            }
        }
        Some(attributes)
    }

    /// When Java says that the entry was made: it writes `Time` and the milliseconds since 1970
    /// for a `localKeyId`.
    pub(super) fn created(&self) -> Option<i64> {
        let id = std::str::from_utf8(self.key_id.as_deref()?).ok()?;
        id.strip_prefix("Time ")?.parse().ok()
    }

    /// The SET, in the order that DER wants; nothing where there are no attributes.
    pub(super) fn to_der(&self) -> Vec<u8> {
        let mut attributes = Vec::new();
        if let Some(alias) = &self.alias {
            let name: Vec<u8> = alias.encode_utf16().flat_map(u16::to_be_bytes).collect();
            attributes.push(attribute(FRIENDLY_NAME, &element(BMP_STRING, &[&name])));
        }
        if let Some(id) = &self.key_id {
            attributes.push(attribute(LOCAL_KEY_ID, &element(OCTET_STRING, &[id])));
        }
        if self.trusted {
            attributes.push(attribute(TRUSTED_KEY_USAGE, &element(OID, &[ANY_USE])));
        }
        if attributes.is_empty() {
            return Vec::new();
        }
        attributes.sort();
        element(SET, &[&attributes.concat()]).to_vec()
    }
}

fn attribute(oid: &[u8], value: &[u8]) -> Vec<u8> {
    let values = element(SET, &[value]);
    element(SEQUENCE, &[&element(OID, &[oid]), &values]).to_vec()
}

/// Text in big endian UTF-16, in which older programs leave half a character.
fn utf16(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
        .collect();
    String::from_utf16_lossy(&units)
}
