//! The life of one connection.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use ringlock_model::{Direction, PlaintextReason, Security};
use ringlock_policy::{Accept, Dial, Met, Permit, authorize};
use ringlock_tls::HandshakeFailure;
use ringlock_wire::FirstBytes;
use tokio::{
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::{Instant, timeout, timeout_at},
};

use crate::{
    certificate::{Authorized, Meeting, authorize_session},
    detect::{Detected, detect, excerpt},
    establish::{self, Secured},
    guard,
    introduction::Introduction,
    links::LinkFacts,
    proof::Proof,
    record::Carried,
    refusal::Refusal,
    relay::{Early, Transport},
    shared::{InForce, Shared},
};

/// A connection that was accepted.
pub(crate) struct Accepted {
    pub(crate) stream: TcpStream,
    pub(crate) from: SocketAddr,
    pub(crate) entry: Entry,
    /// The place of a peer that has not proved itself yet; given back when it has.
    pub(crate) place: Option<OwnedSemaphorePermit>,
}

/// Where a connection came in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entry {
    /// The kernel redirected it; the socket knows where it was going.
    Redirected(Direction),
    /// It was made to a listener with a fixed target.
    Fixed {
        direction: Direction,
        target: SocketAddr,
    },
}

/// A connection that may be relayed, and everything that the relay needs.
pub(crate) struct Ready {
    pub(crate) permit: Permit,
    pub(crate) database: TcpStream,
    pub(crate) peer: TcpStream,
    pub(crate) transport: Transport,
    pub(crate) early: Early,
    pub(crate) facts: LinkFacts,
}

/// Serves one connection from its acceptance to its refusal, or to the relay and its record.
pub(crate) async fn serve(shared: Arc<Shared>, accepted: Accepted) {
    let Accepted {
        stream,
        from,
        entry,
        place,
    } = accepted;
    match prepare(&shared, stream, from, entry).await {
        Ok(ready) => {
            drop(place);
            // A task of its own: the memory of this one, sized for the handshake, is given back
            // before the long life of the relay.
            tokio::spawn(Carried::new(shared, ready));
        }
        Err(refusal) => refuse(&shared, entry, from, &refusal),
    }
}

async fn prepare(
    shared: &Shared,
    stream: TcpStream,
    from: SocketAddr,
    entry: Entry,
) -> Result<Ready, Refusal> {
    // The listening socket has handed down its options. One of them ends the connection with a
    // reset whenever this function ends early: the other side is to see a failure at once, and
    // never the orderly end that a mere close would be.
    let destination = match entry {
        Entry::Redirected(_) => ringlock_net::original_dst(&stream)?,
        Entry::Fixed { target, .. } => target,
    };
    guard::check(destination, stream.local_addr()?, &shared.own_ports)?;
    let ready = match entry.direction() {
        Direction::Outbound => outbound(shared, stream, from, destination, entry).await?,
        Direction::Inbound => inbound(shared, stream, from, destination).await?,
    };
    match entry.direction() {
        Direction::Outbound => ringlock_net::orderly_on_close(&ready.database)?,
        Direction::Inbound => ringlock_net::orderly_on_close(&ready.peer)?,
    }
    Ok(ready)
}

/// The database dials a peer.
async fn outbound(
    shared: &Shared,
    mut database: TcpStream,
    from: SocketAddr,
    address: SocketAddr,
    entry: Entry,
) -> Result<Ready, Refusal> {
    let in_force = shared.in_force();
    let deadline = in_force.handshake_timeout();
    let dialled = Dialled {
        shared,
        in_force: &in_force,
        source: entry.source(from),
        address,
    };
    // The peer is dialled before the database has said a word, so that an unreachable peer is
    // seen as soon as without the agent.
    let peer = dialled.connect().await?;
    let first = detect(&mut database, deadline, Refusal::SilentDatabase).await?;
    let crossing = shared.topology.crossing(address.ip());
    let connection = match (
        first.kind,
        ringlock_policy::dial(shared.mode.mode(), crossing),
    ) {
        (FirstBytes::Tls, _) => dialled.native(peer, first.bytes)?,
        (FirstBytes::Unknown | FirstBytes::Undecided, _) => {
            return Err(Refusal::Garbage(excerpt(&first.bytes)));
        }
        (FirstBytes::Internode, Dial::Plaintext(reason)) => {
            dialled.plaintext(peer, reason, first.bytes)?
        }
        (FirstBytes::Internode, Dial::Tls { fallback }) => {
            let secured = timeout(deadline, dialled.secure(peer, &first.bytes))
                .await
                .map_err(|_| Refusal::HandshakeTimeout(deadline))
                .flatten();
            match secured {
                Err(refusal) if fallback && speaks_no_tls(&refusal) => {
                    tracing::info!(peer = %address, %refusal, "the peer is dialled again in plaintext");
                    let peer = dialled.connect().await?;
                    dialled.plaintext(peer, PlaintextReason::PeerSpeaksNoTls, first.bytes)?
                }
                secured => secured?,
            }
        }
    };
    Ok(connection.ready(Direction::Outbound, database, address))
}

