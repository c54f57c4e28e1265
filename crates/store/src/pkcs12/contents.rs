use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use zeroize::Zeroizing;

use super::{
    Pkcs12Error,
    attributes::{Attributes, SET},
    ber,
    password::Password,
};
use crate::{
    OtherEntry, Passwords, PbeError, PrivateKey,
    der::{INTEGER, OCTET_STRING, OID, Reader, SEQUENCE},
    java::{Bag, Bags, Failure, Found, Lock},
    key::is_pkcs8,
    pbe::{Budget, Scheme},
};

pub(super) const DATA: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01";
pub(super) const ENCRYPTED_DATA: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x07\x06";
/// Signed, enveloped, and both: content that needs the key of somebody.
const PUBLIC_KEY_CONTENT: &[&[u8]] = &[
    b"\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02",
    b"\x2A\x86\x48\x86\xF7\x0D\x01\x07\x03",
    b"\x2A\x86\x48\x86\xF7\x0D\x01\x07\x04",
];
pub(super) const EXPLICIT_0: u8 = 0xA0;
const IMPLICIT_0: u8 = 0x80;
/// How deep safes may stand in safes.
const MAX_NESTED: u8 = 4;

/// The bags of RFC 7292 §4.2.
pub(super) mod bag {
    pub(crate) const KEY: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x0C\x0A\x01\x01";
    pub(crate) const SHROUDED_KEY: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x0C\x0A\x01\x02";
    pub(crate) const CERTIFICATE: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x0C\x0A\x01\x03";
    pub(crate) const REVOCATION_LIST: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x0C\x0A\x01\x04";
    pub(crate) const SECRET: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x0C\x0A\x01\x05";
    pub(crate) const SAFE: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x0C\x0A\x01\x06";
    pub(crate) const X509: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x09\x16\x01";
    pub(crate) const X509_LIST: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x09\x17\x01";
}

/// What the safes of a store hold, not yet put together.
pub(super) struct Contents<'a> {
    pub(super) keys: Vec<KeyBag>,
    pub(super) certificates: Vec<CertificateBag>,
    pub(super) revocation_lists: Vec<CertificateRevocationListDer<'static>>,
    pub(super) others: Vec<OtherEntry>,
    /// Each algorithm that protects something, once.
    pub(super) protection: Vec<String>,
    /// What Java goes by.
    pub(super) bags: Bags,
    passwords: Passwords<'a>,
    /// Whether something showed that the store's password is right.
    proven: bool,
    budget: &'a mut Budget,
}

pub(super) struct KeyBag {
    pub(super) attributes: Attributes,
    pub(super) key: PrivateKey,
}

pub(super) struct CertificateBag {
    pub(super) attributes: Attributes,
    pub(super) certificate: CertificateDer<'static>,
}

/// Where a bag stands.
#[derive(Clone, Copy)]
struct Place {
    encrypted: bool,
    nested: u8,
    first: bool,
}

impl<'a> Contents<'a> {
    /// Nothing yet; `proven` is whether a MAC showed that the store's password is right.
    pub(super) fn new(passwords: Passwords<'a>, proven: bool, budget: &'a mut Budget) -> Self {
        Self {
            keys: Vec::new(),
            certificates: Vec::new(),
            revocation_lists: Vec::new(),
            others: Vec::new(),
            protection: Vec::new(),
            bags: Bags::default(),
            passwords,
            proven,
            budget,
        }
    }

