//! Any bytes as the beginning of a connection: its kind, the addresses that it claims, and what a
//! `ClientHello` or a server's answer says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ringlock_wire::{
    ClientHello, ENOUGH, FirstBytes, NoServerHello, ServerHello,
    claim::{LONGEST_PART, Stage},
    classify,
};

fuzz_target!(|bytes: &[u8]| {
    if bytes.len() >= ENOUGH {
        assert_ne!(classify(bytes), FirstBytes::Undecided);
    }
    claims(bytes);
    hello(bytes);
    answer(bytes);
});

/// Follows the parts to the end, as the agent does, and asks for each what a torn one would give.
fn claims(mut rest: &[u8]) {
    let mut stage = Stage::Opening;
    loop {
        let answer = stage.read(rest);
        let Ok(Some(part)) = answer else {
            assert!(answer.is_err() || rest.len() < LONGEST_PART);
            return;
        };
        assert!(0 < part.length && part.length <= LONGEST_PART);
        assert_eq!(stage.read(&rest[..part.length]), answer);
        assert_eq!(stage.read(&rest[..part.length - 1]), Ok(None));
        rest = &rest[part.length..];
        let Some(next) = part.next else {
            return;
        };
        stage = next;
    }
}

fn hello(bytes: &[u8]) {
    if let Ok(Some(hello)) = ClientHello::read(bytes) {
        assert!(hello.server_name.is_none_or(str::is_ascii));
        assert!(hello.versions().count() < bytes.len());
        let more = [bytes, b"more"].concat();
        assert_eq!(ClientHello::read(&more), Ok(Some(hello)));
    }
}

fn answer(bytes: &[u8]) {
    let read = ServerHello::read(bytes);
    if matches!(read, Ok(Some(_)) | Err(NoServerHello::Alert(_))) {
        let more = [bytes, b"more"].concat();
        assert_eq!(ServerHello::read(&more), read);
    }
}
