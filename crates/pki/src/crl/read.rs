use rustls_pki_types::{CertificateRevocationListDer, pem::PemObject as _};
use x509_parser::parse_x509_crl;

use super::CrlError;

/// Reads revocation lists: PEM with any number of sections `X509 CRL` and whatever else, or DER,
/// one list or several one behind the other.
///
/// They are only taken apart here; [`RevocationLists::select`](super::RevocationLists::select)
/// judges them.
///
/// # Errors
/// There is no list, or one is damaged.
pub fn read_revocation_lists(
    bytes: &[u8],
) -> Result<Vec<CertificateRevocationListDer<'static>>, CrlError> {
    const SEQUENCE: u8 = 0x30;
    const BOUNDARY: &[u8] = b"-----BEGIN";
    let text = bytes.windows(BOUNDARY.len()).any(|it| it == BOUNDARY);
    let lists = match bytes.first() {
        Some(&SEQUENCE) if !text => from_der(bytes)?,
        _ => from_pem(bytes)?,
    };
    if lists.is_empty() {
        return Err(CrlError::Empty);
    }
    Ok(lists)
}

fn from_der(bytes: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>, CrlError> {
    let mut lists: Vec<CertificateRevocationListDer<'static>> = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (behind, _) = parse_x509_crl(rest).map_err(|error| CrlError::Unreadable {
            list: lists.len() + 1,
            reason: error.to_string(),
        })?;
        let length = rest.len() - behind.len();
        lists.push(rest[..length].to_vec().into());
        rest = behind;
    }
    Ok(lists)
}

fn from_pem(bytes: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>, CrlError> {
    let mut lists = Vec::new();
    for list in CertificateRevocationListDer::pem_slice_iter(bytes) {
        lists.push(list.map_err(|error| CrlError::Pem {
            list: lists.len() + 1,
            reason: error.to_string(),
        })?);
    }
    Ok(lists)
}
