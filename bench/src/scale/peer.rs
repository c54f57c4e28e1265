//! Peers of one node, each with an address and a certificate of its own.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use ringlock_model::{ClientAuth, NodeUri};
use ringlock_pki::ca::{Ca, NodeRequest};
use ringlock_pki::{Identity, Trust};
use ringlock_store::{KeyEntry, KeyStore, MAX_BYTES};
use ringlock_tls::{Handshake, Offer, Options, Session, TlsState, sealed_size};
use socket2::{Domain, Protocol, Socket, Type};
use time::OffsetDateTime;

use crate::link::contender::{OPENING, opening};
use crate::link::identity::{CLUSTER, Identities};

/// How long a peer waits for anything before the measurement fails.
const PATIENCE: Duration = Duration::from_secs(10);
/// More than a flight of a handshake.
const READ: usize = 8 * 1024;

/// All peers.
pub(super) struct Peers(Vec<Peer>);

/// One of them.
pub(super) struct Peer {
    address: Ipv4Addr,
    tls: TlsState,
}

/// A link that a peer dialled and used once.
pub(super) struct Link(TcpStream);

impl Peers {
    /// Has the authority that the proxies trust issue a certificate for each of `count` peers.
    pub(super) fn issue(identities: &Identities, count: u32) -> Result<Self> {
        let authority = &identities.authority;
        let (key, certificate) = (authority.join("ca.key"), authority.join("ca.crt"));
        let key = pem(&ringlock_files::read_private(&key, MAX_BYTES)?)?;
        let trusted = pem(&ringlock_files::read_limited(&certificate, MAX_BYTES)?)?;
        let now = OffsetDateTime::now_utc();
        let trust = Trust::select(&trusted, now)?;
        let ca = Ca::load(&key.join(trusted))?;
        let peers = (0..count).map(|number| Peer::issue(number, &ca, &trust, now));
        Ok(Self(peers.collect::<Result<_>>()?))
    }

    pub(super) fn all(&self) -> &[Peer] {
        &self.0
    }
}

impl Peer {
    fn issue(number: u32, ca: &Ca, trust: &Trust, now: OffsetDateTime) -> Result<Self> {
        // 127.1.0.0 and up, away from where proxies and servers listen.
        let address = Ipv4Addr::from_bits(Ipv4Addr::new(127, 1, 0, 0).to_bits() + number);
        let issued = ca.issue(
            &NodeRequest {
                uri: NodeUri {
                    cluster: CLUSTER.to_owned(),
                    datacenter: "dc1".to_owned(),
                    rack: "r1".to_owned(),
                    node: format!("n{number}"),
                },
                ips: vec![address.into()],
                dns: Vec::new(),
                validity: time::Duration::DAY,
            },
            now,
        )?;
        let store = KeyStore {
            keys: vec![KeyEntry {
                alias: None,
                created: None,
                key: issued.key,
                chain: vec![issued.certificate],
            }],
            ..KeyStore::default()
        };
        let options = Options {
            client_auth: ClientAuth::Required,
            endpoint_verification: true,
            session_tickets: true,
        };
        let identity = Identity::select(store, now)?;
        let tls = TlsState::build(&identity, trust, options, &Offer::default())?;
        Ok(Self { address, tls })
    }

    /// Dials `proxy` from the peer's own address, and sees the opening come back.
    pub(super) fn link(&self, proxy: SocketAddr) -> Result<Link> {
        let mut stream = self.dial(proxy)?;
        let mut session = self.tls.dial(proxy.ip())?;
        let (mut incoming, mut outgoing) = (Vec::new(), Vec::new());
        while session
            .handshake(&mut incoming, &mut outgoing)
            .map_err(|failed| failed.failure)?
            == Handshake::NeedsBytes
        {
            stream.write_all(&outgoing)?;
            outgoing.clear();
            read_more(&mut stream, &mut incoming)?;
        }
        let sent = outgoing.len();
        let opening = opening(self.address);
        outgoing.resize(sent + sealed_size(opening.len()), 0);
        let sealed = session.seal(&opening, &mut outgoing[sent..])?;
        outgoing.truncate(sent + sealed);
        stream.write_all(&outgoing)?;
        let back = receive(&mut session, &mut stream)?;
        ensure!(back == opening, "what came back is not what was sent");
        Ok(Link(stream))
    }

    fn dial(&self, proxy: SocketAddr) -> Result<TcpStream> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        socket.bind(&SocketAddr::from((self.address, 0)).into())?;
        socket
            .connect(&proxy.into())
            .with_context(|| format!("connecting to {proxy} from {}", self.address))?;
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(stream)
    }
}

impl Link {
    /// Fails if the other side has ended the link.
    pub(super) fn check_alive(&self) -> Result<()> {
        self.0.set_nonblocking(true)?;
        match self.0.peek(&mut [0]) {
            Ok(0) => bail!("a link was closed while it lay idle"),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error).context("a link ended while it lay idle"),
        }
    }
}

/// Reads as many bytes of application data as were sent.
fn receive(session: &mut Session, stream: &mut TcpStream) -> Result<Vec<u8>> {
    let mut answer = Vec::new();
    let mut back = session.open_early(&mut answer)?.plaintext;
    let mut plaintext = vec![0; 2 * READ];
    while back.len() < OPENING.len() {
        let mut incoming = session.carried().to_vec();
        read_more(stream, &mut incoming)?;
        plaintext.resize(plaintext.len().max(incoming.len()), 0);
        let opened = session.open(&incoming, &mut plaintext, &mut answer)?;
        back.extend_from_slice(&plaintext[..opened.plaintext]);
    }
    Ok(back)
}

fn read_more(stream: &mut TcpStream, incoming: &mut Vec<u8>) -> Result<()> {
    let mut buffer = [0; READ];
    let read = stream.read(&mut buffer)?;
    ensure!(read > 0, "the proxy closed the connection");
    incoming.extend_from_slice(&buffer[..read]);
    Ok(())
}

fn pem(bytes: &[u8]) -> Result<KeyStore> {
    ringlock_store::parse_pem(bytes).context("reading the authority")
}
