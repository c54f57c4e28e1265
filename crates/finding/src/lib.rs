//! What is wrong, where, and what to do about it.
//!
//! A [`Finding`] is one mistake in one file: its place, the key it concerns, a sentence, what was
//! found, what is expected and a way out. [`Findings`] is everything one reading turned up, so
//! that an operator mends a file once and not once a mistake. Both print themselves; this crate
//! reads no file and knows no rule.
//!
//! ```text
//! ringlock.yaml:4:17: ringlock.inbound_port: not a port (found "70000", expected a number from 1 to 65535)
//! ringlock.yaml:9:3: server_encryption_options.trustore: unknown key; did you mean "truststore"?
//! ```

mod finding;
mod findings;

pub use finding::{Finding, Position, Severity};
pub use findings::Findings;
