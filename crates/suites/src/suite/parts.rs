//! What a suite is made of.

use std::fmt;

/// Declares an enum whose variants have one name each.
macro_rules! parts {
    ($(
        $(#[$about:meta])*
        $part:ident { $($variant:ident = $name:literal,)* }
    )*) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $part {
            $(
                #[doc = concat!("`", $name, "`.")]
                $variant,
            )*
        }

        impl fmt::Display for $part {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => $name,)*
                })
            }
        }
    )*};
}

parts! {
    /// How both sides come to a common key. Without an ephemeral exchange there is no forward
    /// secrecy: who gets the server's key later reads what was recorded before.
    KeyExchange {
        Any = "any",
        Ecdhe = "ECDHE",
        Dhe = "DHE",
        Rsa = "RSA",
        Ecdh = "ECDH",
        Dh = "DH",
        Psk = "PSK",
        Srp = "SRP",
        Kerberos = "KRB5",
        EccPassword = "ECCPWD",
        Gost = "VKO GOST",
        Fortezza = "FORTEZZA",
        Nothing = "none",
    }

    /// How the server proves who it is; for static Diffie-Hellman, what its certificate is signed
    /// with.
    Authentication {
        Any = "any",
        Rsa = "RSA",
        Ecdsa = "ECDSA",
        Dss = "DSS",
        Psk = "PSK",
        Anonymous = "anonymous",
        Srp = "SRP",
        Kerberos = "KRB5",
        EccPassword = "ECCPWD",
        Gost = "GOST",
        Nothing = "none",
    }

    /// What encrypts records.
    Cipher {
        Aes128Gcm = "AES_128_GCM",
        Aes256Gcm = "AES_256_GCM",
        Chacha20Poly1305 = "CHACHA20_POLY1305",
        Aes128Ccm = "AES_128_CCM",
        Aes256Ccm = "AES_256_CCM",
        Aes128Ccm8 = "AES_128_CCM_8",
        Aes256Ccm8 = "AES_256_CCM_8",
        Aes128Cbc = "AES_128_CBC",
        Aes256Cbc = "AES_256_CBC",
        Camellia128Gcm = "CAMELLIA_128_GCM",
        Camellia256Gcm = "CAMELLIA_256_GCM",
        Camellia128Cbc = "CAMELLIA_128_CBC",
        Camellia256Cbc = "CAMELLIA_256_CBC",
        Aria128Gcm = "ARIA_128_GCM",
        Aria256Gcm = "ARIA_256_GCM",
        Aria128Cbc = "ARIA_128_CBC",
        Aria256Cbc = "ARIA_256_CBC",
        Sm4Gcm = "SM4_GCM",
        Sm4Ccm = "SM4_CCM",
        Aegis128l = "AEGIS_128L",
        Aegis256 = "AEGIS_256",
        KuznyechikCtr = "KUZNYECHIK_CTR",
        KuznyechikMgm = "KUZNYECHIK_MGM",
        MagmaCtr = "MAGMA_CTR",
        MagmaMgm = "MAGMA_MGM",
        Gost28147Cnt = "28147_CNT",
        SeedCbc = "SEED_CBC",
        IdeaCbc = "IDEA_CBC",
        TripleDesCbc = "3DES_EDE_CBC",
        DesCbc = "DES_CBC",
        Des40Cbc = "DES40_CBC",
        Rc2_40Cbc = "RC2_CBC_40",
        Rc4_40 = "RC4_40",
        Rc4_56 = "RC4_56",
        Rc4_128 = "RC4_128",
        FortezzaCbc = "FORTEZZA_CBC",
        Null = "NULL",
        Nothing = "none",
    }

    /// What keeps records from being changed unseen.
    Mac {
        Aead = "AEAD",
        Sha1 = "HMAC-SHA1",
        Sha256 = "HMAC-SHA256",
        Sha384 = "HMAC-SHA384",
        Md5 = "HMAC-MD5",
        Omac = "OMAC",
        Imit = "IMIT",
        Nothing = "none",
    }
}

impl Cipher {
    /// Whether it is AES, in whichever mode.
    #[must_use]
    pub fn is_aes(self) -> bool {
        matches!(
            self,
            Self::Aes128Gcm
                | Self::Aes256Gcm
                | Self::Aes128Ccm
                | Self::Aes256Ccm
                | Self::Aes128Ccm8
                | Self::Aes256Ccm8
                | Self::Aes128Cbc
                | Self::Aes256Cbc
        )
    }
}