    /// Reads `AuthenticatedSafe`: safes as they are and encrypted ones.
    pub(super) fn read_all(&mut self, safes: &[u8]) -> Result<(), Pkcs12Error> {
        let damaged = || Pkcs12Error::damaged("the list of its safes");
        let safes = ber::to_der(safes).map_err(|_| damaged())?;
        let mut safes = Reader::new(&safes).sequence().ok_or_else(damaged)?;
        while safes.tag().is_some() {
            let mut safe = safes.sequence().ok_or_else(damaged)?;
            let kind = safe.take(OID).ok_or_else(damaged)?;
            if PUBLIC_KEY_CONTENT.contains(&kind) {
                return Err(Pkcs12Error::PublicKey);
            }
            let content = safe.take(EXPLICIT_0).map(Reader::new);
            let mut content = content.ok_or_else(damaged)?;
            if kind == ENCRYPTED_DATA {
                self.encrypted(content)?;
            } else if kind == DATA {
                let bags = content.take(OCTET_STRING).ok_or_else(damaged)?;
                self.safe(bags, false)?;
            } else {
                return Err(damaged());
            }
        }
        Ok(())
    }

    /// Notes an algorithm that protects something.
    pub(super) fn protected_by(&mut self, algorithm: String) {
        if !self.protection.contains(&algorithm) {
            self.protection.push(algorithm);
        }
    }

    fn encrypted(&mut self, mut data: Reader<'_>) -> Result<(), Pkcs12Error> {
        const PLACE: &str = "an encrypted safe";
        let damaged = || Pkcs12Error::damaged(PLACE);
        let mut parts = || {
            let mut data = data.sequence()?;
            data.take(INTEGER)?;
            let mut content = data.sequence()?;
            content.take(OID)?;
            let algorithm = content.sequence()?;
            let constructed = content.tag()? == EXPLICIT_0;
            let tag = if constructed { EXPLICIT_0 } else { IMPLICIT_0 };
            let sealed = ber::implicit_octets(constructed, content.take(tag)?)?;
            Some((algorithm, sealed))
        };
        let (algorithm, sealed) = parts().ok_or_else(damaged)?;
        let scheme = Scheme::parse(algorithm).map_err(in_place(PLACE))?;
        self.note(&scheme);
        let plain = self.decrypt(&scheme, &sealed)?;
        drop(sealed);
        self.safe(&plain, true)
    }

    fn note(&mut self, scheme: &Scheme) {
        self.protected_by(scheme.to_string());
        self.bags.protected = true;
        if let (None, Some(reason)) = (&self.bags.load_fails, lacking(scheme)) {
            self.bags.load_fails = Some(Failure {
                reason: format!("KeyStore.load fails: {reason}"),
                only_with_password: true,
            });
        }
    }

    fn decrypt(
        &mut self,
        scheme: &Scheme,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
        for password in Password::forms(self.passwords.store) {
            let plain = password.decrypt(scheme, sealed, self.budget);
            let plain = plain.map_err(in_place("an encrypted safe"))?;
            if let Some(plain) = plain.filter(|plain| is_sequence(plain)) {
                self.proven = true;
                return Ok(plain);
            }
        }
        Err(Password::misfit(self.passwords.store))
    }

    fn safe(&mut self, bags: &[u8], encrypted: bool) -> Result<(), Pkcs12Error> {
        let damaged = |_| Pkcs12Error::damaged("a safe");
        let bags = ber::to_der(bags).map_err(damaged)?;
        let place = Place {
            encrypted,
            nested: 0,
            first: true,
        };
        self.bags_of(Reader::new(&bags), place)
    }

    fn bags_of(&mut self, mut safe: Reader<'_>, mut place: Place) -> Result<(), Pkcs12Error> {
        let damaged = || Pkcs12Error::damaged("a safe");
        let mut bags = safe.sequence().ok_or_else(damaged)?;
        while bags.tag().is_some() {
            let mut bag = bags.sequence().ok_or_else(damaged)?;
            let kind = bag.take(OID).ok_or_else(damaged)?;
            let value = bag.take(EXPLICIT_0).map(Reader::new).ok_or_else(damaged)?;
            let attributes = match bag.maybe(SET) {
                Some(set) => Attributes::parse(Reader::new(set)),
                None => Some(Attributes::default()),
            };
            let attributes = attributes.ok_or_else(damaged)?;
            bag.end().ok_or_else(damaged)?;
            self.bag(kind, value, attributes, place)?;
            place.first = false;
        }
        Ok(())
    }

