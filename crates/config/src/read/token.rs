//! `ringlock.pkcs11`: the token that holds the node's private key.

use super::path;
use crate::{
    TokenChoice, TokenKey,
    keys::PKCS11,
    section::{Given, Reader, Section},
    value::{self, Wrong},
};

/// The token, if one is named.
pub(super) fn read(own: &Section<'_>, reader: &mut Reader) -> Given<TokenKey> {
    let Some(section) = own.below("pkcs11", &PKCS11, reader) else {
        return own.absent("pkcs11");
    };
    let module = path(&section, "module", reader);
    let uri = uri(&section, reader);
    let token = section.get("token", value::text, reader);
    let slot = section.get("slot", slot, reader);
    let key = section.get("key", value::text, reader);
    let others = [
        ("token", token.at()),
        ("slot", slot.at()),
        ("key", key.at()),
    ];
    let other = others
        .iter()
        .find_map(|(name, at)| at.map(|at| (*name, at)));
    if let (Given::Here(_, _), Some((name, at))) = (&uri, other) {
        let finding = reader.finding(at, &section.path_of(name), "contradicts uri");
        reader.report(finding.hint("give either uri, or token, slot and key"));
        return Given::Wrong;
    }
    let at = section.at();
    let choice = match (uri, option(token), option(slot), option(key)) {
        (Given::Here(uri, _), ..) => TokenChoice::Uri(uri),
        (Given::Absent, Some(None), Some(None), Some(_)) => {
            missing(
                &section,
                "token",
                "the token's label, or slot, or uri",
                reader,
            );
            return Given::Wrong;
        }
        (Given::Absent, Some(token), Some(slot), Some(key)) => {
            TokenChoice::Parts { token, slot, key }
        }
        _ => return Given::Wrong,
    };
    let module = match (module, &choice) {
        (Given::Here(module, _), _) => Some(module),
        (Given::Absent, TokenChoice::Uri(_)) => None,
        (Given::Absent, TokenChoice::Parts { .. }) => {
            missing(
                &section,
                "module",
                "the PKCS #11 library of the token",
                reader,
            );
            return Given::Wrong;
        }
        (Given::Wrong, _) => return Given::Wrong,
    };
    Given::Here(TokenKey { module, choice }, at)
}

/// The PIN does not belong into a URI, where it would be shown with it.
fn uri(section: &Section<'_>, reader: &mut Reader) -> Given<String> {
    let uri = section.get("uri", |text| Ok(text.to_owned()), reader);
    let Given::Here(text, at) = uri else {
        return uri;
    };
    if text.contains("pin-value") {
        let finding = reader.finding(at, &section.path_of("uri"), "holds the PIN (pin-value)");
        reader.report(finding.hint("give the PIN as keystore_password, or with pin-source"));
        return Given::Wrong;
    }
    if !text.starts_with("pkcs11:") {
        let finding = reader.finding(at, &section.path_of("uri"), "no URI of a token");
        reader.report(finding.expected("pkcs11:… as RFC 7512 has it"));
        return Given::Wrong;
    }
    Given::Here(text, at)
}

fn slot(text: &str) -> Result<u64, Wrong> {
    text.parse()
        .map_err(|_| Wrong::new("no number of a slot", "a number from 0 on"))
}

/// None if a finding was reported.
fn option<T>(given: Given<T>) -> Option<Option<T>> {
    match given {
        Given::Here(value, _) => Some(Some(value)),
        Given::Absent => Some(None),
        Given::Wrong => None,
    }
}

fn missing(section: &Section<'_>, key: &str, expected: &str, reader: &mut Reader) {
    let finding = reader.finding(section.at(), &section.path_of(key), "missing");
    reader.report(finding.expected(expected));
}
