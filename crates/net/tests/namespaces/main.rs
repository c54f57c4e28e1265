//! The crate against the real kernel: pairs of network namespaces joined by a cable, real rules,
//! real sockets.
//!
//! These tests need root (or a user namespace in which the caller is root) and the programs `ip`
//! and `nft`. Without root they fail and say so; `RINGLOCK_SKIP_ROOT=1` makes them pass over
//! instead, with the reason printed, but never where `CI=true`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "the helpers of a test fail the test, and say what was passed over"
)]

mod diag;
mod intercept;
mod lab;
mod sockets;
mod table;
mod tracking;
