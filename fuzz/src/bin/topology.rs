//! Any bytes as the files of the databases' snitches, and as an answer of a node over CQL.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ringlock_topology::read_anything;

fuzz_target!(|bytes: &[u8]| {
    read_anything(bytes);
});