    fn bag(
        &mut self,
        kind: &[u8],
        mut value: Reader<'_>,
        attributes: Attributes,
        place: Place,
    ) -> Result<(), Pkcs12Error> {
        let mut noted = Bag {
            found: Found::Skipped("entries of unknown kinds"),
            alias: attributes.alias.clone(),
            key_id: attributes.key_id.clone(),
            first: place.first,
            encrypted: place.encrypted,
        };
        noted.found = match kind {
            bag::KEY => self.plain_key(value, attributes)?,
            bag::SHROUDED_KEY => self.shrouded_key(value, attributes)?,
            bag::CERTIFICATE => self.certificate(value, attributes)?,
            bag::REVOCATION_LIST => self.revocation_list(value, attributes)?,
            bag::SECRET => self.other(attributes, "secret key", Found::Secret),
            bag::SAFE if place.nested == MAX_NESTED => {
                return Err(Pkcs12Error::damaged("a safe nested in others"));
            }
            bag::SAFE => {
                let safe = value.whole(SEQUENCE).map(Reader::new);
                let safe = safe.ok_or(Pkcs12Error::damaged("a safe nested in another"))?;
                let nested = place.nested + 1;
                self.bags_of(safe, Place { nested, ..place })?;
                Found::Skipped("what is in nested safes")
            }
            _ => self.other(attributes, "entry of an unknown kind", noted.found),
        };
        if place.nested == 0 {
            self.bags.all.push(noted);
        }
        Ok(())
    }

    fn other(&mut self, attributes: Attributes, kind: &'static str, found: Found) -> Found {
        let alias = attributes.alias;
        self.others.push(OtherEntry { alias, kind });
        found
    }

    fn plain_key(
        &mut self,
        mut value: Reader<'_>,
        attributes: Attributes,
    ) -> Result<Found, Pkcs12Error> {
        let key = value.whole(SEQUENCE).filter(|key| is_pkcs8(key));
        let key = key.ok_or(Pkcs12Error::damaged("a private key"))?;
        let key = PrivateKey::pkcs8(key.to_vec());
        self.keys.push(KeyBag { attributes, key });
        Ok(Found::Skipped("private keys that are not encrypted"))
    }

    fn shrouded_key(
        &mut self,
        mut value: Reader<'_>,
        attributes: Attributes,
    ) -> Result<Found, Pkcs12Error> {
        let mut parts = || {
            let mut shrouded = value.sequence()?;
            Some((shrouded.sequence()?, shrouded.take(OCTET_STRING)?))
        };
        let (algorithm, sealed) = parts().ok_or(Pkcs12Error::damaged("a private key"))?;
        let alias = match &attributes.alias {
            Some(alias) => shown(alias),
            None => format!("number {}", self.keys.len() + 1),
        };
        let place = format!("the private key {alias}");
        let scheme = Scheme::parse(algorithm).map_err(in_place(&place))?;
        self.protected_by(scheme.to_string());
        for password in Password::for_keys(self.passwords) {
            let key = password.decrypt(&scheme, sealed, self.budget);
            let key = key.map_err(in_place(&place))?;
            let Some(mut key) = key.filter(|key| is_pkcs8(key)) else {
                continue;
            };
            let lock = self.lock(password, &scheme);
            let key = PrivateKey::pkcs8(std::mem::take(&mut *key));
            self.keys.push(KeyBag { attributes, key });
            return Ok(Found::Key(lock));
        }
        match self.passwords.for_keys() {
            None => Err(Pkcs12Error::NoPassword),
            Some(_) if !self.proven => Err(Pkcs12Error::Password),
            Some(_) => Err(Pkcs12Error::KeyPassword { alias }),
        }
    }

    fn lock(&self, password: Password<'_>, scheme: &Scheme) -> Lock {
        if let Some(reason) = lacking(scheme) {
            Lock::Lacking(format!("Java cannot open the private key: {reason}"))
        } else if Password::forms(self.passwords.store).contains(&password) {
            Lock::Store
        } else {
            Lock::Other
        }
    }

