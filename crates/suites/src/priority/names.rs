//! The names of single items and options.

use crate::version::Version;

pub(super) const MACS: &[&str] = &[
    "SHA1",
    "SHA256",
    "SHA384",
    "SHA512",
    "SHA224",
    "UMAC-96",
    "UMAC-128",
    "AEAD",
    "MD5",
    "GOSTR341194",
    "STREEBOG-256",
    "STREEBOG-512",
    "AES-CMAC-128",
    "AES-CMAC-256",
    "AES-GMAC-128",
    "AES-GMAC-192",
    "AES-GMAC-256",
    "GOST28147-TC26Z-IMIT",
    "OMAC-MAGMA",
    "OMAC-KUZNYECHIK",
];

pub(super) const CIPHERS: &[&str] = &[
    "AES-256-CBC",
    "AES-192-CBC",
    "AES-128-CBC",
    "AES-128-GCM",
    "AES-192-GCM",
    "AES-256-GCM",
    "AES-128-CCM",
    "AES-256-CCM",
    "AES-128-CCM-8",
    "AES-256-CCM-8",
    "ARCFOUR-128",
    "ESTREAM-SALSA20-256",
    "SALSA20-256",
    "CHACHA20-32",
    "CHACHA20-64",
    "CAMELLIA-256-CBC",
    "CAMELLIA-192-CBC",
    "CAMELLIA-128-CBC",
    "CHACHA20-POLY1305",
    "CAMELLIA-128-GCM",
    "CAMELLIA-256-GCM",
    "GOST28147-TC26Z-CFB",
    "GOST28147-CPA-CFB",
    "GOST28147-CPB-CFB",
    "GOST28147-CPC-CFB",
    "GOST28147-CPD-CFB",
    "AES-128-CFB8",
    "AES-192-CFB8",
    "AES-256-CFB8",
    "AES-128-XTS",
    "AES-256-XTS",
    "AES-128-SIV",
    "AES-256-SIV",
    "GOST28147-TC26Z-CNT",
    "MAGMA-CTR-ACPKM",
    "KUZNYECHIK-CTR-ACPKM",
    "3DES-CBC",
    "DES-CBC",
    "RC2-40",
    "NULL",
];

pub(super) const KEY_EXCHANGES: &[&str] = &[
    "ECDHE-RSA",
    "ECDHE-ECDSA",
    "RSA",
    "DHE-RSA",
    "DHE-DSS",
    "PSK",
    "RSA-PSK",
    "DHE-PSK",
    "ECDHE-PSK",
    "SRP-DSS",
    "SRP-RSA",
    "SRP",
    "ANON-DH",
    "ANON-ECDH",
    "VKO-GOST-12",
];

/// A cipher and a key exchange that are known by name and built in nowhere: no error, no effect.
pub(super) const WITHOUT_EFFECT: &[&str] = &["ARCFOUR-40", "RSA-EXPORT"];

pub(super) const GROUPS: &[&str] = &[
    "SECP192R1",
    "SECP224R1",
    "SECP256R1",
    "SECP384R1",
    "SECP521R1",
    "X25519",
    "GC256A",
    "GC256B",
    "GC256C",
    "GC256D",
    "GC512A",
    "GC512B",
    "GC512C",
    "X448",
    "FFDHE2048",
    "FFDHE3072",
    "FFDHE4096",
    "FFDHE6144",
    "FFDHE8192",
];

