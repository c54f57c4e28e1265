//! The life of one connection.

use std::{
    future::pending,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use ringlock_model::{Direction, Security};
use ringlock_policy::{Accept, Dial, Met, Permit, authorize};
use ringlock_wire::FirstBytes;
use tokio::{
    net::TcpStream,
    time::{Instant, timeout_at},
};

use crate::{
    certificate::{Authorized, Meeting, authorize_session},
    detect::{Detected, detect, excerpt},
    dialled::Dialled,
    establish::{self, Secured},
    gate::Place,
    guard,
    introduction::Introduction,
    links::LinkFacts,
    overheard::Overheard,
    pace::Pace,
    ports::Route,
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
    pub(crate) place: Option<Place>,
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
    /// Of a connection that the database dialled.
    pub(crate) pace: Option<Pace>,
}

/// Serves one connection from its acceptance to its refusal, or to the relay and its record.
pub(crate) async fn serve(shared: Arc<Shared>, accepted: Accepted) {
    let Accepted {
        stream,
        from,
        entry,
        mut place,
    } = accepted;
    let taken_away = async {
        match &mut place {
            Some(place) => place.taken_away().await,
            None => pending().await,
        }
    };
    let prepared = tokio::select! {
        biased;
        prepared = prepare(&shared, stream, from, entry) => prepared,
        why = taken_away => Err(why.into()),
    };
    match prepared {
        Ok(ready) => {
            if let Some(place) = place {
                place.prove();
            }
            // A task of its own: the memory of this one, sized for the handshake, is given back
            // before the long life of the relay.
            tokio::spawn(Carried::new(shared, ready));
        }
        Err(refusal) => refuse(&shared, entry, from, &refusal),
    }
}

async fn prepare(
    shared: &Shared,
    mut stream: TcpStream,
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
        Direction::Outbound => {
            let mut pace = Pace::begin();
            match outbound(shared, &mut stream, &mut pace, from, destination, entry).await {
                Ok(connection) => Ready {
                    pace: Some(pace),
                    ..connection.ready(Direction::Outbound, stream)
                },
                Err(refusal) => {
                    pace.wait(&stream).await;
                    return Err(refusal);
                }
            }
        }
        Direction::Inbound => inbound(shared, stream, from, destination, entry).await?,
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
    database: &mut TcpStream,
    pace: &mut Pace,
    from: SocketAddr,
    address: SocketAddr,
    entry: Entry,
) -> Result<Connection, Refusal> {
    if !shared.is_open.is_open() {
        shared.local.is_alive();
    }
    let in_force = shared.in_force();
    let deadline = in_force.handshake_timeout();
    let dialled = Dialled {
        shared,
        in_force: &in_force,
        source: entry.source(from),
        address,
    };
    let policy =
        || ringlock_policy::dial(shared.mode.mode(), shared.topology.crossing(address.ip()));
    let route = match policy() {
        Dial::Tls { .. } => dialled.route(),
        Dial::Plaintext(_) => Route::only(address.port()),
    };
    // The peer is dialled before the database has said a word, so that an unreachable peer is
    // seen as soon as without the agent.
    let peer = dialled.reach(route).await?;
    let first = detect(database, deadline, Refusal::SilentDatabase).await?;
    pace.hear(&first.bytes);
    // The mode may be another one by now.
    match (first.kind, policy()) {
        (FirstBytes::Tls, _) => dialled.clear(peer, Met::Native, first.bytes).await,
        (FirstBytes::Unknown | FirstBytes::Undecided, _) => {
            Err(Refusal::Garbage(excerpt(&first.bytes)))
        }
        (FirstBytes::Internode, Dial::Plaintext(reason)) => {
            let met = Met::Plaintext(reason);
            dialled.clear(peer, met, first.bytes).await
        }
        (FirstBytes::Internode, Dial::Tls { fallback }) => {
            dialled.secure(peer, first.bytes, fallback).await
        }
    }
}

/// A peer dials the database.
async fn inbound(
    shared: &Shared,
    mut peer: TcpStream,
    from: SocketAddr,
    address: SocketAddr,
    entry: Entry,
) -> Result<Ready, Refusal> {
    let in_force = shared.in_force();
    let deadline = in_force.handshake_timeout();
    // One deadline for all that a stranger may take, from its first byte to its proof.
    let until = Instant::now() + deadline;
    let Detected { kind, bytes } = detect(&mut peer, deadline, Refusal::SilentPeer).await?;
    // By the address that the peer dials from, and never by what it says of itself (G-24).
    let crossing = shared.topology.crossing(from.ip());
    let mode = shared.mode.mode();
    let dialled = SocketAddr::new(from.ip(), address.port());
    let native = match kind {
        FirstBytes::Tls => native_port(shared, entry, address).await,
        _ => None,
    };
    let target = native.unwrap_or_else(|| plain_port(&in_force, entry, address));
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
            Connection::clear(&in_force, peer, dialled, Met::Plaintext(reason), bytes)?
        }
        // The database does TLS itself, or nothing is encrypted by order: it is their own affair.
        (FirstBytes::Tls, Accept::Plaintext(_)) => {
            Connection::clear(&in_force, peer, dialled, Met::Native, bytes)?
        }
        (FirstBytes::Tls, _) if native.is_some() => {
            Connection::clear(&in_force, peer, dialled, Met::Native, bytes)?
        }
        (FirstBytes::Tls, Accept::Both(_) | Accept::Tls) => {
            secure_inbound(shared, &in_force, peer, dialled, bytes, until).await?
        }
    };
    // The database is not troubled before the peer has proved itself.
    let dialer = in_force.dialer();
    let database = dialer
        .dial(SocketAddr::new(address.ip(), target))
        .await
        .map_err(Refusal::DatabaseUnreachable)?;
    Ok(connection.ready(Direction::Inbound, database))
}

