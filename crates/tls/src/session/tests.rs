//! Two sessions against each other in memory, and raw peers of the library where a session of
//! ours would not do what the test needs.

mod close;
mod handshake;
mod identities;
mod keys;
mod old_suites;
mod pinned;
mod records;
mod refusals;
mod resumption;
mod revocation;

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use ringlock_model::{ClientAuth, NodeUri};
use ringlock_pki::{
    Identity, IdentityKey, Trust,
    ca::{CA_VALIDITY, Ca, NODE_VALIDITY, NodeRequest},
};
use rustls::{
    ClientConfig, ClientConnection, Connection, RootCertStore, ServerConfig, ServerConnection,
    SupportedProtocolVersion,
    pki_types::{PrivateKeyDer, ServerName},
    server::WebPkiClientVerifier,
};
use time::{Duration, OffsetDateTime};

use super::{Early, Failed, Handshake, Session, SessionError, sealed_size};
use crate::{Engine, HandshakeFailure, Offer, Options, TlsState, Version, suites};

/// The address of the node that accepts.
const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));

/// The address of the node that dials.
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

/// What a careful operator asks for.
const STRICT: Options = Options {
    client_auth: ClientAuth::Required,
    endpoint_verification: true,
    session_tickets: true,
};

/// What the databases ask for by default.
const LENIENT: Options = Options {
    client_auth: ClientAuth::NotRequired,
    endpoint_verification: false,
    session_tickets: true,
};

/// What holds for one engine holds for the other.
const ENGINES: [Engine; 2] = [Engine::Rustls, Engine::OpenSsl];

/// What makes a state use the engine, with the keys that this CA issues.
fn offer(engine: Engine) -> Offer {
    /// TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384 and TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA.
    const CBC: [u16; 2] = [0xC024, 0xC009];
    match engine {
        Engine::Rustls => Offer::default(),
        Engine::OpenSsl => Offer {
            suites: CBC.to_vec(),
            ..Offer::default()
        },
    }
}

/// Each version with rustls, and OpenSSL.
fn offers() -> [Offer; 3] {
    let only = |version| Offer {
        versions: vec![version],
        ..Offer::default()
    };
    [
        only(Version::Tls13),
        only(Version::Tls12),
        offer(Engine::OpenSsl),
    ]
}

/// A CA, the time at which it issues, and the engine of its nodes.
struct Cluster {
    ca: Ca,
    now: OffsetDateTime,
    engine: Engine,
}

impl Cluster {
    fn new() -> Self {
        Self::made_at(OffsetDateTime::now_utc())
    }

    fn with(engine: Engine) -> Self {
        Self {
            engine,
            ..Self::new()
        }
    }

    fn made_at(now: OffsetDateTime) -> Self {
        let ca = Ca::init("Test Cluster", CA_VALIDITY, now).unwrap();
        let engine = Engine::Rustls;
        Self { ca, now, engine }
    }

    fn identity(&self, address: IpAddr, validity: Duration) -> Identity {
        let request = NodeRequest {
            uri: NodeUri {
                cluster: self.ca.cluster().to_owned(),
                datacenter: "dc1".into(),
                rack: "r1".into(),
                node: address.to_string(),
            },
            ips: vec![address],
            dns: Vec::new(),
            validity,
        };
        let issued = self.ca.issue(&request, self.now).unwrap();
        Identity {
            chain: vec![issued.certificate],
            key: issued.key.into(),
            leaf: issued.leaf,
            unused: Vec::new(),
        }
    }

    fn trust(&self) -> Trust {
        Trust {
            anchors: vec![self.ca.certificate().clone()],
            pinned: Vec::new(),
            expired: Vec::new(),
            valid_until: Some(self.ca.not_after()),
        }
    }

    /// A node of this cluster.
    fn node(&self, address: IpAddr, options: Options) -> TlsState {
        let identity = self.identity(address, NODE_VALIDITY);
        TlsState::build(&identity, &self.trust(), options, &offer(self.engine)).unwrap()
    }