/// Curves, and the groups that they are; a curve that only signs stands for itself.
pub(super) const CURVES: &[(&str, &str)] = &[
    ("SECP192R1", "SECP192R1"),
    ("SECP224R1", "SECP224R1"),
    ("SECP256R1", "SECP256R1"),
    ("SECP384R1", "SECP384R1"),
    ("SECP521R1", "SECP521R1"),
    ("X25519", "X25519"),
    ("X448", "X448"),
    ("Ed25519", "Ed25519"),
    ("Ed448", "Ed448"),
    ("CryptoPro-A", "CryptoPro-A"),
    ("CryptoPro-XchA", "CryptoPro-XchA"),
    ("TC26-256-B", "GC256B"),
    ("TC26-512-A", "GC512A"),
];

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
    "ECDSA-SHA3-224",
    "ECDSA-SHA3-256",
    "ECDSA-SHA3-384",
    "ECDSA-SHA3-512",
    "RSA-SHA3-224",
    "RSA-SHA3-256",
    "RSA-SHA3-384",
    "RSA-SHA3-512",
    "DSA-SHA3-224",
    "DSA-SHA3-256",
    "DSA-SHA3-384",
    "DSA-SHA3-512",
    "RSA-RAW",
    "RSA-SHA224",
    "RSA-RMD160",
    "DSA-SHA1",
    "DSA-SHA224",
    "DSA-SHA256",
    "RSA-MD5",
    "RSA-MD2",
    "ECDSA-SHA224",
    "GOSTR341012-512",
    "GOSTR341012-256",
    "GOSTR341001",
    "DSA-SHA384",
    "DSA-SHA512",
];

pub(super) const CERTIFICATE_TYPES: &[&str] = &["X509", "X.509", "RAWPK"];

pub(super) const OPTIONS: &[&str] = &[
    "COMPAT",
    "DUMBFW",
    "NO_EXTENSIONS",
    "NO_TICKETS",
    "NO_TICKETS_TLS12",
    "NO_ETM",
    "FORCE_ETM",
    "NO_SESSION_HASH",
    "STATELESS_COMPRESSION",
    "VERIFY_ALLOW_BROKEN",
    "VERIFY_ALLOW_SIGN_RSA_MD5",
    "VERIFY_ALLOW_SIGN_WITH_SHA1",
    "VERIFY_DISABLE_CRL_CHECKS",
    "SSL3_RECORD_VERSION",
    "LATEST_RECORD_VERSION",
    "VERIFY_ALLOW_X509_V1_CA_CRT",
    "UNSAFE_RENEGOTIATION",
    "SAFE_RENEGOTIATION",
    "PARTIAL_RENEGOTIATION",
    "DISABLE_SAFE_RENEGOTIATION",
    "FALLBACK_SCSV",
    "DISABLE_WILDCARDS",
    "SERVER_PRECEDENCE",
    "PROFILE_VERY_WEAK",
    "PROFILE_LOW",
    "PROFILE_LEGACY",
    "PROFILE_MEDIUM",
    "PROFILE_HIGH",
    "PROFILE_ULTRA",
    "PROFILE_FUTURE",
    "PROFILE_SUITEB128",
    "PROFILE_SUITEB192",
    "NEW_PADDING",
    "DEBUG_ALLOW_KEY_USAGE_VIOLATIONS",
    "ALLOW_SMALL_RECORDS",
    "DISABLE_TLS13_COMPAT_MODE",
];

/// Options that are accepted for the sake of old strings and do nothing.
pub(super) const OPTIONS_WITHOUT_EFFECT: &[&str] = &[
    "STATELESS_COMPRESSION",
    "VERIFY_ALLOW_X509_V1_CA_CRT",
    "NEW_PADDING",
];

/// Options that take protections away.
pub(super) const OPTIONS_THAT_WEAKEN: &[&str] = &[
    "COMPAT",
    "NO_EXTENSIONS",
    "NO_ETM",
    "NO_SESSION_HASH",
    "VERIFY_ALLOW_BROKEN",
    "VERIFY_ALLOW_SIGN_RSA_MD5",
    "VERIFY_ALLOW_SIGN_WITH_SHA1",
    "VERIFY_DISABLE_CRL_CHECKS",
    "UNSAFE_RENEGOTIATION",
    "DISABLE_SAFE_RENEGOTIATION",
    "DEBUG_ALLOW_KEY_USAGE_VIOLATIONS",
];

/// The name among `names`, in any case.
pub(super) fn find(names: &'static [&'static str], written: &str) -> Option<&'static str> {
    names
        .iter()
        .copied()
        .find(|name| name.eq_ignore_ascii_case(written))
}

/// The version that follows `VERS-`, in any case.
pub(super) fn version(written: &str) -> Option<Version> {
    Version::ALL
        .into_iter()
        .find(|version| version.gnutls_name().eq_ignore_ascii_case(written))
}

/// What follows `prefix`, which may be in any case.
pub(super) fn strip<'a>(written: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = written.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}