/// Where the database itself takes the TLS of a peer that dialled that address, if it does.
async fn native_port(shared: &Shared, entry: Entry, address: SocketAddr) -> Option<u16> {
    match entry {
        Entry::Redirected(_) => shared.local.tls_port(address.port()).await,
        Entry::Fixed { .. } => None,
    }
}

/// Where the database takes plaintext: a port for TLS alone is none.
fn plain_port(in_force: &InForce, entry: Entry, address: SocketAddr) -> u16 {
    let config = &in_force.config;
    match entry {
        Entry::Redirected(_) if address.port() == config.ssl_storage_port => config.storage_port,
        Entry::Redirected(_) | Entry::Fixed { .. } => address.port(),
    }
}

/// One side of a connection: the peer, permitted, with what protects it.
pub(crate) struct Connection {
    permit: Permit,
    peer: TcpStream,
    /// The peer's address, with the port that was dialled.
    address: SocketAddr,
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
        address: SocketAddr,
        met: Met<'_>,
        first: Vec<u8>,
    ) -> Result<Self, Refusal> {
        let (security, overheard) = match met {
            Met::Plaintext(reason) => (Security::Plaintext { reason }, None),
            Met::Native | Met::Anonymous | Met::Certificate { .. } => {
                let overheard = Overheard::begin(&first);
                (Security::Native(overheard.facts().clone()), Some(overheard))
            }
        };
        Ok(Self {
            permit: authorize(&in_force.requirements, met)?,
            peer,
            address,
            transport: Transport::Clear(overheard),
            security,
            early: Early {
                inward: first,
                ..Early::default()
            },
            proof: None,
        })
    }

    /// As [`Connection::clear`], but `first` came from the database.
    pub(crate) fn clear_outbound(
        in_force: &InForce,
        peer: TcpStream,
        address: SocketAddr,
        met: Met<'_>,
        first: Vec<u8>,
    ) -> Result<Self, Refusal> {
        let mut connection = Self::clear(in_force, peer, address, met, first)?;
        connection.early.outward = std::mem::take(&mut connection.early.inward);
        connection.early.sent = connection.early.outward.len();
        Ok(connection)
    }

    /// A connection with a session; `early` came with the end of its handshake.
    pub(crate) fn secured(
        authorized: Authorized,
        peer: TcpStream,
        address: SocketAddr,
        mut secured: Secured,
        early: ringlock_tls::Early,
    ) -> Result<Self, Refusal> {
        Ok(Self {
            permit: authorized.permit,
            peer,
            address,
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

    /// So many of the database's bytes are among what is to be sent.
    pub(crate) fn has_sealed(&mut self, bytes: usize) {
        self.early.sent = bytes;
    }

    fn ready(self, direction: Direction, database: TcpStream) -> Ready {
        Ready {
            permit: self.permit,
            database,
            peer: self.peer,
            transport: self.transport,
            early: self.early,
            facts: LinkFacts {
                peer: self.address,
                direction,
                security: self.security,
                proof: self.proof,
            },
            pace: None,
        }
    }
}

/// Takes TLS from a peer, and what it says of itself, until the deadline for strangers.
async fn secure_inbound(
    shared: &Shared,
    in_force: &InForce,
    mut peer: TcpStream,
    address: SocketAddr,
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
        address: address.ip(),
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
    let mut connection = Connection::secured(authorized, peer, address, secured, first)?;
    connection.early.introduction = introduction;
    Ok(connection)
}

/// Counts a connection that is not relayed, and says why.
pub(crate) fn refuse(shared: &Shared, entry: Entry, from: SocketAddr, refusal: &Refusal) {
    let code = refusal.code();
    shared.refused.count(code);
    let direction = entry.direction();
    if matches!(refusal, Refusal::CrowdedOut(_)) {
        // Whoever crowds the port out must not fill the log as well.
        if let Some(unsaid) = shared.gate.may_say(Instant::now()) {
            tracing::warn!(%from, %direction, code, unsaid, "refused: {refusal}");
        }
    } else if refusal.is_ordinary() {
        tracing::info!(%from, %direction, code, "not connected: {refusal}");
    } else {
        tracing::warn!(%from, %direction, code, "refused: {refusal}");
    }
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