    fn certificate(
        &mut self,
        mut value: Reader<'_>,
        attributes: Attributes,
    ) -> Result<Found, Pkcs12Error> {
        let mut parts = || {
            let mut certificate = value.sequence()?;
            let kind = certificate.take(OID)?;
            let der = Reader::new(certificate.take(EXPLICIT_0)?).take(OCTET_STRING);
            (kind != bag::X509 || der.is_some()).then_some((kind, der))
        };
        let damaged = || Pkcs12Error::damaged("a certificate");
        let (kind, der) = parts().ok_or_else(damaged)?;
        if kind != bag::X509 {
            let found = Found::Skipped("certificates that are no X.509");
            return Ok(self.other(attributes, "certificate that is no X.509", found));
        }
        let der = der.ok_or_else(damaged)?;
        let reason = match x509_parser::parse_x509_certificate(der) {
            Ok(([], _)) => None,
            Ok(_) => Some("bytes follow it".to_owned()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(reason) = reason {
            let alias = match &attributes.alias {
                Some(alias) => shown(alias),
                None => format!("number {}", self.certificates.len() + 1),
            };
            return Err(Pkcs12Error::Certificate { alias, reason });
        }
        let trusted = attributes.trusted;
        let certificate = CertificateDer::from(der.to_vec());
        self.certificates.push(CertificateBag {
            attributes,
            certificate,
        });
        Ok(Found::Certificate { trusted })
    }

    fn revocation_list(
        &mut self,
        mut value: Reader<'_>,
        attributes: Attributes,
    ) -> Result<Found, Pkcs12Error> {
        let mut parts = || {
            let mut list = value.sequence()?;
            let kind = list.take(OID)?;
            let der = Reader::new(list.take(EXPLICIT_0)?).take(OCTET_STRING);
            (kind == bag::X509_LIST).then_some(der?)
        };
        let found = Found::Skipped("revocation lists");
        let Some(der) = parts() else {
            return Ok(self.other(attributes, "revocation list of an unknown kind", found));
        };
        if !matches!(x509_parser::parse_x509_crl(der), Ok(([], _))) {
            return Err(Pkcs12Error::damaged("a revocation list"));
        }
        let list = CertificateRevocationListDer::from(der.to_vec());
        self.revocation_lists.push(list);
        Ok(found)
    }
}

/// A name as it may be shown: without control characters, at most 64 of its characters.
fn shown(alias: &str) -> String {
    alias
        .chars()
        .take(64)
        .flat_map(char::escape_debug)
        .collect()
}

fn in_place(place: &str) -> impl Fn(PbeError) -> Pkcs12Error + '_ {
    move |reason| Pkcs12Error::Encryption {
        place: place.to_owned(),
        reason,
    }
}

/// Whether what was decrypted is a SEQUENCE as long as itself, or in BER.
fn is_sequence(plain: &[u8]) -> bool {
    plain.starts_with(&[SEQUENCE]) && ber::to_der(plain).is_ok()
}

/// What Java has not of this: it decrypts PBES2 by AES with 128 or 256 bits only.
fn lacking(scheme: &Scheme) -> Option<String> {
    use crate::pbe::{Cipher, Hash};
    let cipher = scheme.cipher();
    if !scheme.is_pbes2() {
        let known = !matches!(cipher, Cipher::TripleDesTwoKeys | Cipher::Des);
        return (!known).then(|| format!("Java has no PKCS12 PBE with {cipher}"));
    }
    if !matches!(cipher, Cipher::Aes128 | Cipher::Aes256) {
        return Some(format!("Java has no PBES2 with {cipher}"));
    }
    match scheme.pbkdf2_hash() {
        None => Some("Java has no PBES2 with scrypt".to_owned()),
        Some(hash @ (Hash::Md5 | Hash::Sha512_224 | Hash::Sha512_256)) => {
            Some(format!("Java has no PBES2 with HMAC-{hash}"))
        }
        Some(_) => None,
    }
}
