//! A peer that the database dials: on which port it is reached, and how.

use std::net::{IpAddr, SocketAddr};

use ringlock_model::{Direction, PlaintextReason};
use ringlock_net::DialError;
use ringlock_policy::Met;
use ringlock_tls::HandshakeFailure;
use tokio::{net::TcpStream, time::timeout};

use crate::{
    certificate::{Meeting, authorize_session},
    conn::Connection,
    establish,
    ports::Route,
    refusal::Refusal,
    shared::{InForce, Shared},
};

/// What is needed to dial a peer, perhaps more than once.
pub(crate) struct Dialled<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) in_force: &'a InForce,
    /// The address to dial from, where the kernel tells it.
    pub(crate) source: Option<IpAddr>,
    /// What the database dialled.
    pub(crate) address: SocketAddr,
}

/// A peer that answered.
pub(crate) struct Reached {
    stream: TcpStream,
    address: SocketAddr,
    /// Where else it may take TLS.
    other: Option<u16>,
}

impl Dialled<'_> {
    /// Where TLS is tried. Explicit listeners have one target.
    pub(crate) fn route(&self) -> Route {
        match self.source {
            Some(_) => {
                let InForce {
                    config, generation, ..
                } = self.in_force;
                self.shared.ports.route(config, *generation, self.address)
            }
            None => Route::only(self.address.port()),
        }
    }

    /// Dials the first port that does not refuse.
    pub(crate) async fn reach(&self, route: Route) -> Result<Reached, Refusal> {
        let refused = match (self.connect(route.first).await, route.second) {
            (Ok(stream), other) => return Ok(self.reached(stream, route.first, other)),
            (Err(refused @ DialError::Refused { .. }), Some(second)) => {
                if let Ok(stream) = self.connect(second).await {
                    return Ok(self.reached(stream, second, None));
                }
                refused
            }
            (Err(error), _) => {
                if matches!(error, DialError::TimedOut { .. }) {
                    let (ports, peer) = (&self.shared.ports, self.address.ip());
                    ports.first_was_silent(self.in_force.generation, peer, route);
                }
                error
            }
        };
        Err(Refusal::PeerUnreachable(refused))
    }

    fn reached(&self, stream: TcpStream, port: u16, other: Option<u16>) -> Reached {
        Reached {
            stream,
            address: SocketAddr::new(self.address.ip(), port),
            other,
        }
    }

    async fn connect(&self, port: u16) -> Result<TcpStream, DialError> {
        let dialer = self.in_force.dialer();
        let address = SocketAddr::new(self.address.ip(), port);
        match self.source {
            Some(source) => dialer.dial_from(source, address).await,
            None => dialer.dial(address).await,
        }
    }

    /// Whether plaintext may follow where TLS found nobody: never on a port for TLS alone.
    fn takes_plaintext(&self) -> bool {
        let config = &self.in_force.config;
        let port = self.address.port();
        self.source.is_none() || port == config.storage_port || port != config.ssl_storage_port
    }

    /// TLS, on whichever port takes it; otherwise plaintext, if the mode allows to fall back.
    pub(crate) async fn secure(
        &self,
        peer: Reached,
        first: Vec<u8>,
        fallback: bool,
    ) -> Result<Connection, Refusal> {
        let deadline = self.in_force.handshake_timeout();
        let secured = timeout(deadline, self.secure_somewhere(peer, &first))
            .await
            .map_err(|_| Refusal::HandshakeTimeout(deadline))
            .flatten();
        match secured {
            Err(refusal) if fallback && self.takes_plaintext() && speaks_no_tls(&refusal) => {
                let peer = self.address;
                tracing::info!(%peer, %refusal, "the peer is dialled again in plaintext");
                let peer = self.reach(Route::only(self.address.port())).await?;
                let reason = PlaintextReason::PeerSpeaksNoTls;
                self.clear(peer, Met::Plaintext(reason), first).await
            }
            secured => secured,
        }
    }

    async fn secure_somewhere(&self, peer: Reached, first: &[u8]) -> Result<Connection, Refusal> {
        let other = peer.other;
        let refusal = match self.secure_there(peer, first).await {
            Err(refusal) if speaks_no_tls(&refusal) => refusal,
            secured => return secured,
        };
        let Some(port) = other else {
            return Err(refusal);
        };
        match self.connect(port).await {
            Ok(stream) => match self
                .secure_there(self.reached(stream, port, None), first)
                .await
            {
                // What was found where the database dialled says more.
                Err(again) if speaks_no_tls(&again) => Err(refusal),
                secured => secured,
            },
            Err(error) => {
                if matches!(error, DialError::TimedOut { .. }) {
                    let (ports, peer) = (&self.shared.ports, self.address.ip());
                    ports.second_was_silent(self.in_force.generation, peer);
                }
                Err(refusal)
            }
        }
    }

    async fn secure_there(&self, peer: Reached, first: &[u8]) -> Result<Connection, Refusal> {
        let Reached {
            mut stream,
            address,
            ..
        } = peer;
        let tls = self.shared.live.current();
        let ip = address.ip();
        let mut secured = establish::dial(&mut stream, &tls, ip, &self.shared.signing).await?;
        let meeting = Meeting {
            session: &secured.session,
            tls: &tls,
            direction: Direction::Outbound,
            address: ip,
        };
        let authorized = authorize_session(&meeting, self.in_force, self.shared)?;
        if self.source.is_some() {
            self.shared
                .ports
                .took_tls(self.in_force.generation, address);
        }
        let answer = secured.open_early()?;
        secured.seal(first)?;
        let mut connection = Connection::secured(authorized, stream, address, secured, answer)?;
        connection.has_sealed(first.len());
        Ok(connection)
    }

    /// What the database says goes on as it is, and to where it dialled.
    pub(crate) async fn clear(
        &self,
        peer: Reached,
        met: Met<'_>,
        first: Vec<u8>,
    ) -> Result<Connection, Refusal> {
        let stream = if peer.address == self.address {
            peer.stream
        } else {
            drop(peer);
            let there = self.connect(self.address.port()).await;
            there.map_err(Refusal::PeerUnreachable)?
        };
        Connection::clear_outbound(self.in_force, stream, self.address, met, first)
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
