//! What a database makes of its yaml: every option that concerns encryption with its value, and
//! where that comes from.
//!
//! ```text
//! Document ── reader: which key counts, who knows it ── scalar, shapes: the product's own reading
//!                  │                                              │
//!                  └──► Findings                                  ▼
//!                              ports, block: typed  ◄── settings: value and origin ──► listing
//! ```

mod block;
mod listing;
mod place;
mod policy;
mod ports;
mod reader;
mod scalar;
mod secret;
mod setting;
mod shapes;
#[cfg(test)]
mod tests;

use std::path::Path;

use ringlock_finding::Findings;
pub use ringlock_model::ClientAuth;

use crate::{dialect::Dialect, document::Document};

pub use block::{ClientOptions, ServerOptions, TlsOptions};
pub use listing::Line;
pub use place::{Base, FilePath};
pub use policy::Policy;
pub use ports::{Addresses, Authentication, Ports};
pub use secret::Secret;
pub use setting::Setting;
pub use shapes::{Factory, InternodeScope, Parameter};

/// A database's yaml as that database takes it.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Whose yaml it is.
    pub dialect: Dialect,
    /// `server_encryption_options`: links between nodes.
    pub server: ServerOptions,
    /// `client_encryption_options`: links from clients.
    pub client: ClientOptions,
    /// `alternator_encryption_options`; ScyllaDB's, where the file has the block.
    pub alternator: Option<TlsOptions>,
    /// Where the node listens.
    pub ports: Ports,
    /// The addresses of the node.
    pub addresses: Addresses,
    /// Who has to prove what.
    pub authentication: Authentication,
    /// Every mistake, in the order of the file.
    pub findings: Findings,
    lines: Vec<Line>,
}

/// Reads `document` as `dialect` does.
///
/// It never fails: what cannot be read is a finding that says what the product does then, and the
/// value is the one with which the product would go on, or the default where it would not start.
/// Relative paths are resolved against the folder that the file's own place suggests ([`Base`]).
pub fn resolve(document: &Document, dialect: Dialect) -> Resolved {
    let base = place::suggested(document.path(), dialect);
    resolve_in(document, dialect, &base)
}

/// As [`resolve`], with the folder in which the product is started or installed.
pub fn resolve_in(document: &Document, dialect: Dialect, base: &Path) -> Resolved {
    let (settings, mut findings) = reader::read(document, dialect, base);
    findings.sort();
    Resolved {
        dialect,
        server: ServerOptions::of(&settings),
        client: ClientOptions::of(&settings),
        alternator: TlsOptions::alternator(&settings),
        ports: Ports::of(&settings),
        addresses: Addresses::of(&settings),
        authentication: Authentication::of(&settings),
        findings,
        lines: listing::lines(&settings),
    }
}

impl Resolved {
    /// Every option that this product obeys, in the order of the reference, with its value and
    /// where that comes from; no secret is shown.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }
}
