use std::collections::HashSet;

use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use super::{
    attributes::Attributes,
    contents::{DATA, ENCRYPTED_DATA, EXPLICIT_0, bag},
    mac::{SHA256, hmac_sha256},
    password::Password,
};
use crate::{
    KeyEntry, KeyStore, Kind, WriteError, Writing,
    der::{NULL, OCTET_STRING, OID, SEQUENCE, element, integer},
    java,
    names::Names,
    pbe::seal_pbes2,
    salt::Salts,
};

/// As many as `keytool` 17 writes, for the MAC and for each key.
const ITERATIONS: u32 = 10_000;
const SALT_BYTES: usize = 20;
const IV_BYTES: usize = 16;

/// Writes a store as `keytool` 17 does: AES-256-CBC under a key by PBKDF2 with HMAC-SHA256, and a
/// MAC of HMAC-SHA256. Java reads it from 8u301 and 11.0.12 on, OpenSSL from 1.1.
///
/// Every trusted certificate gets the attribute by which Java knows it for a trust anchor.
pub(crate) fn write(store: &KeyStore, how: &Writing<'_>) -> Result<Zeroizing<Vec<u8>>, WriteError> {
    let password = password(store, how)?;
    refuse_what_has_no_place(store, how)?;
    let writer = Writer {
        password,
        salts: Salts::new(how.deterministic),
    };
    let names = Names::of(store);
    let ids = ids(store, how.created);
    let mut safes = Vec::new();
    if !store.keys.is_empty() {
        safes.push(writer.keys(store, &names, &ids)?);
    }
    let certificates = certificates(store, &names, &ids);
    if !certificates.is_empty() {
        safes.push(writer.certificates(&certificates)?);
    }
    writer.store(&element(SEQUENCE, &[&safes.concat()]))
}

/// The password, if Java can open the store with it.
fn password<'a>(store: &KeyStore, how: &Writing<'a>) -> Result<&'a str, WriteError> {
    let to = how.to;
    let password = how.passwords.store.ok_or(WriteError::NoPassword { to })?;
    if how.passwords.key.is_some_and(|key| key != password) {
        return Err(WriteError::KeyPassword { to });
    }
    if !java::takes(password) {
        return Err(WriteError::NotAsciiPassword { to });
    }
    if password.is_empty() && !store.keys.is_empty() {
        return Err(WriteError::EmptyPassword);
    }
    Ok(password)
}

fn refuse_what_has_no_place(store: &KeyStore, how: &Writing<'_>) -> Result<(), WriteError> {
    let to: Kind = how.to;
    if !store.revocation_lists.is_empty() {
        return Err(WriteError::RevocationList { to });
    }
    if let Some(other) = store.others.first() {
        return Err(WriteError::Other {
            alias: other.alias.clone().unwrap_or_default(),
            kind: other.kind,
        });
    }
    if let Some(entry) = store.keys.iter().find(|entry| entry.chain.is_empty()) {
        return Err(WriteError::NoChain {
            alias: entry.alias.clone().unwrap_or_default(),
            to,
        });
    }
    Ok(())
}

/// What ties each key to its certificate, as Java writes it: the time of the entry. Where two
/// have the same time, the later is moved on by a millisecond, since Java 8 goes by nothing else.
fn ids(store: &KeyStore, created: i64) -> Vec<Vec<u8>> {
    let mut taken = HashSet::new();
    let id = |entry: &KeyEntry| {
        let mut time = entry.created.unwrap_or(created);
        while !taken.insert(time) {
            time = time.saturating_add(1);
        }
        format!("Time {time}").into_bytes()
    };
    store.keys.iter().map(id).collect()
}

/// The bags of all certificates: each key's chain, in which an issuer of several stands once,
/// then the others.
fn certificates(store: &KeyStore, names: &Names, ids: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut bags = Vec::new();
    let mut issuers: HashSet<&CertificateDer<'_>> = HashSet::new();
    for ((entry, name), id) in store.keys.iter().zip(&names.keys).zip(ids) {
        let Some((leaf, chain)) = entry.chain.split_first() else {
            continue;
        };
        let attributes = Attributes {
            alias: Some(name.clone()),
            key_id: Some(id.clone()),
            trusted: false,
        };
        bags.push(certificate(leaf, &attributes));
        let new = chain.iter().filter(|issuer| issuers.insert(issuer));
        bags.extend(new.map(|issuer| certificate(issuer, &Attributes::default())));
    }
    for (entry, name) in store.certificates.iter().zip(&names.certificates) {
        let attributes = Attributes {
            alias: Some(name.clone()),
            key_id: None,
            trusted: entry.trusted,
        };
        bags.push(certificate(&entry.certificate, &attributes));
    }
    bags
}

