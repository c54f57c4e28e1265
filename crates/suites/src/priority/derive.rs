//! From the lists to versions and suites.

use super::error::{Insufficient, PriorityError};
use super::read::Reading;
use super::warning::{Warning, WarningKind};
use super::{Priorities, names};
use crate::suite::{Authentication, Cipher, KeyExchange, Mac, Suite};
use crate::version::Version;

/// Does what GnuTLS does once a string is read, in the same order.
pub(super) fn derive(text: &str, mut lists: Reading) -> Result<Priorities, PriorityError> {
    let refused = |cause| PriorityError::insufficient(text, cause);
    let wanted_tls13 = lists.versions.contains(&Version::Tls13);
    if forbids_tls13(&lists) {
        lists.versions.retain(|version| *version != Version::Tls13);
    }
    if lists.versions.is_empty() {
        return Err(refused(Insufficient::Versions));
    }
    let before = Versions::of(&lists.versions);
    let psk = has_psk(&lists);
    if before.only_tls13 && !psk {
        lists.key_exchanges.clear();
    }
    let suites = suites(&lists);
    if !lists
        .signatures
        .iter()
        .any(|signature| fits_some_version(signature, &lists.versions))
    {
        // Versions that choose signature algorithms have none to choose from.
        lists.versions.retain(|version| {
            !matches!(version, Version::Tls12 | Version::Tls13 | Version::Dtls12)
        });
        if lists.versions.is_empty() {
            return Err(refused(Insufficient::Signatures));
        }
    }
    if suites.is_empty() {
        return Err(refused(Insufficient::Suites));
    }
    let without_group = !psk && before.tls13 && !has_usable_group(&lists);
    if without_group || before.has_gap {
        lists.versions.retain(|version| *version != Version::Tls13);
    }
    let mut priorities = assemble(text, lists, suites);
    let dropped = wanted_tls13 && !priorities.versions.contains(&Version::Tls13);
    look_at_the_whole(&mut priorities, dropped);
    Ok(priorities)
}

/// Whether GnuTLS uses a suite with this version of TLS.
pub(super) fn carries(version: Version, suite: &Suite) -> bool {
    !version.is_datagram() && first_version(suite) <= version && suite.fits(version)
}

/// The oldest TLS that GnuTLS uses a suite with: sometimes newer than the registry says.
pub(super) fn first_version(suite: &Suite) -> Version {
    let sha2 = matches!(suite.mac(), Mac::Sha256 | Mac::Sha384);
    if sha2 {
        Version::Tls12
    } else {
        suite.first_version().max(Version::Tls10)
    }
}

/// The oldest DTLS that GnuTLS uses a suite with.
pub(super) fn first_datagram_version(suite: &Suite) -> Option<Version> {
    let has_datagrams = !matches!(suite.cipher(), Cipher::Rc4_128 | Cipher::Gost28147Cnt);
    match first_version(suite) {
        Version::Tls13 => None,
        _ if !has_datagrams => None,
        Version::Tls12 => Some(Version::Dtls12),
        _ => Some(Version::Dtls09),
    }
}

struct Versions {
    tls13: bool,
    only_tls13: bool,
    /// TLS 1.3 and TLS 1.0 or 1.1, without TLS 1.2.
    has_gap: bool,
}

impl Versions {
    fn of(versions: &[Version]) -> Self {
        let has = |version| versions.contains(&version);
        let tls13 = has(Version::Tls13);
        let old = has(Version::Tls10) || has(Version::Tls11);
        Self {
            tls13,
            only_tls13: versions == [Version::Tls13],
            has_gap: tls13 && old && !has(Version::Tls12),
        }
    }
}

fn forbids_tls13(lists: &Reading) -> bool {
    lists.ciphers.contains(&"NULL")
        || lists.options.contains(&"NO_EXTENSIONS")
        || lists
            .key_exchanges
            .iter()
            .any(|name| name.starts_with("SRP") || *name == "RSA-PSK")
}

