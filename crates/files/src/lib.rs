//! The only way Ringlock reads and writes files.
//!
//! ```text
//! path, limit ──► read_limited ──► bytes          path, mode, bytes ──► write_atomic     ──► whole file
//! path, limit ──► read_private ──► wiped bytes                          write_new_atomic ──► or none at all
//!                                               path, bytes       ──► rewrite_atomic   ──► owner and mode as before
//! ```
//!
//! Every error names the path, says what is wrong with it and, where there is a remedy, the
//! command. Reading is bounded and takes regular files only, so that neither a huge file nor a
//! FIFO can stall a reload. Writing goes through a temporary file in the same folder: whoever
//! opens the path sees the old content or the new one, also after a power cut.
//!
//! [`version_beside`] tells which product's installation a file lies in, by names alone.
//!
//! It does not watch files, parse them or decide where they live.

mod error;
mod folder;
mod installation;
mod read;
mod write;

pub use error::{Action, FileError};
pub use folder::{create_dir_private, remove_file};
pub use installation::version_beside;
pub use read::{read_limited, read_private};
pub use write::{
    Existing, NewFile, rewrite_atomic, write_atomic, write_new_atomic, write_new_like, write_set,
};

#[cfg(test)]
mod tests;
