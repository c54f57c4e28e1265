//! How each contender is told to carry one leg of a link.
//!
//! Every contender gets TLS 1.3, a certificate of its own, the same authority, and the order to
//! verify the other side, as client and as server. Beyond that each rival gets the settings that
//! its manual or a trial on this benchmark showed to be its best; the comments in the files say
//! why. All of them use as many threads as there are cores.

pub(super) mod haproxy;
pub(super) mod nginx;
pub(super) mod ringlock;
pub(super) mod stunnel;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::identity::Identity;

/// The suite that all rivals are held to: of the three of TLS 1.3 the cheapest on a CPU with AES
/// instructions. Left alone, OpenSSL would take the 256-bit one and lose a few percent.
const SUITE: &str = "TLS_AES_128_GCM_SHA256";
/// The cheapest group that OpenSSL has.
const GROUP: &str = "X25519";
/// More than twice the connections of any scenario.
const MAX_CONNECTIONS: usize = 5_000;

/// Which of the two proxies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Takes plaintext, dials TLS.
    Front,
    /// Takes TLS, gives plaintext.
    Back,
}

/// One of the two proxies of a link, as its configuration needs it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leg<'a> {
    /// Which of the two.
    pub(crate) side: Side,
    /// Where it listens.
    pub(crate) listen: SocketAddr,
    /// Where it connects to.
    pub(crate) target: SocketAddr,
    /// Its certificate, and whom it trusts.
    pub(crate) identity: &'a Identity,
    /// An existing folder of its own.
    pub(crate) dir: &'a Path,
    /// How many threads it may use.
    pub(crate) cores: usize,
}

impl Side {
    /// `front` or `back`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Front => "front",
            Self::Back => "back",
        }
    }
}

/// Writes a configuration file into the leg's folder.
fn write(leg: &Leg<'_>, name: &str, text: &str) -> Result<PathBuf> {
    let path = leg.dir.join(name);
    ringlock_files::write_atomic(&path, 0o600, text.as_bytes())?;
    Ok(path)
}
