//! Which datacenter and rack a node stands in, and by whose word.
//!
//! `internode_encryption: dc` and `rack` ask of each peer whether it is here or elsewhere. Nothing
//! that a peer says of itself in plaintext answers that. What does are, from the strongest to the
//! weakest: certificates whose chain was verified, `ringlock.topology`, the databases' own files,
//! and the system tables of the local node ([`Source`]).
//!
//! [`Claims`] holds what each of them says, [`Claims::settle`] makes a [`Map`] of it, and
//! [`Map::crossing`] answers in some nanoseconds and without allocating. Where two sources
//! contradict each other nobody is believed: the place is unknown, and an unknown place counts as
//! crossing.
//!
//! [`RackdcFile`] and [`TopologyFile`] read the files of the databases' snitches, [`cql`] the answers
//! of a node that is asked. This crate does no I/O.

mod claims;
pub mod cql;
mod map;
mod properties;
mod rackdc;
mod source;
mod topology_file;

pub use claims::Claims;
pub use map::{Conflict, Map, Standing, Subject};
pub use rackdc::RackdcFile;
pub use source::Source;
pub use topology_file::TopologyFile;

/// Reads arbitrary bytes as both files and as an answer; for fuzzing.
#[doc(hidden)]
pub fn read_anything(bytes: &[u8]) {
    let path = std::path::Path::new("file");
    let rackdc = RackdcFile::parse(bytes, path);
    let topology = TopologyFile::parse(bytes, path);
    if let Some((header, body)) = bytes.split_first_chunk()
        && let Ok(header) = cql::Header::parse(header)
    {
        std::hint::black_box(cql::Answer::parse(header, body).ok());
    }
    std::hint::black_box((rackdc, topology)).0.ok();
}