fn has_psk(lists: &Reading) -> bool {
    lists
        .key_exchanges
        .iter()
        .any(|name| matches!(*name, "PSK" | "DHE-PSK" | "ECDHE-PSK"))
}

/// The suites of TLS 1.3 by cipher; then the others by key exchange, then cipher, then MAC.
fn suites(lists: &Reading) -> Vec<&'static Suite> {
    let known: Vec<&'static Suite> = Suite::all()
        .filter(|suite| suite.name_in(crate::Vocabulary::GnuTls).is_some())
        .collect();
    let key_exchanges = lists
        .key_exchanges
        .iter()
        .filter_map(|name| key_exchange(name));
    let mut found = Vec::new();
    for (exchange, authentication) in
        std::iter::once((KeyExchange::Any, Authentication::Any)).chain(key_exchanges)
    {
        let of_exchange: Vec<&'static Suite> = known
            .iter()
            .copied()
            .filter(|s| s.key_exchange() == exchange && s.authentication() == authentication)
            .collect();
        for cipher in lists.ciphers.iter().filter_map(|name| cipher(name)) {
            let macs = lists.macs.iter().filter_map(|name| mac(name));
            found.extend(macs.filter_map(|mac| {
                of_exchange
                    .iter()
                    .find(|suite| suite.cipher() == cipher && suite.mac() == mac)
            }));
        }
    }
    found
}

fn key_exchange(name: &str) -> Option<(KeyExchange, Authentication)> {
    Some(match name {
        "ECDHE-RSA" => (KeyExchange::Ecdhe, Authentication::Rsa),
        "ECDHE-ECDSA" => (KeyExchange::Ecdhe, Authentication::Ecdsa),
        "RSA" => (KeyExchange::Rsa, Authentication::Rsa),
        "DHE-RSA" => (KeyExchange::Dhe, Authentication::Rsa),
        "DHE-DSS" => (KeyExchange::Dhe, Authentication::Dss),
        "PSK" => (KeyExchange::Psk, Authentication::Psk),
        "RSA-PSK" => (KeyExchange::Rsa, Authentication::Psk),
        "DHE-PSK" => (KeyExchange::Dhe, Authentication::Psk),
        "ECDHE-PSK" => (KeyExchange::Ecdhe, Authentication::Psk),
        "SRP-DSS" => (KeyExchange::Srp, Authentication::Dss),
        "SRP-RSA" => (KeyExchange::Srp, Authentication::Rsa),
        "SRP" => (KeyExchange::Srp, Authentication::Srp),
        "ANON-DH" => (KeyExchange::Dh, Authentication::Anonymous),
        "ANON-ECDH" => (KeyExchange::Ecdh, Authentication::Anonymous),
        "VKO-GOST-12" => (KeyExchange::Gost, Authentication::Gost),
        _ => return None,
    })
}

fn cipher(name: &str) -> Option<Cipher> {
    Some(match name {
        "AES-128-GCM" => Cipher::Aes128Gcm,
        "AES-256-GCM" => Cipher::Aes256Gcm,
        "CHACHA20-POLY1305" => Cipher::Chacha20Poly1305,
        "AES-128-CCM" => Cipher::Aes128Ccm,
        "AES-256-CCM" => Cipher::Aes256Ccm,
        "AES-128-CCM-8" => Cipher::Aes128Ccm8,
        "AES-256-CCM-8" => Cipher::Aes256Ccm8,
        "AES-128-CBC" => Cipher::Aes128Cbc,
        "AES-256-CBC" => Cipher::Aes256Cbc,
        "CAMELLIA-128-GCM" => Cipher::Camellia128Gcm,
        "CAMELLIA-256-GCM" => Cipher::Camellia256Gcm,
        "CAMELLIA-128-CBC" => Cipher::Camellia128Cbc,
        "CAMELLIA-256-CBC" => Cipher::Camellia256Cbc,
        "3DES-CBC" => Cipher::TripleDesCbc,
        "ARCFOUR-128" => Cipher::Rc4_128,
        "GOST28147-TC26Z-CNT" => Cipher::Gost28147Cnt,
        "NULL" => Cipher::Null,
        _ => return None,
    })
}

