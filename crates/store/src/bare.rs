//! One certificate, key or revocation list in DER form, without PEM around it.

use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};

use crate::{
    Format, KeyStore, Opened, Passwords, PrivateKey, StoreError,
    der::{INTEGER, OCTET_STRING, OID, Reader, SEQUENCE},
    key::is_pkcs8,
    pbe::{Budget, open_key},
};

/// Reads what [`sniff`](crate::sniff()) took for one of the formats in DER.
pub(crate) fn read(
    format: Format,
    bytes: &[u8],
    passwords: Passwords<'_>,
) -> Result<Opened, StoreError> {
    let mut opened = Opened {
        format,
        protection: Vec::new(),
        store: KeyStore::default(),
        bags: None,
    };
    let damaged = |reason| StoreError::Damaged { format, reason };
    let store = &mut opened.store;
    match format {
        Format::DerCertificate => {
            let certificate = certificate(bytes.to_vec()).map_err(damaged)?;
            store.certificates.push(certificate.into());
        }
        Format::DerRevocationList => {
            let list = revocation_list(bytes.to_vec()).map_err(damaged)?;
            store.revocation_lists.push(list);
        }
        _ if is_encrypted(bytes) => {
            let password = passwords.for_keys();
            let password = password.ok_or(StoreError::Encrypted { line: None })?;
            let (mut key, scheme) = open_key(bytes, password, &mut Budget::new())
                .map_err(|reason| StoreError::Locked { line: None, reason })?;
            let key = PrivateKey::pkcs8(std::mem::take(&mut *key));
            store.keys.push(key.into());
            opened.protection.push(scheme.to_string());
        }
        _ => {
            let expected = "expected one in PKCS #8, PKCS #1 or SEC 1 form".to_owned();
            let key = key(bytes).ok_or_else(|| damaged(expected))?;
            store.keys.push(key.into());
        }
    }
    Ok(opened)
}

/// One certificate and nothing behind it, or what is wrong with it.
pub(crate) fn certificate(der: Vec<u8>) -> Result<CertificateDer<'static>, String> {
    match x509_parser::parse_x509_certificate(&der) {
        Ok(([], _)) => Ok(CertificateDer::from(der)),
        Ok(_) => Err("bytes follow the certificate".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// One revocation list and nothing behind it, or what is wrong with it.
pub(crate) fn revocation_list(
    der: Vec<u8>,
) -> Result<CertificateRevocationListDer<'static>, String> {
    match x509_parser::parse_x509_crl(&der) {
        Ok(([], _)) => Ok(CertificateRevocationListDer::from(der)),
        Ok(_) => Err("bytes follow the revocation list".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn is_encrypted(der: &[u8]) -> bool {
    let begins = || {
        let mut info = Reader::new(der).sequence()?;
        info.sequence()?.take(OID)?;
        info.take(OCTET_STRING)
    };
    begins().is_some()
}

/// A key by what follows its version: an algorithm, a number, or bytes.
fn key(der: &[u8]) -> Option<PrivateKey> {
    let mut outer = Reader::new(der);
    let mut key = outer.sequence()?;
    outer.end()?;
    key.unsigned()?;
    let make: fn(Vec<u8>) -> PrivateKey = match key.tag()? {
        SEQUENCE if is_pkcs8(der) => PrivateKey::pkcs8,
        INTEGER => PrivateKey::pkcs1,
        OCTET_STRING => PrivateKey::sec1,
        _ => return None,
    };
    Some(make(der.to_vec()))
}
