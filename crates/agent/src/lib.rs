//! The data plane: takes connections, decides, wraps, relays.
//!
//! One agent stands beside one database node. `conn` is the life of one connection and reads
//! like the list in `ARCHITECTURE.md`; everything else serves it:
//!
//! ```text
//!             worker threads (relay, one tokio runtime each)      control thread
//!   accept ─▶ conn ─▶ detect ─▶ establish ─▶ relay ─▶ record      admin, reload, turnover, cut
//!                 policy decides and authorizes; tls wraps        share `Shared`, by atomics
//! ```
//!
//! Nothing is ever relayed in plaintext because something failed: every early end is a
//! `Refusal` with a sentence, a code and a counter.

mod admin;
mod announce;
mod certificate;
mod configuration;
mod conn;
mod cut;
mod detect;
mod dialled;
mod establish;
mod front;
mod gate;
mod guard;
mod introduction;
mod linger;
mod links;
mod local;
mod material;
mod mode;
mod overheard;
mod pace;
mod ports;
mod proof;
mod record;
mod refusal;
mod relay;
mod reload;
mod shared;
mod signing;
mod startup;
mod status;
mod topology;
mod turnover;
mod validity;
mod worker;

pub use admin::AdminError;
pub use configuration::{ConfigError, read_config};
pub use cut::interception_rules;
pub use material::{LoadError, LoadingError, TokenNameError, load};
pub use mode::StateError;
pub use startup::{Agent, StartError};
pub use topology::TopologyError;
