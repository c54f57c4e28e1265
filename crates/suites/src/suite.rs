//! One cipher suite: its names, its parts, and what follows from them.

mod parts;
mod strength;
mod table;

#[cfg(test)]
mod tests;

use std::fmt;

pub use self::parts::{Authentication, Cipher, KeyExchange, Mac};
pub use self::strength::{Flaw, Strength};
use crate::java::{Java, JavaBan};
use crate::nearest;
use crate::version::Version;

/// A cipher suite, or one of the two signalling values that stand in lists of them.
///
/// The table holds the IANA registry and the few code points that only JSSE names. Two suites are
/// the same if their code points are.
#[derive(Clone)]
pub struct Suite {
    code: u16,
    name: &'static str,
    in_jsse: InJsse,
    openssl: Option<&'static str>,
    gnutls: Option<&'static str>,
    key_exchange: KeyExchange,
    authentication: Authentication,
    cipher: Cipher,
    mac: Mac,
    first: Version,
    last: Version,
}

impl Suite {
    /// Every suite, family by family, each family in the order of code points.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        table::TABLES.iter().copied().flatten()
    }

    /// The suite of a code point.
    #[must_use]
    pub fn by_code(code: u16) -> Option<&'static Self> {
        Self::all().find(|suite| suite.code == code)
    }

    /// The suite that any vocabulary calls by this name, in exactly this case.
    ///
    /// Where several vocabularies use the name, the answer is the first of IANA, JSSE, OpenSSL
    /// and GnuTLS; [`Suite::is_called`] asks for one of them.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Named> {
        Vocabulary::ALL.into_iter().find_map(|vocabulary| {
            Self::in_vocabulary(vocabulary, name).map(|suite| Named { suite, vocabulary })
        })
    }

    /// The suite that this vocabulary calls by this name, in exactly this case.
    #[must_use]
    pub fn in_vocabulary(vocabulary: Vocabulary, name: &str) -> Option<&'static Self> {
        Self::all().find(|suite| suite.is_called(name, vocabulary))
    }

    /// The name in this vocabulary that `written` most likely stands for: the same suite's, if it
    /// is a name elsewhere, or else the most similar one.
    #[must_use]
    pub fn nearest(written: &str, vocabulary: Vocabulary) -> Option<&'static str> {
        if let Some(named) = Self::by_name(written) {
            return named.suite.name_in(vocabulary);
        }
        let names = Self::all().filter_map(|suite| suite.name_in(vocabulary));
        nearest::nearest(written, names)
    }

    /// The two bytes on the wire.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The registered name; of the few code points that were never registered, the one by which
    /// JSSE knows them.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The name in one vocabulary, where that has one.
    #[must_use]
    pub fn name_in(&self, vocabulary: Vocabulary) -> Option<&'static str> {
        match vocabulary {
            Vocabulary::Iana => self.name.starts_with("TLS_").then_some(self.name),
            Vocabulary::Jsse => self.jsse(),
            Vocabulary::OpenSsl => self.openssl,
            Vocabulary::GnuTls => self.gnutls,
        }
    }

    /// The name that JSSE lists the suite by, whether or not Java disables it. Those from the time
    /// of SSL 3.0 begin with `SSL_` there.
    #[must_use]
    pub fn jsse(&self) -> Option<&'static str> {
        match self.in_jsse {
            InJsse::No => None,
            InJsse::Yes | InJsse::Since11 | InJsse::Only8 => Some(self.name),
            InJsse::Ssl(name) => Some(name),
        }
    }

    /// The other name that JSSE's setters take but its lists never show, so that Cassandra, which
    /// compares with the lists, drops it.
    #[must_use]
    pub fn jsse_alias(&self) -> Option<&'static str> {
        matches!(self.in_jsse, InJsse::Ssl(_)).then_some(self.name)
    }

    /// Whether `name` is one of the suite's names in this vocabulary, in exactly this case.
    #[must_use]
    pub fn is_called(&self, name: &str, vocabulary: Vocabulary) -> bool {
        self.name_in(vocabulary) == Some(name)
            || (vocabulary == Vocabulary::Jsse && self.jsse_alias() == Some(name))
    }

    /// How the key is agreed upon.
    #[must_use]
    pub fn key_exchange(&self) -> KeyExchange {
        self.key_exchange
    }

    /// How the server proves who it is.
    #[must_use]
    pub fn authentication(&self) -> Authentication {
        self.authentication
    }

    /// What encrypts the records.
    #[must_use]
    pub fn cipher(&self) -> Cipher {
        self.cipher
    }

    /// What keeps the records from being changed.
    #[must_use]
    pub fn mac(&self) -> Mac {
        self.mac
    }

    /// The oldest version that may use it.
    #[must_use]
    pub fn first_version(&self) -> Version {
        self.first
    }

    /// The newest version that may use it.
    #[must_use]
    pub fn last_version(&self) -> Version {
        self.last
    }

    /// Whether a connection of this version may use it.
    #[must_use]
    pub fn fits(&self, version: Version) -> bool {
        let like_tls = match version {
            Version::Dtls09 | Version::Dtls10 => Version::Tls11,
            Version::Dtls12 => Version::Tls12,
            tls => tls,
        };
        self.first <= like_tls && like_tls <= self.last
    }

    /// Whether encryption and integrity are one operation.
    #[must_use]
    pub fn is_aead(&self) -> bool {
        self.mac == Mac::Aead
    }

    /// Whether it is a signalling value, which is never negotiated.
    #[must_use]
    pub fn is_signal(&self) -> bool {
        self.cipher == Cipher::Nothing
    }

    /// Whether its ciphers were weakened for export from the United States, long ago.
    #[must_use]
    pub fn is_export(&self) -> bool {
        self.name.contains("_EXPORT")
    }

    /// Whether a JSSE of this release has code for it, disabled or not.
    #[must_use]
    pub fn is_in(&self, java: Java) -> bool {
        match self.in_jsse {
            InJsse::No => false,
            InJsse::Yes | InJsse::Ssl(_) => true,
            InJsse::Since11 => java.release >= 11,
            InJsse::Only8 => java.release == 8,
        }
    }

    /// Whether a JSSE of this release offers it as delivered: it is known and not disabled.
    #[must_use]
    pub fn is_offered_by(&self, java: Java) -> bool {
        self.is_in(java) && !self.bans().any(|ban| ban.holds_in(java))
    }

    /// The entries of `jdk.tls.disabledAlgorithms` that disable it in some release, as delivered.
    pub fn bans(&self) -> impl Iterator<Item = JavaBan> {
        JavaBan::all().filter(|ban| self.jsse().is_some() && ban.covers(self))
    }

    /// Whether a module validated to FIPS 140-3 may use it: AES, an approved key exchange, a
    /// certificate or an approved pre-shared key. By SP 800-52r2, SP 800-131A r2 and FIPS 186-5;
    /// the policy of a given module may allow less, and TLS 1.2 also needs the extended master
    /// secret (RFC 7627).
    #[must_use]
    pub fn is_allowed_by_fips(&self) -> bool {
        let key_exchange = match self.key_exchange {
            KeyExchange::Any
            | KeyExchange::Ecdhe
            | KeyExchange::Dhe
            | KeyExchange::Ecdh
            | KeyExchange::Dh
            | KeyExchange::Psk => true,
            KeyExchange::Rsa
            | KeyExchange::Srp
            | KeyExchange::Kerberos
            | KeyExchange::EccPassword
            | KeyExchange::Gost
            | KeyExchange::Fortezza
            | KeyExchange::Nothing => false,
        };
        let authentication = !matches!(
            self.authentication,
            Authentication::Anonymous | Authentication::Dss
        );
        key_exchange && authentication && self.cipher.is_aes()
    }

    /// How much it protects.
    #[must_use]
    pub fn strength(&self) -> Strength {
        Strength::of(self)
    }

    /// Everything that speaks against it, the gravest first.
    pub fn flaws(&self) -> impl Iterator<Item = Flaw> {
        Flaw::all_of(self)
    }

    /// The engine of Ringlock that carries it out; none for those that nobody should ask for, and
    /// for those that hardly any peer has.
    #[must_use]
    pub fn engine(&self) -> Option<Engine> {
        // What rustls offers with aws-lc-rs: TLS 1.3, and ECDHE with a certificate and an AEAD.
        const RUSTLS: [u16; 9] = [
            0x1301, 0x1302, 0x1303, 0xC02B, 0xC02C, 0xC02F, 0xC030, 0xCCA8, 0xCCA9,
        ];
        // What is left of AES in TLS 1.2: RSA key exchange, DHE with RSA, and CBC with ECDHE.
        const OPENSSL: [u16; 21] = [
            0x002F, 0x0033, 0x0035, 0x0039, 0x003C, 0x003D, 0x0067, 0x006B, 0x009C, 0x009D, 0x009E,
            0x009F, 0xC009, 0xC00A, 0xC013, 0xC014, 0xC023, 0xC024, 0xC027, 0xC028, 0xCCAA,
        ];
        if RUSTLS.contains(&self.code) {
            Some(Engine::Rustls)
        } else if OPENSSL.contains(&self.code) {
            Some(Engine::OpenSsl)
        } else {
            None
        }
    }

    /// Whether the BoringSSL that Cassandra 5.0 brings with Netty (tcnative 2.0.70) has it.
    #[must_use]
    pub fn is_in_boringssl(&self) -> bool {
        const BORINGSSL: [u16; 22] = [
            0x002F, 0x0035, 0x008C, 0x008D, 0x009C, 0x009D, 0x1301, 0x1302, 0x1303, 0xC009, 0xC00A,
            0xC013, 0xC014, 0xC02B, 0xC02C, 0xC02F, 0xC030, 0xC035, 0xC036, 0xCCA8, 0xCCA9, 0xCCAC,
        ];
        BORINGSSL.contains(&self.code)
    }
}