    /// Both nodes.
    fn nodes(&self, options: Options) -> (TlsState, TlsState) {
        (self.node(CLIENT, options), self.node(SERVER, options))
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.ca.certificate().clone()).unwrap();
        roots
    }

    /// A client of the library itself, which trusts this cluster; `identity` is what it shows.
    fn raw_client(
        &self,
        identity: Option<&Identity>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> ClientConfig {
        let config =
            ClientConfig::builder_with_provider(Arc::new(suites::provider(&Offer::default())))
                .with_protocol_versions(versions)
                .unwrap()
                .with_root_certificates(self.roots());
        match identity {
            Some(identity) => config
                .with_client_auth_cert(identity.chain.clone(), private(identity))
                .unwrap(),
            None => config.with_no_client_auth(),
        }
    }

    /// A server of the library itself at [`SERVER`], which trusts this cluster.
    fn raw_server(&self, client_auth: bool) -> ServerConfig {
        let provider = Arc::new(suites::provider(&Offer::default()));
        let roots = Arc::new(self.roots());
        let identity = self.identity(SERVER, NODE_VALIDITY);
        let verifier = match client_auth {
            true => WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider))
                .build()
                .unwrap(),
            false => WebPkiClientVerifier::no_client_auth(),
        };
        ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(identity.chain.clone(), private(&identity))
            .unwrap()
    }
}

/// The key of an identity that has it in memory.
fn private(identity: &Identity) -> PrivateKeyDer<'static> {
    match &identity.key {
        IdentityKey::Private(key) => key.der().clone_key(),
        IdentityKey::Remote(signer) => panic!("{signer:?} shows no key"),
    }
}

/// What came of a handshake on each side; the one that is still waiting when nothing moves any
/// more says so.
struct Met {
    client: Result<Handshake, Failed>,
    server: Result<Handshake, Failed>,
    /// Bytes for the client that its handshake left over: tickets, alerts.
    to_client: Vec<u8>,
}

/// Carries a handshake through, as far as it goes.
fn meet(client: &mut Session, server: &mut Session) -> Met {
    let (mut to_client, mut to_server) = (Vec::new(), Vec::new());
    let mut met = Met {
        client: Ok(Handshake::NeedsBytes),
        server: Ok(Handshake::NeedsBytes),
        to_client: Vec::new(),
    };
    loop {
        if matches!(met.client, Ok(Handshake::NeedsBytes)) {
            met.client = advance(client, &mut to_client, &mut to_server);
        }
        if matches!(met.server, Ok(Handshake::NeedsBytes)) && !to_server.is_empty() {
            met.server = advance(server, &mut to_server, &mut to_client);
        }
        let client_waits = matches!(met.client, Ok(Handshake::NeedsBytes));
        if !client_waits || to_client.is_empty() {
            met.to_client = to_client;
            return met;
        }
    }
}

/// One turn of one side; an alert goes the way of the other bytes.
fn advance(
    session: &mut Session,
    incoming: &mut Vec<u8>,
    outgoing: &mut Vec<u8>,
) -> Result<Handshake, Failed> {
    let turn = session.handshake(incoming, outgoing);
    if let Err(failed) = &turn {
        outgoing.extend_from_slice(&failed.alert);
    }
    turn
}

/// Two sessions with the handshake behind them, and the client's tickets in its cache.
struct Pair {
    client: Session,
    server: Session,
}

impl Pair {
    fn new(client: &TlsState, server: &TlsState) -> Self {
        let mut pair = Self {
            client: client.dial(SERVER).unwrap(),
            server: server.accept().unwrap(),
        };
        let met = meet(&mut pair.client, &mut pair.server);
        assert_eq!(met.client.unwrap(), Handshake::Done);
        assert_eq!(met.server.unwrap(), Handshake::Done);
        let tickets = receive(&mut pair.client, &met.to_client).unwrap();
        assert_eq!(tickets.plaintext, b"");
        pair
    }

    fn of_one_cluster() -> Self {
        Self::of(Engine::Rustls)
    }

