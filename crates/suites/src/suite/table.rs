//! The table itself: one row a suite, in files by family.
//!
//! Code point, registered name, key exchange, authentication, cipher, MAC, first and last version;
//! how JSSE knows it; OpenSSL's and GnuTLS's name, `-` where they have none. What follows from
//! these is computed, not listed.

mod dead;
mod dhe;
mod ecdhe;
mod other;
mod psk;
mod rsa;
mod tls13;

use super::Suite;

/// The families, the most useful first.
pub(super) const TABLES: [&[Suite]; 7] = [
    tls13::TABLE,
    ecdhe::TABLE,
    dhe::TABLE,
    rsa::TABLE,
    psk::TABLE,
    other::TABLE,
    dead::TABLE,
];

macro_rules! table {
    ($(
        $code:literal $name:literal $key_exchange:ident $authentication:ident
        $cipher:ident $mac:ident $first:ident $last:ident
        [$jsse:ident $($ssl:literal)?] $openssl:tt $gnutls:tt;
    )*) => {
        pub(super) const TABLE: &[crate::suite::Suite] = &[$(
            crate::suite::Suite {
                code: $code,
                name: $name,
                in_jsse: crate::suite::InJsse::$jsse $(($ssl))?,
                openssl: super::maybe!($openssl),
                gnutls: super::maybe!($gnutls),
                key_exchange: crate::suite::KeyExchange::$key_exchange,
                authentication: crate::suite::Authentication::$authentication,
                cipher: crate::suite::Cipher::$cipher,
                mac: crate::suite::Mac::$mac,
                first: crate::version::Version::$first,
                last: crate::version::Version::$last,
            },
        )*];
    };
}
use table;

macro_rules! maybe {
    (-) => {
        None
    };
    ($name:literal) => {
        Some($name)
    };
}
use maybe;
