//! Everything of the agent that needs more of the kernel than a plain socket.
//!
//! ```text
//!   peer ──SYN to 7000──▶ nftables ──17000──▶ ┌───────┐ ──loopback──▶ database
//!                        (intercept)          │ agent │
//!   database ──SYN──────▶ nftables ──17001──▶ └───────┘ ──marked────▶ peer
//!                                           original_dst    Dialer
//!
//!   database ◀════ connections from before the rules ════▶ peer       (diag: found, judged, cut)
//! ```
//!
//! - [`intercept`] installs, shows and removes the one nftables table `inet ringlock`.
//! - [`original_dst`] tells where a redirected connection was going.
//! - [`listen`], [`refuse_callers`], [`take_callers`], [`Dialer`], [`TcpOptions`], [`reset_on_close`] and [`NamespaceLock`] make sockets.
//! - [`diag`] lists established connections, tells which go past the agent, and destroys one.
//!
//! Nothing here knows TLS, policy or configuration. There is no unsafe code: options come from
//! `socket2` and `rustix`, netlink messages are built and read as bytes, and nftables is
//! programmed through the `nft` program.

pub mod diag;
mod dial;
pub mod intercept;
mod listener;
mod lock;
mod netlink;
mod options;
mod origin;
mod privilege;
mod process;

pub use dial::{DialError, Dialer};
pub use listener::{ListenError, listen, refuse_callers, take_callers};
pub use lock::{LockError, NamespaceLock};
pub use options::{TcpOptions, orderly_on_close, reset_on_close};
pub use origin::{NotRedirected, original_dst};
pub use privilege::{MissingNetAdmin, require_net_admin};
pub use process::Process;