/// A peer dials the database.
async fn inbound(
    shared: &Shared,
    mut peer: TcpStream,
    from: SocketAddr,
    address: SocketAddr,
) -> Result<Ready, Refusal> {
    let in_force = shared.in_force();
    let deadline = in_force.handshake_timeout();
    // One deadline for all that a stranger may take, from its first byte to its proof.
    let until = Instant::now() + deadline;
    let Detected { kind, bytes } = detect(&mut peer, deadline, Refusal::SilentPeer).await?;
    // By the address that the peer dials from, and never by what it says of itself (G-24).
    let crossing = shared.topology.crossing(from.ip());
    let mode = shared.mode.mode();
    let connection = match (kind, ringlock_policy::accept(mode, crossing)) {
        (FirstBytes::Unknown | FirstBytes::Undecided, _) => {
            return Err(Refusal::Garbage(excerpt(&bytes)));
        }
        (FirstBytes::Internode, Accept::Tls) => {
            return Err(Refusal::PlaintextRefused {
                encryption: mode.encryption,
                crossing,
            });
        }
        (FirstBytes::Internode, Accept::Plaintext(reason) | Accept::Both(reason)) => {
            Connection::clear(&in_force, peer, Met::Plaintext(reason), bytes)?
        }
        // Nothing is encrypted by order, so TLS is the databases' own affair.
        (FirstBytes::Tls, Accept::Plaintext(_)) => {
            Connection::clear(&in_force, peer, Met::Native, bytes)?
        }
        (FirstBytes::Tls, Accept::Both(_) | Accept::Tls) => {
            secure_inbound(shared, &in_force, peer, from.ip(), bytes, until).await?
        }
    };
    // The database is not troubled before the peer has proved itself.
    let dialer = in_force.dialer();
    let database = dialer
        .dial(address)
        .await
        .map_err(Refusal::DatabaseUnreachable)?;
    let peer = SocketAddr::new(from.ip(), address.port());
    Ok(connection.ready(Direction::Inbound, database, peer))
}

/// One side of a connection: the peer, permitted, with what protects it.
struct Connection {
    permit: Permit,
    peer: TcpStream,
    transport: Transport,
    security: Security,
    early: Early,
    proof: Option<Proof>,
}

impl Connection {
    /// A connection whose bytes are passed on as they are; `first` came from the peer.
    fn clear(
        in_force: &InForce,
        peer: TcpStream,
        met: Met<'_>,
        first: Vec<u8>,
    ) -> Result<Self, Refusal> {
        let security = match met {
            Met::Plaintext(reason) => Security::Plaintext { reason },
            Met::Native | Met::Anonymous | Met::Certificate { .. } => Security::Native,
        };
        Ok(Self {
            permit: authorize(&in_force.requirements, met)?,
            peer,
            transport: Transport::Clear,
            security,
            early: Early {
                inward: first,
                ..Early::default()
            },
            proof: None,
        })
    }

    /// A connection with a session; `early` came with the end of its handshake.
    fn secured(
        authorized: Authorized,
        peer: TcpStream,
        mut secured: Secured,
        early: ringlock_tls::Early,
    ) -> Result<Self, Refusal> {
        Ok(Self {
            permit: authorized.permit,
            peer,
            proof: Some(authorized.proof),
            security: secured.describe(authorized.name)?,
            transport: Transport::Tls(secured.session),
            early: Early {
                outward: secured.outgoing,
                inward: early.plaintext,
                inward_ended: early.ended,
                ..Early::default()
            },
        })
    }

    fn ready(self, direction: Direction, database: TcpStream, peer: SocketAddr) -> Ready {
        Ready {
            permit: self.permit,
            database,
            peer: self.peer,
            transport: self.transport,
            early: self.early,
            facts: LinkFacts {
                peer,
                direction,
                security: self.security,
                proof: self.proof,
            },
        }
    }
}

