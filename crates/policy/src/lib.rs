//! Decides, without I/O, what each connection must be.
//!
//! The agent asks four questions, in this order, and this crate is the only place that answers:
//!
//! 1. [`dial`] or [`accept`]: may or must this connection be TLS, under the
//!    [`Mode`](ringlock_model::Mode) in force and with what is known of the peer's place
//!    ([`Crossing`])?
//! 2. [`authorize()`]: is the peer that was met the peer that is allowed? The answer is a
//!    [`Permit`], and without a permit nothing is relayed, plaintext included.
//! 3. [`claim()`]: is the address that a dialling peer claims in the databases' own protocol its own?
//! 4. [`tolerates`]: does a link that was established under an earlier mode fit the present one?
//!
//! | mode | dials | accepts |
//! |---|---|---|
//! | `none` | plaintext | plaintext |
//! | `none+optional` | plaintext | both |
//! | `transitional` | TLS, plaintext if the peer speaks none | both |
//! | `dc`, `rack`: a peer within | plaintext | both |
//! | `dc`, `rack`: a peer that crosses, or is unknown | TLS | TLS |
//! | `dc+optional`, `rack+optional`: such a peer | TLS, plaintext if the peer speaks none | both |
//! | `all+optional` | TLS, plaintext if the peer speaks none | both |
//! | `all` | TLS | TLS |

mod authorize;
mod claim;
mod decide;
mod trusted;

pub use authorize::{Denied, Met, Permit, Requirements, authorize};
pub use claim::{Claimant, claim};
pub use decide::{Accept, Dial, accept, dial, tolerates};
pub use ringlock_model::Crossing;
pub use trusted::{PeerList, spiffe_identity};
