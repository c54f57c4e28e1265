use ringlock_suites::{Engine, Suite};
use rustls::{
    NamedGroup, SupportedCipherSuite, SupportedProtocolVersion,
    crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs},
    version::{TLS12, TLS13},
};

/// What handshakes have to choose from. A blank list is no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// `protocol` and `accepted_protocols`, in any order.
    pub versions: Vec<Version>,
    /// `cipher_suites` by their numbers in IANA's registry, the preferred one first. Numbers that
    /// [`engine`](Self::engine) does not carry out are passed over.
    pub suites: Vec<u16>,
    /// Whether only what FIPS 140 allows is offered: AES, without RSA key exchange; curves of NIST,
    /// alone or with ML-KEM; and in TLS 1.2 the extended master secret (RFC 7627) or nothing.
    pub fips: bool,
}

impl Offer {
    /// Who carries it out: rustls, unless it carries out none of the suites and OpenSSL does.
    pub fn engine(&self) -> Engine {
        let engines: Vec<_> = self.named().filter_map(Suite::engine).collect();
        match engines.contains(&Engine::Rustls) || engines.is_empty() {
            true => Engine::Rustls,
            false => Engine::OpenSsl,
        }
    }

    fn named(&self) -> impl Iterator<Item = &'static Suite> {
        self.suites.iter().filter_map(|code| Suite::by_code(*code))
    }
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

impl Version {
    /// Both, newest first.
    pub const ALL: [Self; 2] = [Self::Tls13, Self::Tls12];

    /// The name that JSSE and the databases have for it: `TLSv1.3`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tls12 => "TLSv1.2",
            Self::Tls13 => "TLSv1.3",
        }
    }

    fn of(suite: &SupportedCipherSuite) -> Self {
        match suite {
            SupportedCipherSuite::Tls12(_) => Self::Tls12,
            SupportedCipherSuite::Tls13(_) => Self::Tls13,
        }
    }

    fn library(self) -> &'static SupportedProtocolVersion {
        match self {
            Self::Tls12 => &TLS12,
            Self::Tls13 => &TLS13,
        }
    }
}

/// The suites of `offer` for OpenSSL, in their order; none unless TLS 1.2 is on offer.
pub(crate) fn legacy(offer: &Offer) -> Vec<&'static Suite> {
    let has_version = offer.versions.is_empty() || offer.versions.contains(&Version::Tls12);
    offer
        .named()
        .filter(|suite| has_version && suite.engine() == Some(Engine::OpenSsl))
        .filter(|suite| !offer.fips || suite.is_allowed_by_fips())
        .collect()
}

/// aws-lc-rs with the cipher suites of `offer`.
///
/// Unless the offer orders them, they stand as this processor carries them out fastest: where AES
/// is done in hardware AES-128-GCM comes first, since a link between nodes gains nothing that a
/// 256-bit key would add; elsewhere ChaCha20-Poly1305 does.
pub(crate) fn provider(offer: &Offer) -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    let first = if has_aes() { "AES_128" } else { "CHACHA20" };
    let place = |suite: &SupportedCipherSuite| {
        let number = u16::from(suite.suite());
        offer.suites.iter().position(|wanted| *wanted == number)
    };
    provider.cipher_suites.retain(|suite| {
        let version = offer.versions.is_empty() || offer.versions.contains(&Version::of(suite));
        let named = offer.suites.is_empty() || place(suite).is_some();
        version && named && (!offer.fips || is_allowed_by_fips(suite))
    });
    if offer.fips {
        // X25519 is no curve of NIST's; beside ML-KEM its share is no more than an addition
        // (SP 800-56C r2 §2).
        let group = |group: &&dyn SupportedKxGroup| group.name() != NamedGroup::X25519;
        provider.kx_groups.retain(group);
    }
    provider.cipher_suites.sort_by_key(|suite| {
        let name = format!("{:?}", suite.suite());
        // A stable sort: TLS 1.3 stays before TLS 1.2, ECDSA before RSA.
        (
            Version::of(suite) == Version::Tls12,
            place(suite),
            !name.contains(first),
        )
    });
    provider
}

fn is_allowed_by_fips(suite: &SupportedCipherSuite) -> bool {
    Suite::by_code(suite.suite().into()).is_some_and(Suite::is_allowed_by_fips)
}

/// The versions that the suites of `provider` are for, newest first.
pub(crate) fn versions(provider: &CryptoProvider) -> Vec<Version> {
    let offered = |version: &Version| {
        let mut suites = provider.cipher_suites.iter();
        suites.any(|suite| Version::of(suite) == *version)
    };
    Version::ALL.into_iter().filter(offered).collect()
}

/// The same for the TLS library.
pub(crate) fn library_versions(
    provider: &CryptoProvider,
) -> Vec<&'static SupportedProtocolVersion> {
    versions(provider)
        .into_iter()
        .map(Version::library)
        .collect()
}

/// The suites of `provider` by their IANA names.
pub(crate) fn names(provider: &CryptoProvider) -> Vec<&'static str> {
    let suites = provider.cipher_suites.iter();
    suites
        .filter_map(|suite| suite.suite().as_str().map(iana_name))
        .collect()
}

