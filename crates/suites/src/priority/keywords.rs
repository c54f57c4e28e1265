//! The keywords that stand for whole lists.

use super::strength::{Level, Profile};
use crate::version::Version;

/// What a keyword stands for.
pub(super) struct Keyword {
    /// As the string spells it, in any case.
    pub(super) name: &'static str,
    /// Another spelling of the same.
    pub(super) alias: Option<&'static str>,
    /// Only Suite B says anything of versions.
    pub(super) versions: Option<&'static [Version]>,
    pub(super) ciphers: &'static [&'static str],
    pub(super) macs: &'static [&'static str],
    pub(super) key_exchanges: &'static [&'static str],
    pub(super) groups: &'static [&'static str],
    pub(super) signatures: &'static [&'static str],
    pub(super) profile: Profile,
    pub(super) level: Level,
}

impl Keyword {
    /// The keyword of this name, in any case.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        KEYWORDS.iter().find(|keyword| {
            keyword.name.eq_ignore_ascii_case(name)
                || keyword
                    .alias
                    .is_some_and(|alias| alias.eq_ignore_ascii_case(name))
        })
    }

    /// All spellings.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        KEYWORDS
            .iter()
            .flat_map(|keyword| [Some(keyword.name), keyword.alias])
            .flatten()
    }
}

/// What is enabled before anything is read, and what `VERS-ALL` stands for.
pub(super) const VERSIONS: &[Version] = &[
    Version::Tls13,
    Version::Tls12,
    Version::Tls11,
    Version::Tls10,
    Version::Dtls12,
    Version::Dtls10,
];

pub(super) const CIPHERS: &[&str] = &[
    "AES-256-GCM",
    "CHACHA20-POLY1305",
    "AES-256-CCM",
    "AES-256-CBC",
    "AES-128-GCM",
    "AES-128-CCM",
    "AES-128-CBC",
];
/// With AES instructions; without them ChaCha20 comes first.
const CIPHERS_PERFORMANCE: &[&str] = &[
    "AES-128-GCM",
    "AES-256-GCM",
    "CHACHA20-POLY1305",
    "AES-128-CCM",
    "AES-256-CCM",
    "AES-128-CBC",
    "AES-256-CBC",
];
const CIPHERS_SECURE128: &[&str] = &[
    "AES-256-GCM",
    "CHACHA20-POLY1305",
    "AES-256-CBC",
    "AES-256-CCM",
    "AES-128-GCM",
    "AES-128-CBC",
    "AES-128-CCM",
];
const CIPHERS_SECURE192: &[&str] = &[
    "AES-256-GCM",
    "CHACHA20-POLY1305",
    "AES-256-CBC",
    "AES-256-CCM",
];
const CIPHERS_SUITEB128: &[&str] = &["AES-256-GCM", "AES-128-GCM"];
const CIPHERS_SUITEB192: &[&str] = &["AES-256-GCM"];

pub(super) const MACS: &[&str] = &["SHA1", "AEAD"];
const MACS_AEAD: &[&str] = &["AEAD"];

pub(super) const KEY_EXCHANGES: &[&str] = &["ECDHE-ECDSA", "ECDHE-RSA", "RSA", "DHE-RSA"];
const KEY_EXCHANGES_PERFORMANCE: &[&str] = &["RSA", "ECDHE-ECDSA", "ECDHE-RSA", "DHE-RSA"];
const KEY_EXCHANGES_PFS: &[&str] = &["ECDHE-ECDSA", "ECDHE-RSA", "DHE-RSA"];
const KEY_EXCHANGES_SUITEB: &[&str] = &["ECDHE-ECDSA"];

pub(super) const GROUPS_CURVES: &[&str] =
    &["SECP256R1", "SECP384R1", "SECP521R1", "X25519", "X448"];
pub(super) const GROUPS_FIELDS: &[&str] = &[
    "FFDHE2048",
    "FFDHE3072",
    "FFDHE4096",
    "FFDHE6144",
    "FFDHE8192",
];
pub(super) const GROUPS_GOST: &[&str] = &[
    "GC256A", "GC256B", "GC256C", "GC256D", "GC512A", "GC512B", "GC512C",
];
pub(super) const GROUPS: &[&str] = &[
    "SECP256R1",
    "SECP384R1",
    "SECP521R1",
    "X25519",
    "X448",
    "FFDHE2048",
    "FFDHE3072",
    "FFDHE4096",
    "FFDHE6144",
    "FFDHE8192",
];
const GROUPS_SECURE192: &[&str] = &["SECP384R1", "SECP521R1", "FFDHE8192"];
const GROUPS_SUITEB128: &[&str] = &["SECP256R1", "SECP384R1"];
const GROUPS_SUITEB192: &[&str] = &["SECP384R1"];

