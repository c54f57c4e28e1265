//! The answers of a KMIP server.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ringlock_secret::kmip::message;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(object) = message::object(bytes) {
        assert!(!object.material.is_empty() && object.material.len() < bytes.len());
    }
    if let Ok(identifiers) = message::located(bytes) {
        assert!(identifiers.len() * 8 <= bytes.len());
    }
    if let Err(fault) = message::parameters(bytes) {
        let told = fault.to_string();
        assert!(!told.is_empty() && !told.contains('\n'));
    }
});
