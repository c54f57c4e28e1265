//! How much a suite protects, and what speaks against it.

use std::fmt;

use super::{Authentication, Cipher, KeyExchange, Mac, Suite};

/// How much a suite protects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// Forward secrecy, an AEAD, and a certificate or TLS 1.3: nothing speaks against it.
    Modern,
    /// Sound, and better left for compatibility.
    Acceptable,
    /// Not broken outright; not for anything new.
    Weak(Flaw),
    /// Broken, or without protection by construction.
    Dead(Flaw),
}

impl Strength {
    pub(super) fn of(suite: &Suite) -> Self {
        match Flaw::all_of(suite).next() {
            Some(flaw) if flaw.grade() == Grade::Dead => Self::Dead(flaw),
            Some(flaw) if flaw.grade() == Grade::Weak => Self::Weak(flaw),
            Some(_) => Self::Acceptable,
            None => Self::Modern,
        }
    }
}

/// What speaks against a suite; the gravest first, so that they sort by gravity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flaw {
    /// Nothing is encrypted.
    NoEncryption,
    /// Nobody proves who he is, so anybody may stand in between.
    Anonymous,
    /// Made weak on purpose.
    Export,
    /// RC4, broken (RFC 7465).
    Rc4,
    /// RC2 with 40 bits.
    Rc2,
    /// DES: 56 bits, or 40.
    Des,
    /// IDEA, withdrawn with TLS 1.2 (RFC 5469).
    Idea,
    /// 3DES: a block of 64 bits (Sweet32), no longer allowed by NIST.
    TripleDes,
    /// A MAC with MD5.
    Md5,
    /// Fortezza, never used outside of one government.
    Fortezza,
    /// Kerberos suites, implemented by nobody any more.
    Kerberos,
    /// RSA key exchange: no forward secrecy.
    RsaKeyExchange,
    /// Static Diffie-Hellman, with or without curves: no forward secrecy.
    StaticKeyExchange,
    /// A bare pre-shared key: no forward secrecy.
    PlainPsk,
    /// CBC with HMAC-SHA1.
    CbcSha1,
    /// DSA signatures, gone from the standards.
    Dss,
    /// SRP, which depends on SHA-1 and is being removed from libraries.
    Srp,
    /// GOST algorithms, which no other peer has.
    Gost,
    /// CBC with HMAC-SHA2, authenticated before it is encrypted.
    CbcSha2,
    /// Finite-field Diffie-Hellman: slow, and the group is the server's choice.
    FiniteField,
    /// A pre-shared key in place of a certificate: the peer's identity is who knows the key.
    Psk,
    /// A tag of 64 bits.
    ShortTag,
    /// A cipher or key exchange that hardly any peer has.
    Rare,
}

impl Flaw {
    const ALL: [Self; 23] = [
        Self::NoEncryption,
        Self::Anonymous,
        Self::Export,
        Self::Rc4,
        Self::Rc2,
        Self::Des,
        Self::Idea,
        Self::TripleDes,
        Self::Md5,
        Self::Fortezza,
        Self::Kerberos,
        Self::RsaKeyExchange,
        Self::StaticKeyExchange,
        Self::PlainPsk,
        Self::CbcSha1,
        Self::Dss,
        Self::Srp,
        Self::Gost,
        Self::CbcSha2,
        Self::FiniteField,
        Self::Psk,
        Self::ShortTag,
        Self::Rare,
    ];

    pub(super) fn all_of(suite: &Suite) -> impl Iterator<Item = Self> {
        // A signalling value is no suite, so nothing speaks against it.
        Self::ALL
            .into_iter()
            .filter(|flaw| !suite.is_signal() && flaw.is_in(suite))
    }

    fn grade(self) -> Grade {
        if self <= Self::Kerberos {
            Grade::Dead
        } else if self <= Self::Gost {
            Grade::Weak
        } else {
            Grade::Acceptable
        }
    }

