use rustls::crypto::{CryptoProvider, aws_lc_rs};

/// aws-lc-rs with the cipher suites in the order that this processor carries out fastest.
///
/// Every suite of the provider stays on offer. Where AES is done in hardware AES-128-GCM comes
/// first, since a link between nodes gains nothing that a 256-bit key would add; elsewhere
/// ChaCha20-Poly1305 does.
pub(crate) fn provider() -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    let first = if has_aes() { "AES_128" } else { "CHACHA20" };
    provider.cipher_suites.sort_by_key(|suite| {
        let name = format!("{:?}", suite.suite());
        // A stable sort: TLS 1.3 stays before TLS 1.2, ECDSA before RSA.
        (suite.tls13().is_none(), !name.contains(first))
    });
    provider
}

/// The versions that the suites of `provider` are for, newest first, in JSSE's words.
pub(crate) fn protocols(provider: &CryptoProvider) -> Vec<&'static str> {
    let has = |tls13: bool| {
        let mut suites = provider.cipher_suites.iter();
        suites.any(|suite| suite.tls13().is_some() == tls13)
    };
    [("TLSv1.3", has(true)), ("TLSv1.2", has(false))]
        .into_iter()
        .filter_map(|(name, offered)| offered.then_some(name))
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

    #[test]
    fn no_suite_is_lost_and_tls_1_3_comes_first() {
        let suites = provider().cipher_suites;
        assert_eq!(
            suites.len(),
            aws_lc_rs::default_provider().cipher_suites.len()
        );
        let first_tls12 = suites.iter().position(|suite| suite.tls13().is_none());
        assert_eq!(first_tls12, Some(3));
    }

    #[test]
    fn versions_and_suites_have_the_names_that_operators_know() {
        let provider = provider();
        assert_eq!(protocols(&provider), ["TLSv1.3", "TLSv1.2"]);
        let names = names(&provider);
        assert_eq!(names.len(), provider.cipher_suites.len());
        assert!(names.contains(&"TLS_AES_128_GCM_SHA256"), "{names:?}");
        assert!(
            names.contains(&"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
            "{names:?}"
        );
    }

    #[test]
    fn the_first_group_is_hybrid_post_quantum() {
        let name = provider().kx_groups[0].name();
        assert_eq!(name, rustls::NamedGroup::X25519MLKEM768);
    }
}
