//! The interception rules: one nftables table of our own, `inet ringlock`.
//!
//! | chain | hook | what it does |
//! |---|---|---|
//! | `inbound` | nat, prerouting, -100 | a SYN from the network to a local address and an intercepted port goes to `inbound_port`; the address stays |
//! | `outbound` | nat, output, -100 | a SYN to the network and an intercepted port, not marked as the agent's, goes to `outbound_port` on loopback |
//! | `guard_input` | filter, input, 0 | such a SYN that was not redirected is reset; so is one dialled straight to a port of the agent |
//! | `guard_output` | filter, output, 0 | such a SYN that was not redirected is reset |
//!
//! *Pure SYNs only* (`tcp flags & (fin|syn|rst|ack) == syn`): the first NAT chain of a network
//! namespace switches connection tracking on, which then takes the next packet of every
//! established connection for a new connection. Redirecting that packet would kill it.
//!
//! *The guards* make interception fail closed. A SYN can miss the redirect when tracking knew its
//! connection before the rules were there (an unanswered SYN is sent again for minutes), or when
//! another table exempts it from tracking; it would reach the database, or the peer, in plaintext.
//!
//! *Loopback* is left alone, and with it whatever the namespace says to its own addresses.
//!
//! Every change is one transaction of the `nft` program, fed with JSON. Rules carry a comment that
//! names Ringlock and its version; a table with anything else in it is not ours and is refused.
//! No other table is read or touched. The calls run a program and wait for it, and act on the
//! network namespace of the calling thread.

mod decode;
mod encode;
mod nft;
mod table;

use std::fmt;

use nftables::schema::Nftables;

pub use self::nft::NftError;
use self::{nft::Nft, table::Table};

/// What is intercepted, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Where connections from the network go: the agent listens here on the intercepted
    /// addresses, or on all (`0.0.0.0` and `[::]`), since the address is kept.
    pub inbound_port: u16,
    /// Where the database's own connections go: the agent listens here on `127.0.0.1` and `[::1]`.
    pub outbound_port: u16,
    /// The mark of connections that are let through, which is [`Dialer::mark`](crate::Dialer::mark)
    /// of the agent; not 0, the mark of everybody else.
    pub mark: u32,
    /// The intercepted ports; the order means nothing.
    pub ports: Vec<u16>,
}

/// What the table `inet ringlock` of a network namespace holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// There is no such table.
    Absent,
    /// Connections are intercepted.
    Installed {
        /// As the kernel has them, ports ascending.
        rules: Rules,
        /// The version of Ringlock that installed them.
        version: String,
    },
    /// New connections are no longer intercepted; see [`release`].
    Released,
    /// The rules are Ringlock's, but not as this version writes them: another version's, or
    /// edited by hand. What they do is not known.
    Altered {
        /// The first difference.
        difference: String,
    },
    /// The table holds something that Ringlock did not write.
    Foreign {
        /// The first such thing.
        found: String,
    },
}

/// Why rules make no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRules {
    /// Nothing would be intercepted.
    #[error("no port to intercept is given")]
    NoPorts,
    /// Port 0 is no port.
    #[error("port 0 can neither be intercepted nor listened on")]
    ZeroPort,
    /// A connection redirected to the agent would be redirected again.
    #[error("port {0} is both intercepted and the agent's own")]
    OwnPort(u16),
    /// The direction of a connection is told by the port.
    #[error("inbound_port and outbound_port are both {0}")]
    SamePort(u16),
    /// Everybody else's connections carry mark 0 as well.
    #[error("mark 0 does not tell the agent's connections from others: give another number")]
    ZeroMark,
}

/// Why rules were not installed. Whatever the cause, none of them are in place half.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The rules make no sense.
    #[error("the interception rules make no sense: {0}")]
    Invalid(#[from] InvalidRules),
    /// The table's name is taken.
    #[error(
        "the nftables table `inet ringlock` is not Ringlock's, it holds {found}; nothing was changed"
    )]
    Foreign {
        /// What it holds.
        found: String,
    },
    /// The rules that were there before, if any, are there still.
    #[error("the interception rules were not installed: {0}")]
    NotApplied(#[source] NftError),
    /// Afterwards the kernel held something else; the table was removed.
    #[error("the interception rules were removed again: {difference}")]
    NotAsWritten {
        /// The first difference.
        difference: String,
    },
    /// Afterwards the kernel held something else, or did not say, and the table could not be
    /// removed either.
    #[error("the interception rules are in doubt ({difference}) and could not be removed: {error}")]
    InDoubt {
        /// What was found instead of the rules.
        difference: String,
        /// Why the table is still there.
        #[source]
        error: NftError,
    },
}

/// Why the table was not changed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// The table's name is taken.
    #[error(
        "the nftables table `inet ringlock` is not Ringlock's, it holds {found}; nothing was changed"
    )]
    Foreign {
        /// What it holds.
        found: String,
    },
    /// It is as it was.
    #[error("the interception rules were not removed: {0}")]
    NotApplied(#[from] NftError),
}