fn certificate(der: &[u8], attributes: &Attributes) -> Vec<u8> {
    let octets = element(EXPLICIT_0, &[&element(OCTET_STRING, &[der])]);
    let value = element(SEQUENCE, &[&element(OID, &[bag::X509]), &octets]);
    safe_bag(bag::CERTIFICATE, &value, attributes)
}

fn safe_bag(kind: &[u8], value: &[u8], attributes: &Attributes) -> Vec<u8> {
    let kind = element(OID, &[kind]);
    let value = element(EXPLICIT_0, &[value]);
    element(SEQUENCE, &[&kind, &value, &attributes.to_der()]).to_vec()
}

/// `ContentInfo` (RFC 2315 §7).
fn content_info(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let kind = element(OID, &[kind]);
    element(SEQUENCE, &[&kind, &element(EXPLICIT_0, &[content])]).to_vec()
}

struct Writer<'a> {
    password: &'a str,
    salts: Salts,
}

impl Writer<'_> {
    /// The safe of the keys, each encrypted by itself.
    fn keys(
        &self,
        store: &KeyStore,
        names: &Names,
        ids: &[Vec<u8>],
    ) -> Result<Vec<u8>, WriteError> {
        let mut bags = Vec::new();
        for ((entry, name), id) in store.keys.iter().zip(&names.keys).zip(ids) {
            let key = entry.key.to_pkcs8().map_err(|reason| WriteError::Key {
                alias: name.clone(),
                reason,
            })?;
            let (algorithm, sealed) = self.seal(&format!("key {name}"), &key)?;
            let sealed = element(OCTET_STRING, &[&sealed]);
            let shrouded = element(SEQUENCE, &[&algorithm, &sealed]);
            let attributes = Attributes {
                alias: Some(name.clone()),
                key_id: Some(id.clone()),
                trusted: false,
            };
            bags.push(safe_bag(bag::SHROUDED_KEY, &shrouded, &attributes));
        }
        let safe = element(SEQUENCE, &[&bags.concat()]);
        Ok(content_info(DATA, &element(OCTET_STRING, &[&safe])))
    }

    /// The safe of the certificates, encrypted as a whole.
    fn certificates(&self, bags: &[Vec<u8>]) -> Result<Vec<u8>, WriteError> {
        const IMPLICIT_0: u8 = 0x80;
        let safe = element(SEQUENCE, &[&bags.concat()]);
        let (algorithm, sealed) = self.seal("certificates", &safe)?;
        let sealed = element(IMPLICIT_0, &[&sealed]);
        let content = element(SEQUENCE, &[&element(OID, &[DATA]), &algorithm, &sealed]);
        let data = element(SEQUENCE, &[&integer(0), &content]);
        Ok(content_info(ENCRYPTED_DATA, &data))
    }

    fn seal(&self, place: &str, plain: &[u8]) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), WriteError> {
        let (mut salt, mut iv) = ([0; SALT_BYTES], [0; IV_BYTES]);
        self.salts
            .fill(&format!("{place} salt"), plain, &mut salt)?;
        self.salts.fill(&format!("{place} iv"), plain, &mut iv)?;
        Ok(seal_pbes2(self.password, &salt, &iv, ITERATIONS, plain))
    }

    /// The safes with the MAC over them.
    fn store(&self, safes: &[u8]) -> Result<Zeroizing<Vec<u8>>, WriteError> {
        let mut salt = [0; SALT_BYTES];
        self.salts.fill("mac salt", safes, &mut salt)?;
        let mac = hmac_sha256(safes, Password::Text(self.password), &salt, ITERATIONS);
        let algorithm = element(SEQUENCE, &[&element(OID, &[SHA256]), &[NULL, 0]]);
        let digest = element(SEQUENCE, &[&algorithm, &element(OCTET_STRING, &[&mac])]);
        let salt = element(OCTET_STRING, &[&salt]);
        let mac = element(SEQUENCE, &[&digest, &salt, &integer(ITERATIONS)]);
        let safes = content_info(DATA, &element(OCTET_STRING, &[safes]));
        Ok(element(SEQUENCE, &[&integer(3), &safes, &mac]))
    }
}