impl PartialEq for Suite {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl Eq for Suite {}

/// The registered name.
impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The registered name: the rest follows from it.
impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A suite that was found by a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// The suite.
    pub suite: &'static Suite,
    /// Whose name it is.
    pub vocabulary: Vocabulary,
}

/// Who calls suites by names of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Vocabulary {
    /// The registry of TLS parameters.
    Iana,
    /// Java's own TLS, and so Cassandra and DSE.
    Jsse,
    /// OpenSSL's cipher lists.
    OpenSsl,
    /// GnuTLS, and so ScyllaDB.
    GnuTls,
}

impl Vocabulary {
    /// Every vocabulary, in the order in which [`Suite::by_name`] asks.
    pub const ALL: [Self; 4] = [Self::Iana, Self::Jsse, Self::OpenSsl, Self::GnuTls];
}

impl fmt::Display for Vocabulary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Iana => "IANA",
            Self::Jsse => "JSSE",
            Self::OpenSsl => "OpenSSL",
            Self::GnuTls => "GnuTLS",
        })
    }
}

/// What carries TLS in the agent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Engine {
    /// rustls with the cryptography of aws-lc.
    #[default]
    Rustls,
    /// OpenSSL, for suites of TLS 1.2 that rustls leaves out on purpose.
    OpenSsl,
}

impl Engine {
    /// The name in status and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rustls => "rustls",
            Self::OpenSsl => "openssl",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How JSSE knows a suite.
#[derive(Clone, Copy)]
enum InJsse {
    /// Not at all, or by a number only.
    No,
    /// By the registered name.
    Yes,
    /// By the registered name, since Java 11.
    Since11,
    /// By the registered name, in Java 8 only.
    Only8,
    /// By this older name, and by the registered one as an alias.
    Ssl(&'static str),
}
