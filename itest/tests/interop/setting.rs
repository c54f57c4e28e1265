use std::fmt;

use ringlock_itest::{
    OrFail as _,
    testkit::cassandra::{CASSANDRA_3_11, Release},
};
use ringlock_model::{Mode, Security};

/// What the nodes ask of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Setting {
    /// Everybody accepts both kinds who can; n2 dials in plaintext where everybody does.
    Optional,
    /// TLS alone, and only who is dialled shows a certificate.
    OneSided,
    /// TLS alone, with certificates of both sides.
    Mutual,
}

/// How a node is missed for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outage {
    /// It stands still, and then goes on where it was.
    Pause,
    /// It ends and is started again.
    Restart,
}

impl Setting {
    /// All of them, in the order in which a cluster takes them.
    pub(crate) const ALL: [Self; 3] = [Self::Optional, Self::OneSided, Self::Mutual];

    /// The mode of the agent before the node with that index.
    pub(crate) fn mode(self, release: &Release, index: usize) -> Mode {
        let mode = match self {
            Self::Optional if self.is_plaintext_from(release, index) => "none+optional",
            Self::Optional => "all+optional",
            Self::OneSided | Self::Mutual => "all",
        };
        mode.parse().or_fail("reading a mode")
    }

    /// Whether certificates are asked of those who dial.
    pub(crate) fn client_auth(self) -> bool {
        self == Self::Mutual
    }

    /// Whether the native node accepts plaintext, where its version knows such an option. It is
    /// started anew for the last setting only.
    pub(crate) fn native_optional(self, release: &Release) -> Option<bool> {
        (release != &CASSANDRA_3_11).then_some(self != Self::Mutual)
    }

    /// Under the last setting every node but n1 is started anew, so that all links are.
    pub(crate) fn outage(self) -> Outage {
        if self == Self::Mutual {
            Outage::Restart
        } else {
            Outage::Pause
        }
    }

    /// Whether a link that the node with that index dials is in clear. With 3.11 none is: a node of
    /// it that does TLS for all has no port for plaintext, where n2 could dial it.
    pub(crate) fn is_plaintext_from(self, release: &Release, index: usize) -> bool {
        self == Self::Optional && index == 1 && release != &CASSANDRA_3_11
    }

    /// In the names of keyspaces and rows.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Optional => "optional",
            Self::OneSided => "one_sided",
            Self::Mutual => "mutual",
        }
    }

    /// What is wrong with a link from the node with that index, as an agent at its one end sees
    /// it.
    pub(crate) fn judge(
        self,
        release: &Release,
        from: usize,
        at_dialler: bool,
        security: &Security,
    ) -> Result<(), String> {
        let shows_certificate = at_dialler || self.client_auth();
        let right = match security {
            Security::Plaintext { .. } => self.is_plaintext_from(release, from),
            Security::Tls(facts) => {
                !self.is_plaintext_from(release, from)
                    && facts.identity.is_some() == shows_certificate
            }
            Security::Native(_) => false,
        };
        if right {
            Ok(())
        } else {
            Err(format!("a link of n{} is {security:?}", from + 1))
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Optional => "optional",
            Self::OneSided => "TLS, not mutual",
            Self::Mutual => "mutual TLS",
        })
    }
}