    fn of(engine: Engine) -> Self {
        let (client, server) = Cluster::with(engine).nodes(STRICT);
        Self::new(&client, &server)
    }

    /// Checks that bytes go both ways.
    fn talk(&mut self) {
        assert_eq!(pass(&mut self.client, &mut self.server, b"ping"), b"ping");
        assert_eq!(pass(&mut self.server, &mut self.client, b"pong"), b"pong");
    }
}

/// What one call of [`Session::open`] gave.
struct Received {
    plaintext: Vec<u8>,
    outgoing: Vec<u8>,
    ended: bool,
}

/// Feeds `bytes` to a session as the relay does: behind what it carries.
fn receive(session: &mut Session, bytes: &[u8]) -> Result<Received, SessionError> {
    let mut incoming = session.carried().to_vec();
    incoming.extend_from_slice(bytes);
    let mut plaintext = vec![0; incoming.len()];
    let mut outgoing = Vec::new();
    let opened = session.open(&incoming, &mut plaintext, &mut outgoing)?;
    plaintext.truncate(opened.plaintext);
    Ok(Received {
        plaintext,
        outgoing,
        ended: opened.ended,
    })
}

fn seal(session: &mut Session, plaintext: &[u8]) -> Vec<u8> {
    let mut records = vec![0; sealed_size(plaintext.len())];
    let sealed = session.seal(plaintext, &mut records).unwrap();
    records.truncate(sealed);
    records
}

fn close(session: &mut Session) -> Vec<u8> {
    let mut records = vec![0; sealed_size(0)];
    let sealed = session.close(&mut records).unwrap();
    records.truncate(sealed);
    records
}

fn pass(from: &mut Session, to: &mut Session, plaintext: &[u8]) -> Vec<u8> {
    let records = seal(from, plaintext);
    receive(to, &records).unwrap().plaintext
}

/// The library's own buffered connection, for what a [`Session`] never does by itself.
struct Raw(Connection);

impl Raw {
    fn client(config: ClientConfig) -> Self {
        let name = ServerName::from(SERVER);
        Self(
            ClientConnection::new(Arc::new(config), name)
                .unwrap()
                .into(),
        )
    }

    fn server(config: ServerConfig) -> Self {
        Self(ServerConnection::new(Arc::new(config)).unwrap().into())
    }

    /// Carries the handshake with a session through, as far as it goes.
    fn meet(&mut self, session: &mut Session) -> Result<(), Failed> {
        let mut incoming = Vec::new();
        loop {
            incoming.extend(self.taken());
            let mut outgoing = Vec::new();
            let turn = advance(session, &mut incoming, &mut outgoing)?;
            self.give(&outgoing);
            let silent = !self.0.wants_write();
            match turn {
                Handshake::Done if silent => return Ok(()),
                Handshake::Done => {
                    let rest = receive(session, &self.taken()).unwrap();
                    assert_eq!(rest.plaintext, b"");
                    return Ok(());
                }
                Handshake::NeedsBytes => assert!(!silent, "both sides wait"),
            }
        }
    }

    /// What it wants to send.
    fn taken(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while self.0.wants_write() {
            self.0.write_tls(&mut bytes).unwrap();
        }
        bytes
    }

    /// Lets it read, and says what the bytes held.
    fn give(&mut self, mut bytes: &[u8]) -> Vec<u8> {
        let mut plaintext = Vec::new();
        while !bytes.is_empty() {
            self.0.read_tls(&mut bytes).unwrap();
            let state = self.0.process_new_packets().unwrap();
            let start = plaintext.len();
            plaintext.resize(start + state.plaintext_bytes_to_read(), 0);
            let mut reader = self.0.reader();
            std::io::Read::read_exact(&mut reader, &mut plaintext[start..]).unwrap();
        }
        plaintext
    }

    fn seal(&mut self, plaintext: &[u8]) -> Vec<u8> {
        std::io::Write::write_all(&mut self.0.writer(), plaintext).unwrap();
        self.taken()
    }
}
