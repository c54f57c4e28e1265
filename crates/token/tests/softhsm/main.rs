//! Tokens of SoftHSM, and a module between that can take them away.
//!
//! SoftHSM reads its environment once in a process, so every test here runs itself again as a
//! process of its own, with a token folder of its own.

// Marked as tests, which a test's helpers are not by themselves.
#[cfg(test)]
mod failures;
#[cfg(test)]
mod handshakes;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod reopen;
#[cfg(test)]
mod replug;
#[cfg(test)]
mod signatures;
#[cfg(test)]
mod site;

use std::time::Duration;

/// The PIN of every token here.
const PIN: &str = "4711-right";

/// Long enough for anything but a deadlock.
const PATIENCE: Duration = Duration::from_secs(60);
