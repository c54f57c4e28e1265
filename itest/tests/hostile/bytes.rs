//! Strangers who write their bytes themselves.

use std::{
    io::{self, Write as _},
    net::TcpStream,
    thread,
    time::Duration,
};

use ringlock_itest::{OrFail as _, Peer, connect};

use crate::{path::first_record, scene::Scene};

/// A record of this type of TLS 1.2 or 1.3.
fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).or_fail("writing a length");
    [&[kind, 3, 3][..], &length.to_be_bytes(), content].concat()
}

/// What OpenSSL says first.
fn client_hello(arguments: &[&str]) -> Vec<u8> {
    first_record(|address| Peer::openssl(address, None, arguments))
}

/// Sends it as far as the other side takes it.
fn send(stream: &mut TcpStream, bytes: &[u8]) {
    match stream.write_all(bytes) {
        Ok(()) => {}
        Err(error) => assert!(
            matches!(
                error.kind(),
                io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
            ),
            "{error}"
        ),
    }
}

/// What a stranger sends, and what is said of it.
struct Attempt {
    bytes: Vec<u8>,
    code: &'static str,
    sentence: &'static str,
}

#[test]
fn bytes_that_belong_to_no_handshake_are_refused_each_under_its_name() {
    const NOT_TLS: &str = "the peer does not speak TLS: ";
    const OVERSIZED: usize = (1 << 14) + 1;
    let hello = client_hello(&["-tls1_3"]);
    let server_hello = [&[2, 0, 0, 38, 3, 3][..], &[7; 32], &[0, 0x13, 1, 0]].concat();
    let flood = |kind: u8, content: &[u8]| record(kind, content).repeat(100_000);
    let attempts = [
        Attempt {
            // SSL 2.0's own form of a ClientHello.
            bytes: [&[0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10][..], &[5; 37]].concat(),
            code: "garbage",
            sentence: "belong to neither TLS nor the internode protocol: 80 2e 01 00 02 00 15 00",
        },
        Attempt {
            bytes: record(22, &server_hello),
            code: "not-tls",
            sentence: "received unexpected handshake message: got ServerHello",
        },
        Attempt {
            bytes: [hello.clone(), record(23, b"before its time")].concat(),
            code: "handshake-failed",
            sentence: "cannot decrypt peer's message",
        },
        Attempt {
            bytes: record(22, &[1; OVERSIZED]),
            code: "handshake-failed",
            sentence: "the handshake failed: ",
        },
        Attempt {
            bytes: [&[22, 3, 3, 0xff, 0xff][..], &[1; 40]].concat(),
            code: "not-tls",
            sentence: "the peer does not speak TLS: MessageTooLarge",
        },
        Attempt {
            bytes: flood(22, &[]),
            code: "not-tls",
            sentence: "the peer does not speak TLS: InvalidEmptyPayload",
        },
        Attempt {
            bytes: [hello.clone(), flood(20, &[1])].concat(),
            code: "handshake-failed",
            sentence: "the handshake failed: ",
        },
        Attempt {
            bytes: [hello.clone(), flood(21, &[1, 90])].concat(),
            code: "handshake-failed",
            sentence: "the handshake failed: ",
        },
        Attempt {
            // A message that says that it is 16 MB long.
            bytes: record(22, &[1, 0xff, 0xff, 0xff, 3, 3]),
            code: "handshake-failed",
            sentence: "a malformed message: HandshakePayloadTooLarge",
        },
        Attempt {
            bytes: [hello, b"\x47ET / HTTP/1.1\r\n\r\n".to_vec()].concat(),
            code: "not-tls",
            sentence: NOT_TLS,
        },
    ];
    for attempt in attempts {
        let scene = Scene::new();
        let mut stranger = connect(scene.address);
        send(&mut stranger, &attempt.bytes);
        drop(stranger);
        scene.assert_refused(&[(attempt.code, 1, attempt.sentence)]);
    }
}

#[test]
fn who_drips_its_bytes_gets_no_more_time_than_others() {
    let scene = Scene::with(|_, config| {
        config
            .ringlock_lines
            .push("handshake_timeout: 2s".to_owned());
    });
    let hello = client_hello(&[]);
    let mut stranger = connect(scene.address);
    stranger.set_nodelay(true).or_fail("sending small pieces");
    let mut taken = 0;
    while let Some(byte) = hello.get(taken..=taken)
        && stranger.write_all(byte).is_ok()
    {
        taken += 1;
        thread::sleep(Duration::from_millis(50));
    }
    assert!((10..hello.len()).contains(&taken), "{taken} bytes");
    scene.assert_refused(&[("handshake-timeout", 1, "the handshake took longer than 2s")]);
}
