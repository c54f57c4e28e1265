//! What a store holds, entry by entry, in words for an operator and without any secret.
//!
//! Nothing is judged against a policy here: an expired certificate is shown with its date, and a
//! chain with what it lacks. [`verify`](crate::verify) says who would accept it.

mod assemble;
mod certificate;
mod entry;
mod kind;

pub use assemble::assemble;
pub use certificate::CertificateView;
pub use entry::{EntryKind, EntryView, ListView, entries};
pub(crate) use kind::kind_of;
pub use kind::private_key_kind;