    fn is_in(self, suite: &Suite) -> bool {
        let (cipher, mac) = (suite.cipher, suite.mac);
        let (key_exchange, authentication) = (suite.key_exchange, suite.authentication);
        match self {
            Self::NoEncryption => cipher == Cipher::Null,
            Self::Anonymous => authentication == Authentication::Anonymous,
            Self::Export => suite.is_export(),
            Self::Rc4 => matches!(cipher, Cipher::Rc4_40 | Cipher::Rc4_56 | Cipher::Rc4_128),
            Self::Rc2 => cipher == Cipher::Rc2_40Cbc,
            Self::Des => matches!(cipher, Cipher::DesCbc | Cipher::Des40Cbc),
            Self::Idea => cipher == Cipher::IdeaCbc,
            Self::TripleDes => cipher == Cipher::TripleDesCbc,
            Self::Md5 => mac == Mac::Md5,
            Self::Fortezza => key_exchange == KeyExchange::Fortezza,
            Self::Kerberos => key_exchange == KeyExchange::Kerberos,
            Self::RsaKeyExchange => key_exchange == KeyExchange::Rsa,
            Self::StaticKeyExchange => {
                authentication != Authentication::Anonymous
                    && matches!(key_exchange, KeyExchange::Dh | KeyExchange::Ecdh)
            }
            Self::PlainPsk => key_exchange == KeyExchange::Psk,
            Self::CbcSha1 => is_cbc(cipher) && mac == Mac::Sha1,
            Self::Dss => authentication == Authentication::Dss,
            Self::Srp => key_exchange == KeyExchange::Srp,
            Self::Gost => matches!(cipher, |Cipher::KuznyechikCtr| Cipher::KuznyechikMgm
                | Cipher::MagmaCtr
                | Cipher::MagmaMgm
                | Cipher::Gost28147Cnt),
            Self::CbcSha2 => is_cbc(cipher) && matches!(mac, Mac::Sha256 | Mac::Sha384),
            Self::FiniteField => key_exchange == KeyExchange::Dhe,
            Self::Psk => authentication == Authentication::Psk,
            Self::ShortTag => matches!(cipher, Cipher::Aes128Ccm8 | Cipher::Aes256Ccm8),
            Self::Rare => key_exchange == KeyExchange::EccPassword || is_rare(cipher),
        }
    }
}

fn is_cbc(cipher: Cipher) -> bool {
    matches!(
        cipher,
        Cipher::Aes128Cbc
            | Cipher::Aes256Cbc
            | Cipher::Camellia128Cbc
            | Cipher::Camellia256Cbc
            | Cipher::Aria128Cbc
            | Cipher::Aria256Cbc
            | Cipher::SeedCbc
            | Cipher::IdeaCbc
            | Cipher::TripleDesCbc
            | Cipher::DesCbc
            | Cipher::Des40Cbc
            | Cipher::Rc2_40Cbc
            | Cipher::FortezzaCbc
    )
}

fn is_rare(cipher: Cipher) -> bool {
    matches!(
        cipher,
        Cipher::Camellia128Gcm
            | Cipher::Camellia256Gcm
            | Cipher::Camellia128Cbc
            | Cipher::Camellia256Cbc
            | Cipher::Aria128Gcm
            | Cipher::Aria256Gcm
            | Cipher::Aria128Cbc
            | Cipher::Aria256Cbc
            | Cipher::Sm4Gcm
            | Cipher::Sm4Ccm
            | Cipher::Aegis128l
            | Cipher::Aegis256
            | Cipher::SeedCbc
    )
}

/// Without article or full stop, to stand after "because of" or in a list.
impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoEncryption => "no encryption at all",
            Self::Anonymous => "no authentication: anybody may stand in between",
            Self::Export => "export grade",
            Self::Rc4 => "RC4, which is broken",
            Self::Rc2 => "RC2 with 40 bits",
            Self::Des => "DES, which is too short",
            Self::Idea => "IDEA, withdrawn with TLS 1.2",
            Self::TripleDes => "3DES, whose blocks of 64 bits leak (Sweet32)",
            Self::Md5 => "a MAC with MD5",
            Self::Fortezza => "Fortezza, which no peer has",
            Self::Kerberos => "Kerberos suites, which no peer has any more",
            Self::RsaKeyExchange => "RSA key exchange, so no forward secrecy",
            Self::StaticKeyExchange => "static Diffie-Hellman, so no forward secrecy",
            Self::PlainPsk => "a bare pre-shared key, so no forward secrecy",
            Self::CbcSha1 => "CBC with HMAC-SHA1",
            Self::Dss => "DSA signatures, gone from the standards",
            Self::Srp => "SRP, which libraries are removing",
            Self::Gost => "GOST algorithms, which few peers have",
            Self::CbcSha2 => "CBC, authenticated before it is encrypted",
            Self::FiniteField => {
                "finite-field Diffie-Hellman, slow and with a group of the server's choice"
            }
            Self::Psk => "a pre-shared key in place of a certificate",
            Self::ShortTag => "a tag of 64 bits",
            Self::Rare => "algorithms that few peers have",
        })
    }
}

#[derive(PartialEq, Eq)]
enum Grade {
    Dead,
    Weak,
    Acceptable,
}
