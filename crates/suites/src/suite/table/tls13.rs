//! TLS 1.3 (RFC 8446 and later), which leaves key exchange and authentication to other messages,
//! and the signalling values that stand among suites without being any.

use super::table;

table! {
    0x00C6 "TLS_SM4_GCM_SM3" Any Any Sm4Gcm Aead Tls13 Tls13 [No] - -;
    0x00C7 "TLS_SM4_CCM_SM3" Any Any Sm4Ccm Aead Tls13 Tls13 [No] - -;
    0x00FF "TLS_EMPTY_RENEGOTIATION_INFO_SCSV" Nothing Nothing Nothing Nothing Ssl3 Tls12 [Yes] - -;
    0x1301 "TLS_AES_128_GCM_SHA256" Any Any Aes128Gcm Aead Tls13 Tls13 [Yes] "TLS_AES_128_GCM_SHA256" "TLS_AES_128_GCM_SHA256";
    0x1302 "TLS_AES_256_GCM_SHA384" Any Any Aes256Gcm Aead Tls13 Tls13 [Yes] "TLS_AES_256_GCM_SHA384" "TLS_AES_256_GCM_SHA384";
    0x1303 "TLS_CHACHA20_POLY1305_SHA256" Any Any Chacha20Poly1305 Aead Tls13 Tls13 [Since11] "TLS_CHACHA20_POLY1305_SHA256" "TLS_CHACHA20_POLY1305_SHA256";
    0x1304 "TLS_AES_128_CCM_SHA256" Any Any Aes128Ccm Aead Tls13 Tls13 [No] - "TLS_AES_128_CCM_SHA256";
    0x1305 "TLS_AES_128_CCM_8_SHA256" Any Any Aes128Ccm8 Aead Tls13 Tls13 [No] - "TLS_AES_128_CCM_8_SHA256";
    0x1306 "TLS_AEGIS_256_SHA384" Any Any Aegis256 Aead Tls13 Tls13 [No] - -;
    0x1307 "TLS_AEGIS_128L_SHA256" Any Any Aegis128l Aead Tls13 Tls13 [No] - -;
    0x5600 "TLS_FALLBACK_SCSV" Nothing Nothing Nothing Nothing Ssl3 Tls12 [No] - -;
    0xC0B4 "TLS_SHA256_SHA256" Any Any Null Sha256 Tls13 Tls13 [No] - -;
    0xC0B5 "TLS_SHA384_SHA384" Any Any Null Sha384 Tls13 Tls13 [No] - -;
    0xC103 "TLS_GOSTR341112_256_WITH_KUZNYECHIK_MGM_L" Any Any KuznyechikMgm Aead Tls13 Tls13 [No] - -;
    0xC104 "TLS_GOSTR341112_256_WITH_MAGMA_MGM_L" Any Any MagmaMgm Aead Tls13 Tls13 [No] - -;
    0xC105 "TLS_GOSTR341112_256_WITH_KUZNYECHIK_MGM_S" Any Any KuznyechikMgm Aead Tls13 Tls13 [No] - -;
    0xC106 "TLS_GOSTR341112_256_WITH_MAGMA_MGM_S" Any Any MagmaMgm Aead Tls13 Tls13 [No] - -;
}
