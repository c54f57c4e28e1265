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
    fn the_first_group_is_hybrid_post_quantum() {
        let name = provider().kx_groups[0].name();
        assert_eq!(name, rustls::NamedGroup::X25519MLKEM768);
    }
}