/// Installs the rules, in the place of those that are there, and reads them back.
///
/// At no moment are there no rules, or only some; connections that are redirected already stay
/// so. Nothing is done when these very rules are there.
///
/// # Errors
/// [`InstallError`]; needs `CAP_NET_ADMIN` and the program `nft`.
pub fn install(rules: &Rules) -> Result<(), InstallError> {
    install_by(&Nft::default(), rules)
}

/// Stops intercepting new connections, while established redirected ones go on living.
///
/// The table stays, with empty NAT chains and the guard of the agent's own ports (those of
/// `rules`, the rest of which means nothing here): that much keeps the kernel translating. On the
/// way back to plain connections this comes first; then the agent's connections are ended one by
/// one, and then comes [`remove`]. Says whether there was anything to release.
///
/// # Errors
/// [`RemoveError`]; needs `CAP_NET_ADMIN` and the program `nft`.
pub fn release(rules: &Rules) -> Result<bool, RemoveError> {
    let released = Table::released([rules.inbound_port, rules.outbound_port].into());
    change(&encode::replacement(&released))
}

/// Removes the table; says whether there was one.
///
/// Redirected connections that are still alive lose their translation, unless something else in
/// the network namespace keeps the kernel tracking: the far end gets a reset at its next packet,
/// while the agent's end hears nothing more until TCP gives up. [`release`] avoids that.
///
/// # Errors
/// [`RemoveError`]; needs `CAP_NET_ADMIN` and the program `nft`.
pub fn remove() -> Result<bool, RemoveError> {
    change(&encode::removal())
}

/// Says what the kernel holds.
///
/// # Errors
/// [`NftError`]; needs `CAP_NET_ADMIN` and the program `nft`.
pub fn show() -> Result<State, NftError> {
    show_by(&Nft::default())
}

impl Rules {
    /// Tells whether the rules make sense.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn check(&self) -> Result<(), InvalidRules> {
        let own = [self.inbound_port, self.outbound_port];
        if self.ports.is_empty() {
            Err(InvalidRules::NoPorts)
        } else if self.ports.contains(&0) || own.contains(&0) {
            Err(InvalidRules::ZeroPort)
        } else if let Some(port) = own.into_iter().find(|port| self.ports.contains(port)) {
            Err(InvalidRules::OwnPort(port))
        } else if self.inbound_port == self.outbound_port {
            Err(InvalidRules::SamePort(self.inbound_port))
        } else if self.mark == 0 {
            Err(InvalidRules::ZeroMark)
        } else {
            Ok(())
        }
    }

    /// The same rules with their ports ascending, each once.
    fn sorted(&self) -> Self {
        let mut sorted = self.clone();
        sorted.ports.sort_unstable();
        sorted.ports.dedup();
        sorted
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("not installed"),
            Self::Installed { rules, version } => {
                let Rules {
                    inbound_port,
                    outbound_port,
                    mark,
                    ports,
                } = rules;
                let ports: Vec<_> = ports.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "installed by Ringlock {version}: port {} inbound to {inbound_port}, \
                     outbound to {outbound_port} unless marked {mark:#x}",
                    ports.join(", ")
                )
            }
            Self::Released => f.write_str("released: new connections are not intercepted"),
            Self::Altered { difference } => {
                write!(f, "not as this version of Ringlock writes it: {difference}")
            }
            Self::Foreign { found } => {
                write!(
                    f,
                    "the table `inet ringlock` is not Ringlock's, it holds {found}"
                )
            }
        }
    }
}

fn install_by(nft: &Nft, rules: &Rules) -> Result<(), InstallError> {
    rules.check()?;
    let wanted = State::Installed {
        rules: rules.sorted(),
        version: table::VERSION.into(),
    };
    match show_by(nft).map_err(InstallError::NotApplied)? {
        State::Foreign { found } => return Err(InstallError::Foreign { found }),
        state if state == wanted => return Ok(()),
        _ => {}
    }
    let batch = encode::replacement(&Table::installed(rules));
    nft.apply(&batch).map_err(InstallError::NotApplied)?;
    let difference = match show_by(nft) {
        Ok(state) if state == wanted => return Ok(()),
        Ok(state) => format!("the kernel says that they are {state}"),
        Err(error) => format!("they could not be read back: {error}"),
    };
    match nft.apply(&encode::removal()) {
        Ok(()) => Err(InstallError::NotAsWritten { difference }),
        Err(error) => Err(InstallError::InDoubt { difference, error }),
    }
}

/// Applies a change to our table, if there is one.
fn change(batch: &Nftables<'_>) -> Result<bool, RemoveError> {
    let nft = Nft::default();
    match show_by(&nft)? {
        State::Absent => Ok(false),
        State::Foreign { found } => Err(RemoveError::Foreign { found }),
        State::Installed { .. } | State::Released | State::Altered { .. } => {
            nft.apply(batch)?;
            Ok(true)
        }
    }
}

fn show_by(nft: &Nft) -> Result<State, NftError> {
    match nft.list()? {
        None => Ok(State::Absent),
        Some(listing) => Ok(decode::state(&listing)),
    }
}

#[cfg(test)]
mod tests;
