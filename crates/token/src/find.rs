//! Looks for the token, the key and what lies beside it.

use cryptoki::{
    context::Pkcs11,
    error::{Error, RvError},
    object::{Attribute, AttributeType, CertificateType, ObjectClass, ObjectHandle},
    session::Session,
    slot::{Slot, TokenInfo},
};
use rustls_pki_types::CertificateDer;

use crate::{KeyMatch, TokenError, TokenMatch, config::hex, module};

/// The one token that is as `wanted`, and what it says of itself.
pub(crate) fn token(module: &Pkcs11, wanted: &TokenMatch) -> Result<(Slot, TokenInfo), TokenError> {
    let (mut found, mut present) = (Vec::new(), Vec::new());
    for slot in slots(module)? {
        // A token may be taken out between the one question and the other.
        let Ok(info) = module.get_token_info(slot) else {
            continue;
        };
        if fits(module, slot, &info, wanted)? {
            found.push((slot, info));
        } else if info.token_initialized() {
            present.push(format!("{:?}", info.label()));
        }
    }
    match found.len() {
        0 | 1 => found.pop().ok_or_else(|| TokenError::NoToken {
            wanted: wanted.to_string(),
            present,
        }),
        _ => Err(TokenError::ManyTokens {
            wanted: wanted.to_string(),
            slots: found
                .iter()
                .map(|(slot, _)| slot.id().to_string())
                .collect(),
        }),
    }
}

fn slots(module: &Pkcs11) -> Result<Vec<Slot>, TokenError> {
    match module.get_slots_with_token() {
        // Somebody else in the process has finalized the library.
        Err(Error::Pkcs11(RvError::CryptokiNotInitialized, _)) => {
            module::initialize(module)?;
            Ok(module.get_slots_with_token()?)
        }
        slots => Ok(slots?),
    }
}

fn fits(
    module: &Pkcs11,
    slot: Slot,
    info: &TokenInfo,
    wanted: &TokenMatch,
) -> Result<bool, TokenError> {
    let is = |wanted: &Option<String>, found: &str| {
        // The module pads what it says with blanks, so blanks at the end tell nothing.
        let wanted = wanted.as_deref().map(str::trim_end);
        wanted.is_none_or(|wanted| wanted == found.trim_end())
    };
    let token = is(&wanted.label, info.label())
        && is(&wanted.serial, info.serial_number())
        && is(&wanted.manufacturer, info.manufacturer_id())
        && is(&wanted.model, info.model())
        && wanted.slot.is_none_or(|number| number == slot.id());
    if !token || (wanted.slot_manufacturer.is_none() && wanted.slot_description.is_none()) {
        return Ok(token);
    }
    let slot = module.get_slot_info(slot)?;
    Ok(is(&wanted.slot_manufacturer, slot.manufacturer_id())
        && is(&wanted.slot_description, slot.slot_description()))
}

/// An object and the two names it has.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) handle: ObjectHandle,
    pub(crate) id: Vec<u8>,
    pub(crate) label: Vec<u8>,
}

impl Named {
    /// Whether the other is of the same key pair: by the identifier, as the standard recommends,
    /// or, where either has none, by the label.
    pub(crate) fn belongs_to(&self, other: &Self) -> bool {
        if self.id.is_empty() || other.id.is_empty() {
            self.label == other.label
        } else {
            self.id == other.id
        }
    }
}

/// The one private key that is as `wanted`.
pub(crate) fn private_key(
    session: &Session,
    wanted: &KeyMatch,
    token: &str,
) -> Result<Named, TokenError> {
    let keys = objects(session, ObjectClass::PRIVATE_KEY)?;
    let mut found = matching(session, &keys, wanted)?;
    match found.len() {
        0 | 1 => found.pop().ok_or_else(|| TokenError::NoKey {
            token: token.to_owned(),
            wanted: wanted.to_string(),
            present: keys
                .iter()
                .map(|key| format!("{:?}", String::from_utf8_lossy(&key.label)))
                .collect(),
        }),
        _ => Err(TokenError::ManyKeys {
            token: token.to_owned(),
            wanted: wanted.to_string(),
            ids: found.iter().map(|key| hex(&key.id)).collect(),
        }),
    }
}

fn matching(
    session: &Session,
    keys: &[Named],
    wanted: &KeyMatch,
) -> Result<Vec<Named>, TokenError> {
    let has_id = |key: &Named| wanted.id.as_ref().is_none_or(|id| *id == key.id);
    let Some(label) = wanted.label.as_deref().map(str::as_bytes) else {
        return Ok(keys.iter().filter(|key| has_id(key)).cloned().collect());
    };
    let labelled = |key: &&Named| key.label == label && has_id(key);
    let found: Vec<Named> = keys.iter().filter(labelled).cloned().collect();
    if !found.is_empty() {
        return Ok(found);
    }
    // Java's alias is the label of the certificate.
    let certificates = objects(session, ObjectClass::CERTIFICATE)?;
    let of_alias = |key: &&Named| {
        let mut certificates = certificates.iter().filter(|it| it.label == label);
        has_id(key) && certificates.any(|it| !it.id.is_empty() && it.id == key.id)
    };
    Ok(keys.iter().filter(of_alias).cloned().collect())
}

/// All objects of a class that the session may see, by their names.
pub(crate) fn objects(session: &Session, class: ObjectClass) -> Result<Vec<Named>, TokenError> {
    let mut named: Vec<Named> = Vec::new();
    for handle in session.find_objects(&[Attribute::Class(class)])? {
        let (mut id, mut label) = (Vec::new(), Vec::new());
        let names = [AttributeType::Id, AttributeType::Label];
        for attribute in session.get_attributes(handle, &names)? {
            match attribute {
                Attribute::Id(bytes) => id = bytes,
                Attribute::Label(bytes) => label = bytes,
                _ => {}
            }
        }
        named.push(Named { handle, id, label });
    }
    // Tokens give them in any order, and messages are to be the same each time.
    named.sort_by(|one, other| (&one.label, &one.id).cmp(&(&other.label, &other.id)));
    Ok(named)
}

/// The X.509 certificates on the token, those of `key` first.
pub(crate) fn certificates(
    session: &Session,
    key: &Named,
) -> Result<Vec<CertificateDer<'static>>, TokenError> {
    let mut found = objects(session, ObjectClass::CERTIFICATE)?;
    found.sort_by_key(|certificate| !certificate.belongs_to(key));
    let mut ders = Vec::new();
    for certificate in found {
        let wanted = [AttributeType::CertificateType, AttributeType::Value];
        let (mut is_x509, mut der) = (true, Vec::new());
        for attribute in session.get_attributes(certificate.handle, &wanted)? {
            match attribute {
                Attribute::CertificateType(kind) => is_x509 = kind == CertificateType::X_509,
                Attribute::Value(bytes) => der = bytes,
                _ => {}
            }
        }
        // A token may keep a certificate elsewhere and hold its address only.
        if is_x509 && !der.is_empty() {
            ders.push(CertificateDer::from(der));
        }
    }
    Ok(ders)
}
