//! What GnuTLS demands of the peer's certificates and groups.

use std::fmt;

/// What a peer's certificate chain must reach, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// Nothing.
    None,
    /// RSA of 767 bits.
    VeryWeak,
    /// RSA of 1024 bits, elliptic curves of 160.
    Low,
    /// RSA of 1776 bits, elliptic curves of 192.
    Legacy,
    /// RSA of 2048 bits, elliptic curves of 224.
    Medium,
    /// RSA of 3072 bits, elliptic curves of 256.
    High,
    /// RSA of 8192 bits, elliptic curves of 384.
    Ultra,
    /// RSA of 15360 bits, elliptic curves of 512.
    Future,
    /// Suite B (RFC 6460) at 128 bits.
    SuiteB128,
    /// Suite B (RFC 6460) at 192 bits.
    SuiteB192,
}

impl Profile {
    /// The bits that an RSA key of the chain must have; `None` where only certain curves will do.
    #[must_use]
    pub fn rsa_bits(self) -> Option<u16> {
        match self {
            Self::None => Some(0),
            Self::SuiteB128 | Self::SuiteB192 => None,
            profile => Some(profile.level().dh_bits()),
        }
    }

    /// The level that comes with `%PROFILE_` and this name.
    pub(super) fn level(self) -> Level {
        match self {
            Self::None => Level::Unset,
            Self::VeryWeak => Level::VeryWeak,
            Self::Low => Level::Low,
            Self::Legacy => Level::Legacy,
            Self::Medium => Level::Medium,
            Self::High | Self::SuiteB128 => Level::High,
            Self::Ultra | Self::SuiteB192 => Level::Ultra,
            Self::Future => Level::Future,
        }
    }

    /// The profile that an option `%PROFILE_NAME` sets.
    pub(super) fn of_option(option: &str) -> Option<Self> {
        Some(match option.strip_prefix("PROFILE_")? {
            "VERY_WEAK" => Self::VeryWeak,
            "LOW" => Self::Low,
            "LEGACY" => Self::Legacy,
            "MEDIUM" => Self::Medium,
            "HIGH" => Self::High,
            "ULTRA" => Self::Ultra,
            "FUTURE" => Self::Future,
            // Both: in 3.7.9 the longer one sets the shorter one's profile.
            "SUITEB128" | "SUITEB192" => Self::SuiteB128,
            _ => return None,
        })
    }
}

/// As an option spells it.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::VeryWeak => "VERY_WEAK",
            Self::Low => "LOW",
            Self::Legacy => "LEGACY",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Ultra => "ULTRA",
            Self::Future => "FUTURE",
            Self::SuiteB128 => "SUITEB128",
            Self::SuiteB192 => "SUITEB192",
        })
    }
}

/// What a peer's finite-field group must reach, the least first; `Unset` demands nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// No demand.
    Unset,
    /// 767 bits.
    VeryWeak,
    /// 1008 bits.
    Weak,
    /// 1024 bits.
    Low,
    /// 1776 bits.
    Legacy,
    /// 2048 bits.
    Medium,
    /// 3072 bits.
    High,
    /// 8192 bits.
    Ultra,
    /// 15360 bits.
    Future,
}

impl Level {
    /// The bits that the prime of a group must have.
    #[must_use]
    pub fn dh_bits(self) -> u16 {
        match self {
            Self::Unset => 0,
            Self::VeryWeak => 767,
            Self::Weak => 1008,
            Self::Low => 1024,
            Self::Legacy => 1776,
            Self::Medium => 2048,
            Self::High => 3072,
            Self::Ultra => 8192,
            Self::Future => 15360,
        }
    }
}
