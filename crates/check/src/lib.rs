//! Tells every mistake in the databases' configuration, before it hurts.
//!
//! ```text
//! paths ── find ──► files ── read ──► Document ──┬── rules of one node ──┬──► Report ──► text
//!                                     dialect ───┤                       │              JSON
//!                      files that the options name ── rules of the fleet ┘              SARIF
//! ```
//!
//! A [`Rule`] judges one node or the whole fleet; each has a code, a severity, the requirement it
//! comes from and an explanation, and [`RULES`] lists them all. The reference of the findings is
//! written from the same list ([`reference()`]).
//!
//! Nodes are read one at a time, and of each only what the fleet's rules compare is kept. No
//! password is ever shown: values of secret keys are masked in findings and in the lines beside
//! them.

mod accounts;
mod block;
mod certificates;
mod explain;
mod facts;
mod find;
mod fleet;
mod node;
mod read;
mod reference;
mod render;
mod report;
mod rule;
mod rules;
mod secrets;
mod unlock;

pub use explain::{UnknownCode, explain};
pub use read::{Options, Profile, check};
pub use reference::reference;
pub use render::{json, sarif, text};
pub use report::{Excerpt, Guess, Report, Told};
pub use rule::Rule;
pub use rules::RULES;

#[cfg(test)]
mod tests;
