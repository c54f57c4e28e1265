//! Which key exchange two sides agree on: between agents the hybrid that a quantum computer does
//! not break, with everybody else what they have. A tap between the two reads the server's answer
//! off the wire, and `status` has to say the same.

use std::{
    fmt::Write as _,
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use ringlock_itest::{
    Conduct, Database, HELLO, OrFail as _, Peer, Site, Watched, connect, expect_echo, free_address,
    retry_until,
    testkit::pki::{Issued, StorePasswords},
};
use ringlock_model::{Direction, Security};
use ringlock_wire::{ServerHello, group_name};

const PASSWORDS: StorePasswords = StorePasswords {
    keystore: "of-both-stores",
    truststore: "of-both-stores",
};

#[test]
fn two_agents_agree_on_the_hybrid_with_ml_kem() {
    let scene = Scene::new();
    let (near, address) = scene
        .site
        .agent("n2", Direction::Outbound, scene.tap.address());
    let mut database = connect(address);
    expect_echo(&mut database, &HELLO);
    assert_eq!(scene.on_the_wire(), "X25519MLKEM768");
    for agent in [&near, &scene.agent] {
        assert_eq!(in_status(agent), "X25519MLKEM768");
    }
}

#[test]
fn a_peer_without_it_gets_the_curve_that_it_has() {
    for (groups, expected) in [("X25519", "X25519"), ("P-256", "secp256r1")] {
        let scene = Scene::new();
        let arguments = ["-groups", groups];
        let mut peer = Peer::openssl(scene.tap.address(), Some(&scene.peer), &arguments);
        peer.expect_echo("agreed");
        assert_eq!(scene.on_the_wire(), expected);
        assert_eq!(in_status(&scene.agent), expected);
    }
}

#[test]
fn java_17_gets_a_curve() {
    let scene = Scene::new();
    let _java = Java::dial(scene.tap.address(), &scene.peer);
    let agreed = retry_until("the answer on the wire", || scene.tap.read());
    assert!(["X25519", "secp256r1"].contains(&agreed), "{agreed}");
    assert_eq!(in_status(&scene.agent), agreed);
}

/// An agent before a database, behind a tap.
struct Scene {
    agent: Watched,
    tap: Tap,
    peer: Issued,
    _database: Database,
    site: Site,
}

impl Scene {
    fn new() -> Self {
        let site = Site::new();
        let database = Database::start(Conduct::Echo);
        let (agent, address) = site.agent("n1", Direction::Inbound, database.address());
        Self {
            agent,
            tap: Tap::before(address),
            peer: site.issue("n3", &["127.0.0.1"]),
            _database: database,
            site,
        }
    }

    /// The group in the server's answer.
    fn on_the_wire(&self) -> &'static str {
        self.tap.read().or_fail("reading the answer of the server")
    }
}

/// Passes connections on, and keeps what the server said on the first.
struct Tap {
    network: Database,
    said: Arc<Mutex<Vec<u8>>>,
}

impl Tap {
    fn before(server: SocketAddr) -> Self {
        let said = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&said);
        let network = Database::serve(free_address(), move |client| {
            let server = TcpStream::connect(server)?;
            let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
            let onwards = thread::spawn(move || {
                io::copy(&mut from, &mut to)?;
                to.shutdown(Shutdown::Write)
            });
            pass_back(server, client, &record)?;
            // An end that the other side did not wait for is none of the test's.
            onwards.join().ok();
            Ok(())
        });
        Self { network, said }
    }

    fn address(&self) -> SocketAddr {
        self.network.address()
    }

    /// The group that was chosen, once the answer is there whole.
    fn read(&self) -> Option<&'static str> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let hello = ServerHello::read(&said).or_fail("reading what the server said")?;
        group_name(hello.group.or_fail("looking for a group"))
    }
}

fn pass_back(mut from: TcpStream, mut to: TcpStream, record: &Mutex<Vec<u8>>) -> io::Result<()> {
    let mut bytes = [0; 4096];
    loop {
        let read = from.read(&mut bytes)?;
        if read == 0 {
            return to.shutdown(Shutdown::Write);
        }
        let mut said = record.lock().unwrap_or_else(PoisonError::into_inner);
        said.extend_from_slice(&bytes[..read]);
        drop(said);
        to.write_all(&bytes[..read])?;
    }
}

/// The key exchange of the one link that an agent shows.
fn in_status(agent: &Watched) -> String {
    let link = retry_until("the link", || agent.state().links.into_iter().next());
    match link.security {
        Security::Tls(facts) => facts.key_exchange.to_string(),
        other => None.or_fail(&format!("a link over TLS, not {other}")),
    }
}

/// A client in Java, which stays until it is dropped.
struct Java(Child);

impl Java {
    fn dial(address: SocketAddr, identity: &Issued) -> Self {
        let stores = identity.pkcs12(PASSWORDS).or_fail("making stores");
        let program = Path::new(env!("CARGO_MANIFEST_DIR"));
        let words = HELLO.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        let mut command = Command::new("java");
        command
            .arg(program.join("tests/key_exchange/Dialler.java"))
            .arg(address.ip().to_string())
            .arg(address.port().to_string())
            .arg(&stores.keystore)
            .arg(&stores.truststore)
            .arg(words)
            .env("PASSWORD", PASSWORDS.keystore)
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        Self(command.spawn().or_fail("starting Java"))
    }
}

impl Drop for Java {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
