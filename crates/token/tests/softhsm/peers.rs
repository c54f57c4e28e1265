//! Handshakes over TCP with `openssl`.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use ringlock_tls::{Handshake, Session, TlsState, Version, sealed_size};

use crate::{
    PATIENCE,
    handshakes::{ADDRESS, state},
    site::{Site, alone},
};

/// Carries the handshake of a session over a connection.
fn carry(session: &mut Session, stream: &mut TcpStream) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let (mut incoming, mut outgoing) = (Vec::new(), Vec::new());
    loop {
        let turn = session.handshake(&mut incoming, &mut outgoing);
        let turn = turn.unwrap_or_else(|failed| panic!("{}", failed.failure));
        stream.write_all(&outgoing).unwrap();
        outgoing.clear();
        if turn == Handshake::Done {
            return;
        }
        let mut bytes = [0; 4096];
        let read = stream.read(&mut bytes).unwrap();
        assert_ne!(read, 0, "the peer has closed");
        incoming.extend_from_slice(&bytes[..read]);
    }
}

fn send(session: &mut Session, stream: &mut TcpStream, plaintext: &[u8]) {
    let mut records = vec![0; sealed_size(plaintext.len())];
    let sealed = session.seal(plaintext, &mut records).unwrap();
    stream.write_all(&records[..sealed]).unwrap();
}

/// Reads until `wanted` has come.
fn expect(session: &mut Session, stream: &mut TcpStream, wanted: &[u8]) {
    let mut heard = session.open_early(&mut Vec::new()).unwrap().plaintext;
    while !heard.ends_with(wanted) {
        let mut bytes = [0; 4096];
        let read = stream.read(&mut bytes).unwrap();
        assert_ne!(read, 0, "the peer has closed after {heard:?}");
        let incoming = [session.carried(), &bytes[..read]].concat();
        let mut plaintext = vec![0; incoming.len()];
        let opened = session.open(&incoming, &mut plaintext, &mut Vec::new());
        heard.extend_from_slice(&plaintext[..opened.unwrap().plaintext]);
    }
}

fn flag(version: Version) -> &'static str {
    match version {
        Version::Tls12 => "-tls1_2",
        Version::Tls13 => "-tls1_3",
    }
}

fn openssl(site: &Site, arguments: &[&str]) -> Child {
    Command::new("openssl")
        .args(arguments)
        .args(["-CAfile", "ca.crt", "-cert", "peer.crt", "-key", "peer.key"])
        .args(["-verify_return_error"])
        .current_dir(&site.folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// With the key in the token, the session accepts `openssl s_client`.
fn accept(site: &Site, tls: &TlsState, version: Version) {
    let listener = TcpListener::bind((ADDRESS, 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let arguments = ["s_client", "-quiet", "-connect", &address, flag(version)];
    let mut peer = openssl(site, &arguments);
    let (mut stream, _) = listener.accept().unwrap();
    let mut session = tls.accept().unwrap();
    carry(&mut session, &mut stream);
    let mut words = peer.stdin.take().unwrap();
    words.write_all(b"from openssl\n").unwrap();
    expect(&mut session, &mut stream, b"from openssl\n");
    send(&mut session, &mut stream, b"to openssl\n");
    let mut heard = vec![0; b"to openssl\n".len()];
    peer.stdout.take().unwrap().read_exact(&mut heard).unwrap();
    assert_eq!(heard, b"to openssl\n");
    assert_eq!(session.peer_certificate(), Some(&site.certificate("peer")));
    peer.kill().unwrap();
    peer.wait().unwrap();
}

/// With the key in the token, the session dials `openssl s_server`.
fn dial(site: &Site, tls: &TlsState, version: Version) {
    // Found free, let go, and most likely still free.
    let port = TcpListener::bind((ADDRESS, 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let port = port.to_string();
    let arguments = [
        "s_server",
        "-quiet",
        "-accept",
        &port,
        "-Verify",
        "1",
        flag(version),
    ];
    let mut peer = openssl(site, &arguments);
    let mut stream = (0..600)
        .find_map(|_| {
            sleep(Duration::from_millis(100));
            TcpStream::connect(format!("{ADDRESS}:{port}")).ok()
        })
        .expect("openssl s_server listens");
    let mut session = tls.dial(ADDRESS).unwrap();
    carry(&mut session, &mut stream);
    send(&mut session, &mut stream, b"to openssl\n");
    let mut heard = vec![0; b"to openssl\n".len()];
    peer.stdout.take().unwrap().read_exact(&mut heard).unwrap();
    assert_eq!(heard, b"to openssl\n");
    peer.stdin
        .take()
        .unwrap()
        .write_all(b"from openssl\n")
        .unwrap();
    expect(&mut session, &mut stream, b"from openssl\n");
    peer.kill().unwrap();
    peer.wait().unwrap();
}

fn with_openssl(site: &Site, kind: &str) {
    site.add_key("own", "01", kind);
    site.make_key("peer", "p256");
    site.certify("peer");
    let identity = site.identity("own");
    for version in Version::ALL {
        let tls = state(site, &identity, version);
        accept(site, &tls, version);
        dial(site, &tls, version);
    }
}

#[test]
fn openssl_is_met_with_an_rsa_key_in_a_token() {
    alone("peers::openssl_is_met_with_an_rsa_key_in_a_token", |site| {
        with_openssl(site, "rsa");
    });
}

#[test]
fn openssl_is_met_with_an_ecdsa_key_in_a_token() {
    alone(
        "peers::openssl_is_met_with_an_ecdsa_key_in_a_token",
        |site| {
            with_openssl(site, "p256");
        },
    );
}