fn mac(name: &str) -> Option<Mac> {
    Some(match name {
        "AEAD" => Mac::Aead,
        "SHA1" => Mac::Sha1,
        "SHA256" => Mac::Sha256,
        "SHA384" => Mac::Sha384,
        "MD5" => Mac::Md5,
        "GOST28147-TC26Z-IMIT" => Mac::Imit,
        _ => return None,
    })
}

/// Whether a group is left for TLS 1.3, which is on: it takes curves and finite fields alike.
fn has_usable_group(lists: &Reading) -> bool {
    lists
        .groups
        .iter()
        .any(|group| names::GROUPS.contains(group))
}

/// Whether a signature algorithm can be chosen by one of these versions.
fn fits_some_version(signature: &str, versions: &[Version]) -> bool {
    let before_tls13 = || versions.iter().any(|version| *version != Version::Tls13);
    let tls13 = || versions.contains(&Version::Tls13);
    match signature {
        "ECDSA-SHA256" | "ECDSA-SHA384" | "ECDSA-SHA512" | "DSA-SHA1" | "GOSTR341012-256"
        | "GOSTR341012-512" => before_tls13(),
        name if name.starts_with("ECDSA-SECP") => tls13(),
        name => !is_never_chosen(name),
    }
}

/// Algorithms that GnuTLS holds insecure or that have no number in TLS.
fn is_never_chosen(signature: &str) -> bool {
    ["SHA3-", "SHA224", "RMD160", "MD5", "MD2"]
        .iter()
        .any(|part| signature.contains(part))
        || matches!(
            signature,
            "RSA-RAW" | "GOSTR341001" | "DSA-SHA256" | "DSA-SHA384" | "DSA-SHA512"
        )
}

fn assemble(text: &str, lists: Reading, suites: Vec<&'static Suite>) -> Priorities {
    Priorities {
        text: text.to_owned(),
        versions: lists.versions,
        ciphers: lists.ciphers,
        macs: lists.macs,
        key_exchanges: lists.key_exchanges,
        groups: lists.groups,
        signatures: lists.signatures,
        options: lists.options,
        profile: lists.profile,
        level: lists.level,
        suites,
        warnings: lists.warnings,
    }
}

/// What only the outcome shows.
fn look_at_the_whole(priorities: &mut Priorities, tls13_dropped: bool) {
    let tls: Vec<Version> = priorities
        .versions
        .iter()
        .copied()
        .filter(|version| !version.is_datagram())
        .collect();
    let mut found = Vec::new();
    if tls13_dropped {
        found.push(WarningKind::Tls13Dropped);
    }
    if priorities.versions.is_empty() {
        found.push(WarningKind::NoVersion);
    } else if tls.is_empty() {
        found.push(WarningKind::OnlyDatagrams);
    } else if priorities.usable_suites().next().is_none() {
        found.push(WarningKind::NoSuite);
    }
    let old: Vec<Version> = tls
        .iter()
        .copied()
        .filter(|version| version.is_deprecated())
        .collect();
    if !old.is_empty() {
        found.push(WarningKind::OldVersions(old));
    }
    let datagrams = tls.len() < priorities.versions.len();
    if datagrams && tls == [Version::Tls13] && !priorities.key_exchanges.is_empty() {
        found.push(WarningKind::DatagramsLeftOn);
    }
    if tls.windows(2).any(|pair| pair[0] < pair[1]) {
        found.push(WarningKind::OlderFirst);
    }
    priorities
        .warnings
        .extend(found.into_iter().map(Warning::of_all));
}