/// What is needed to dial a peer, perhaps twice.
struct Dialled<'a> {
    shared: &'a Shared,
    in_force: &'a InForce,
    source: Option<IpAddr>,
    address: SocketAddr,
}

impl Dialled<'_> {
    async fn connect(&self) -> Result<TcpStream, Refusal> {
        let dialer = self.in_force.dialer();
        match self.source {
            Some(source) => dialer.dial_from(source, self.address).await,
            None => dialer.dial(self.address).await,
        }
        .map_err(Refusal::PeerUnreachable)
    }

    async fn secure(&self, mut peer: TcpStream, first: &[u8]) -> Result<Connection, Refusal> {
        let address = self.address.ip();
        let tls = self.shared.live.current();
        let mut secured = establish::dial(&mut peer, &tls, address, &self.shared.signing).await?;
        let meeting = Meeting {
            session: &secured.session,
            tls: &tls,
            direction: Direction::Outbound,
            address,
        };
        let authorized = authorize_session(&meeting, self.in_force, self.shared)?;
        let answer = secured.open_early()?;
        secured.seal(first)?;
        let mut connection = Connection::secured(authorized, peer, secured, answer)?;
        connection.early.sent = first.len();
        Ok(connection)
    }

    fn plaintext(
        &self,
        peer: TcpStream,
        reason: PlaintextReason,
        first: Vec<u8>,
    ) -> Result<Connection, Refusal> {
        self.clear(peer, Met::Plaintext(reason), first)
    }

    fn native(&self, peer: TcpStream, first: Vec<u8>) -> Result<Connection, Refusal> {
        self.clear(peer, Met::Native, first)
    }

    /// As [`Connection::clear`], but `first` came from the database.
    fn clear(&self, peer: TcpStream, met: Met<'_>, first: Vec<u8>) -> Result<Connection, Refusal> {
        let mut connection = Connection::clear(self.in_force, peer, met, Vec::new())?;
        connection.early.sent = first.len();
        connection.early.outward = first;
        Ok(connection)
    }
}

/// Takes TLS from a peer, and what it says of itself, until the deadline for strangers.
async fn secure_inbound(
    shared: &Shared,
    in_force: &InForce,
    mut peer: TcpStream,
    from: IpAddr,
    first: Vec<u8>,
    until: Instant,
) -> Result<Connection, Refusal> {
    let tls = shared.live.current();
    let deadline = in_force.handshake_timeout();
    let accepted = establish::accept(&mut peer, &tls, first, &shared.signing);
    let mut secured = timeout_at(until, accepted)
        .await
        .map_err(|_| Refusal::HandshakeTimeout(deadline))??;
    let meeting = Meeting {
        session: &secured.session,
        tls: &tls,
        direction: Direction::Inbound,
        address: from,
    };
    let mut authorized = authorize_session(&meeting, in_force, shared)?;
    let mut first = secured.open_early()?;
    let mut introduction = None;
    if let Some(claimant) = authorized.claimant.take() {
        // The database is not dialled for a peer that claims to be another, or that says nothing.
        let begun = Introduction::new(claimant).begin(&mut peer, &mut secured, &mut first);
        introduction = timeout_at(until, begun)
            .await
            .map_err(|_| Refusal::SilentPeer(deadline))??;
    }
    let mut connection = Connection::secured(authorized, peer, secured, first)?;
    connection.early.introduction = introduction;
    Ok(connection)
}

fn refuse(shared: &Shared, entry: Entry, from: SocketAddr, refusal: &Refusal) {
    let code = refusal.code();
    shared.refused.count(code);
    let direction = entry.direction();
    if refusal.is_ordinary() {
        tracing::info!(%from, %direction, code, "not connected: {refusal}");
    } else {
        tracing::warn!(%from, %direction, code, "refused: {refusal}");
    }
}

/// Whether a failed handshake looks like a peer that has no TLS at all, and not like one that
/// refused us or that we refuse.
fn speaks_no_tls(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::Handshake(HandshakeFailure::Closed | HandshakeFailure::NotTls(_))
    )
}

impl Entry {
    pub(crate) fn direction(self) -> Direction {
        match self {
            Self::Redirected(direction) | Self::Fixed { direction, .. } => direction,
        }
    }

    /// The address to dial from: the database's own, where the kernel tells it.
    fn source(self, from: SocketAddr) -> Option<IpAddr> {
        match self {
            Self::Redirected(_) => Some(from.ip()),
            Self::Fixed { .. } => None,
        }
    }
}