pub(super) const SIGNATURES: &[&str] = &[
    "RSA-SHA256",
    "RSA-PSS-SHA256",
    "RSA-PSS-RSAE-SHA256",
    "ECDSA-SHA256",
    "ECDSA-SECP256R1-SHA256",
    "EdDSA-Ed25519",
    "RSA-SHA384",
    "RSA-PSS-SHA384",
    "RSA-PSS-RSAE-SHA384",
    "ECDSA-SHA384",
    "ECDSA-SECP384R1-SHA384",
    "EdDSA-Ed448",
    "RSA-SHA512",
    "RSA-PSS-SHA512",
    "RSA-PSS-RSAE-SHA512",
    "ECDSA-SHA512",
    "ECDSA-SECP521R1-SHA512",
    "RSA-SHA1",
    "ECDSA-SHA1",
];
const SIGNATURES_SUITEB128: &[&str] = &[
    "ECDSA-SHA256",
    "ECDSA-SECP256R1-SHA256",
    "ECDSA-SHA384",
    "ECDSA-SECP384R1-SHA384",
];
const SIGNATURES_SUITEB192: &[&str] = &["ECDSA-SHA384", "ECDSA-SECP384R1-SHA384"];
pub(super) const SIGNATURES_GOST: &[&str] = &["GOSTR341012-256", "GOSTR341012-512"];
pub(super) const MAC_GOST: &str = "GOST28147-TC26Z-IMIT";
pub(super) const CIPHER_GOST: &str = "GOST28147-TC26Z-CNT";
pub(super) const KEY_EXCHANGE_GOST: &str = "VKO-GOST-12";

/// `SIGNATURES` without SHA-1, and without SHA-256 as well.
const SIGNATURES_SECURE128: &[&str] = SIGNATURES.split_at(17).0;
const SIGNATURES_SECURE192: &[&str] = SIGNATURES_SECURE128.split_at(6).1;

const NORMAL: Keyword = Keyword {
    name: "NORMAL",
    alias: None,
    versions: None,
    ciphers: CIPHERS,
    macs: MACS,
    key_exchanges: KEY_EXCHANGES,
    groups: GROUPS,
    signatures: SIGNATURES,
    profile: Profile::Low,
    level: Level::Weak,
};

const KEYWORDS: &[Keyword] = &[
    NORMAL,
    Keyword {
        name: "PERFORMANCE",
        ciphers: CIPHERS_PERFORMANCE,
        key_exchanges: KEY_EXCHANGES_PERFORMANCE,
        ..NORMAL
    },
    Keyword {
        name: "PFS",
        key_exchanges: KEY_EXCHANGES_PFS,
        ..NORMAL
    },
    Keyword {
        name: "SECURE128",
        alias: Some("SECURE"),
        ciphers: CIPHERS_SECURE128,
        signatures: SIGNATURES_SECURE128,
        level: Level::Low,
        ..NORMAL
    },
    Keyword {
        name: "SECURE192",
        alias: Some("SECURE256"),
        ciphers: CIPHERS_SECURE192,
        macs: MACS_AEAD,
        groups: GROUPS_SECURE192,
        signatures: SIGNATURES_SECURE192,
        profile: Profile::High,
        level: Level::High,
        ..NORMAL
    },
    Keyword {
        name: "SUITEB128",
        alias: None,
        versions: Some(&[Version::Tls12]),
        ciphers: CIPHERS_SUITEB128,
        macs: MACS_AEAD,
        key_exchanges: KEY_EXCHANGES_SUITEB,
        groups: GROUPS_SUITEB128,
        signatures: SIGNATURES_SUITEB128,
        profile: Profile::SuiteB128,
        level: Level::High,
    },
    Keyword {
        name: "SUITEB192",
        alias: None,
        versions: Some(&[Version::Tls12]),
        ciphers: CIPHERS_SUITEB192,
        macs: MACS_AEAD,
        key_exchanges: KEY_EXCHANGES_SUITEB,
        groups: GROUPS_SUITEB192,
        signatures: SIGNATURES_SUITEB192,
        profile: Profile::SuiteB192,
        level: Level::Ultra,
    },
    Keyword {
        name: "LEGACY",
        profile: Profile::None,
        level: Level::VeryWeak,
        ..NORMAL
    },
];