/// The IANA name of a suite; the library spells those of TLS 1.3 in its own way.
pub(crate) fn iana_name(name: &'static str) -> &'static str {
    match name {
        "TLS13_AES_128_GCM_SHA256" => "TLS_AES_128_GCM_SHA256",
        "TLS13_AES_256_GCM_SHA384" => "TLS_AES_256_GCM_SHA384",
        "TLS13_CHACHA20_POLY1305_SHA256" => "TLS_CHACHA20_POLY1305_SHA256",
        other => other,
    }
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn has_aes() -> bool {
    std::arch::is_x86_feature_detected!("aes") && std::arch::is_x86_feature_detected!("pclmulqdq")
}

#[cfg(target_arch = "aarch64")]
fn has_aes() -> bool {
    std::arch::is_aarch64_feature_detected!("aes")
        && std::arch::is_aarch64_feature_detected!("pmull")
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")))]
fn has_aes() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384.
    const ECDSA_AES_256: u16 = 0xC02C;
    /// TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256.
    const RSA_AES_128: u16 = 0xC02F;
    /// TLS_RSA_WITH_AES_256_CBC_SHA.
    const STATIC_RSA: u16 = 0x0035;

    #[test]
    fn no_suite_is_lost_and_tls_1_3_comes_first() {
        let suites = provider(&Offer::default()).cipher_suites;
        assert_eq!(
            suites.len(),
            aws_lc_rs::default_provider().cipher_suites.len()
        );
        let first_tls12 = suites.iter().position(|suite| suite.tls13().is_none());
        let tls13 = suites.iter().filter(|suite| suite.tls13().is_some());
        assert_eq!(first_tls12, Some(tls13.count()));
    }

    #[test]
    fn an_offer_names_the_versions() {
        let mut offer = Offer {
            versions: vec![Version::Tls12],
            ..Offer::default()
        };
        assert_eq!(versions(&provider(&offer)), [Version::Tls12]);
        offer.versions = vec![Version::Tls12, Version::Tls13];
        assert_eq!(versions(&provider(&offer)), Version::ALL);
    }

    #[test]
    fn an_offer_names_the_suites_in_its_own_order() {
        let offer = Offer {
            suites: vec![RSA_AES_128, STATIC_RSA, ECDSA_AES_256],
            ..Offer::default()
        };
        let provider = provider(&offer);
        assert_eq!(
            names(&provider),
            [
                "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
            ]
        );
        assert_eq!(versions(&provider), [Version::Tls12]);
    }

    #[test]
    fn a_suite_of_another_version_than_offered_is_none() {
        let offer = Offer {
            versions: vec![Version::Tls13],
            suites: vec![RSA_AES_128],
            ..Offer::default()
        };
        assert!(provider(&offer).cipher_suites.is_empty());
    }

    #[test]
    fn what_rustls_carries_out_is_what_the_table_of_suites_says() {
        for suite in Suite::all() {
            let mut carried = aws_lc_rs::ALL_CIPHER_SUITES.iter();
            assert_eq!(
                suite.engine() == Some(Engine::Rustls),
                carried.any(|carried| u16::from(carried.suite()) == suite.code()),
                "{suite}"
            );
        }
    }

    #[test]
    fn openssl_carries_out_only_what_has_nothing_for_rustls() {
        let engine = |suites: &[u16]| {
            let offer = Offer {
                suites: suites.to_vec(),
                ..Offer::default()
            };
            offer.engine()
        };
        const RC4: u16 = 0x0005;
        assert_eq!(engine(&[]), Engine::Rustls);
        assert_eq!(engine(&[STATIC_RSA, RSA_AES_128]), Engine::Rustls);
        assert_eq!(engine(&[STATIC_RSA, 0x1301]), Engine::Rustls);
        assert_eq!(engine(&[RC4]), Engine::Rustls);
        assert_eq!(engine(&[RC4, STATIC_RSA]), Engine::OpenSsl);
    }

    #[test]
    fn openssl_speaks_tls_1_2_alone() {
        let mut offer = Offer {
            versions: vec![Version::Tls13],
            suites: vec![0x0005, STATIC_RSA],
            ..Offer::default()
        };
        assert!(legacy(&offer).is_empty());
        offer.versions.push(Version::Tls12);
        let suites = legacy(&offer);
        assert_eq!(
            suites.iter().map(|it| it.code()).collect::<Vec<_>>(),
            [STATIC_RSA]
        );
    }

    #[test]
    fn suites_have_the_names_that_operators_know() {
        let provider = provider(&Offer::default());
        let names = names(&provider);
        assert_eq!(names.len(), provider.cipher_suites.len());
        assert!(names.contains(&"TLS_AES_128_GCM_SHA256"), "{names:?}");
        assert_eq!(Version::ALL.map(Version::as_str), ["TLSv1.3", "TLSv1.2"]);
    }

    #[test]
    fn under_fips_there_is_aes_with_forward_secrecy_on_curves_of_nist() {
        const DHE_RSA_AES_128: u16 = 0x0033;
        let mut offer = Offer {
            fips: true,
            ..Offer::default()
        };
        let provider = provider(&offer);
        let names = names(&provider);
        assert_eq!(names.len(), 6, "{names:?}");
        assert!(names.iter().all(|name| name.contains("AES")), "{names:?}");
        let groups: Vec<_> = provider
            .kx_groups
            .iter()
            .map(|group| group.name())
            .collect();
        assert!(!groups.contains(&NamedGroup::X25519), "{groups:?}");
        assert!(groups.contains(&NamedGroup::secp256r1), "{groups:?}");
        offer.suites = vec![STATIC_RSA, DHE_RSA_AES_128];
        let suites = legacy(&offer);
        assert_eq!(
            suites.iter().map(|it| it.code()).collect::<Vec<_>>(),
            [DHE_RSA_AES_128]
        );
    }

    #[test]
    fn the_first_group_is_hybrid_post_quantum() {
        let name = provider(&Offer::default()).kx_groups[0].name();
        assert_eq!(name, rustls::NamedGroup::X25519MLKEM768);
    }
}
