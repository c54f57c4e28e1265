//! Whether the local database does TLS itself by now.
//!
//! Its file says what the next start will do, so it is not believed: the database's listening
//! sockets are watched, and each time that there is another one it is asked, once, with a
//! `ClientHello`. It answers like a TLS server, or closes. Where it does TLS itself, TLS from peers
//! is none of the agent's business any more.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use ringlock_config::{Config, Interception};
use ringlock_net::diag::{self, DiagError, Listening};
use ringlock_wire::{NoServerHello, ServerHello};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::{Notify, watch},
    time::{Instant, sleep, timeout},
};

use crate::{
    front::Front,
    shared::{Phase, Shared},
};

/// How often the listening sockets are looked at.
const GLANCE: Duration = Duration::from_millis(500);

/// The same while nobody listens and peers are refused.
const VIGIL: Duration = Duration::from_millis(20);

/// How long a connection waits for a look that was asked for.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a database may take to answer; one that says nothing is asked again after it.
const ANSWER: Duration = Duration::from_secs(5);

/// How long a database that answered is listened to, so that it sees an orderly end. One that has
/// just started may be slow.
const FAREWELL: Duration = Duration::from_secs(30);

/// How long it has to be silent to have said all that it says at once.
const QUIET: Duration = Duration::from_millis(250);

/// What is known of the database's ports.
#[derive(Default)]
pub(crate) struct Local {
    known: watch::Sender<Known>,
    wanted: Notify,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Known {
    /// How often it was looked at.
    looks: u64,
    ports: Vec<(u16, Speech)>,
}

/// What somebody who listens on a port speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speech {
    Plaintext,
    Tls,
}

impl Local {
    /// Where the database takes TLS that a peer meant for `port`; none if it does no TLS.
    ///
    /// Where nobody listens, it is looked for first: the database may have begun to this moment.
    pub(crate) async fn tls_port(&self, port: u16) -> Option<u16> {
        let mut known = self.known.subscribe();
        let before = known.borrow_and_update().clone();
        if !before.ports.is_empty() {
            return before.tls_port(port);
        }
        self.wanted.notify_one();
        let looked = known.wait_for(|known| known.looks > before.looks);
        // Whoever is not answered in time meets a database that is not there yet.
        timeout(PATIENCE, looked)
            .await
            .ok()?
            .ok()
            .and_then(|known| known.tls_port(port))
    }

    /// The database has dialled somebody: it may listen by now, and be dialled back.
    pub(crate) fn is_alive(&self) {
        self.wanted.notify_one();
    }

    fn tell(&self, ports: Vec<(u16, Speech)>) {
        self.known.send_modify(|known| {
            known.looks += 1;
            known.ports = ports;
        });
    }
}

impl Known {
    fn tls_port(&self, port: u16) -> Option<u16> {
        let speech = self.ports.iter().find(|(known, _)| *known == port);
        match speech {
            Some((_, Speech::Plaintext)) => None,
            Some((_, Speech::Tls)) => Some(port),
            // The peer may know the port of before, or of another version.
            None => {
                let mut ports = self.ports.iter();
                let tls = ports.find(|(_, speech)| *speech == Speech::Tls)?;
                Some(tls.0)
            }
        }
    }
}

/// Watches the database's sockets until the agent drains, and lets peers come while there are any.
/// Where connections come by
/// explicit listeners the database may be anywhere, and is not asked.
pub(crate) async fn keep(shared: Arc<Shared>, mut front: Front) {
    let config = &shared.in_force().config;
    if matches!(config.interception, Interception::Listen { .. }) {
        // Nobody waits for a look.
        return;
    }
    let mut watcher = Watcher::new(config);
    let mut phase = shared.phase.subscribe();
    let watching = async {
        loop {
            let mut pause = GLANCE;
            match diag::listening(&watcher.ports) {
                Ok(sockets) => {
                    if sockets.is_empty() {
                        pause = VIGIL;
                    }
                    front.set(!sockets.is_empty(), &shared.is_open);
                    watcher.look(&shared, sockets).await;
                }
                Err(error) => {
                    front.set(true, &shared.is_open);
                    watcher.complain(&error);
                }
            }
            shared.local.tell(watcher.told());
            // Either is a reason to look again.
            tokio::select! {
                () = sleep(pause) => {}
                () = shared.local.wanted.notified() => {}
            }
        }
    };
    // An agent that drains must not hold a port at which nobody accepts.
    tokio::select! {
        () = watching => {}
        _ = phase.wait_for(|phase| *phase != Phase::Running) => {}
    }
}

/// What is remembered from look to look.
struct Watcher {
    ports: Vec<u16>,
    asked: Vec<Asked>,
    complained: bool,
}

/// What is known of the sockets of one port.
struct Asked {
    port: u16,
    sockets: Vec<Listening>,
    speech: Option<Speech>,
    /// When it is asked again if it said nothing.
    again: Instant,
}

impl Watcher {
    fn new(config: &Config) -> Self {
        let mut ports = vec![config.storage_port, config.ssl_storage_port];
        ports.dedup();
        Self {
            ports,
            asked: Vec::new(),
            complained: false,
        }
    }

    fn told(&self) -> Vec<(u16, Speech)> {
        let asked = self.asked.iter();
        asked
            .filter_map(|asked| Some((asked.port, asked.speech?)))
            .collect()
    }

    /// Asks what is new, one socket of each port: all of a port are the same database's.
    async fn look(&mut self, shared: &Shared, sockets: Vec<Listening>) {
        for port in self.ports.clone() {
            let mut here = sockets.clone();
            here.retain(|socket| socket.address.port() == port);
            let known = self.asked.iter_mut().find(|asked| asked.port == port);
            let known = known.filter(|asked| asked.sockets == here);
            if known.is_some_and(|asked| asked.speech.is_some() || Instant::now() < asked.again) {
                continue;
            }
            self.asked.retain(|asked| asked.port != port);
            let Some(first) = here.first() else { continue };
            let parting = self.parting(port);
            let speech = ask(shared, reachable(first.address), parting).await;
            match speech {
                Ok(speech) => tracing::info!(port, "the database {}", speech.as_str()),
                Err(ref error) => tracing::debug!(port, %error, "the database does not answer"),
            }
            self.asked.push(Asked {
                port,
                sockets: here,
                speech: speech.ok(),
                again: Instant::now() + ANSWER,
            });
        }
    }

    /// How a database that answers on that port is left without an error in its log. Who has a port
    /// for TLS alone is of Cassandra 3 or DSE.
    fn parting(&self, port: u16) -> Parting {
        let mut told = self.told().into_iter();
        match self.ports[..] {
            [storage, ssl] if port == ssl && !told.any(|it| it == (storage, Speech::Tls)) => {
                Parting::Reset
            }
            _ => Parting::Orderly,
        }
    }

    fn complain(&mut self, error: &DiagError) {
        self.asked.clear();
        if !self.complained {
            self.complained = true;
            tracing::warn!("whether the database does TLS itself cannot be told: {error}");
        }
    }
}

impl Speech {
    fn as_str(self) -> &'static str {
        match self {
            Self::Plaintext => "speaks plaintext; TLS from peers ends here",
            Self::Tls => "does TLS itself; TLS from peers is passed through",
        }
    }
}

/// How a database that does TLS is left in the middle of a handshake. What one of them takes in
/// silence is an error with a stack trace in the log of the other; an alert is one for most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parting {
    /// By FIN, when all that it sent was read: Cassandra 4 and later.
    Orderly,
    /// By a reset: Cassandra 3.
    Reset,
}

/// Asks the database what it speaks. An error means that it cannot be told now.
async fn ask(shared: &Shared, address: SocketAddr, parting: Parting) -> io::Result<Speech> {
    let asked = async {
        let dialer = shared.in_force().dialer();
        let mut stream = dialer.dial(address).await.map_err(io::Error::other)?;
        let mut hello = Vec::new();
        let mut session = (shared.live.current())
            .dial(address.ip())
            .map_err(io::Error::other)?;
        session
            .handshake(&mut Vec::new(), &mut hello)
            .map_err(|failed| io::Error::other(failed.failure))?;
        stream.write_all(&hello).await?;
        let speech = hear(&mut stream).await?;
        match (speech, parting) {
            (Speech::Tls, Parting::Orderly) => {
                // Nobody waits for this.
                tokio::spawn(timeout(FAREWELL, part(stream)));
            }
            (Speech::Tls, Parting::Reset) => ringlock_net::reset_on_close(&stream)?,
            (Speech::Plaintext, _) => {}
        }
        Ok(speech)
    };
    match timeout(ANSWER, asked).await {
        Ok(speech) => speech,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

async fn hear(stream: &mut TcpStream) -> io::Result<Speech> {
    let mut answer = Vec::with_capacity(4096);
    loop {
        match stream.read_buf(&mut answer).await {
            Ok(0) => return Ok(Speech::Plaintext),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                return Ok(Speech::Plaintext);
            }
            Err(error) => return Err(error),
        }
        match ServerHello::read(&answer) {
            Ok(None) => {}
            // One who has nothing in common with the agent speaks TLS as well.
            Ok(Some(_)) | Err(NoServerHello::Alert(_)) => return Ok(Speech::Tls),
            Err(_) => return Ok(Speech::Plaintext),
        }
    }
}

/// Ends what was begun: not in the middle of what the database sends, and with nothing unread, which
/// would become a reset.
async fn part(mut stream: TcpStream) -> io::Result<()> {
    let mut rest = [0; 4096];
    while let Ok(read) = timeout(QUIET, stream.read(&mut rest)).await {
        if read? == 0 {
            return Ok(());
        }
    }
    stream.shutdown().await?;
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

/// Where a socket that listens everywhere is reached.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip: IpAddr = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(ports: &[(u16, Speech)]) -> Known {
        Known {
            looks: 1,
            ports: ports.to_vec(),
        }
    }

    #[test]
    fn tls_goes_to_the_port_that_was_dialled_or_to_the_one_that_takes_it() {
        use Speech::{Plaintext, Tls};
        for (ports, for_7000, for_7001) in [
            (&[][..], None, None),
            // A plain node of any version, and Cassandra 4 and later with TLS.
            (&[(7000, Plaintext)], None, None),
            (&[(7000, Tls)], Some(7000), Some(7000)),
            // Its legacy port, Cassandra 3 under `all`, and under `dc`.
            (&[(7000, Tls), (7001, Tls)], Some(7000), Some(7001)),
            (&[(7001, Tls)], Some(7001), Some(7001)),
            (&[(7000, Plaintext), (7001, Tls)], None, Some(7001)),
        ] {
            let known = known(ports);
            assert_eq!(known.tls_port(7000), for_7000, "{ports:?}");
            assert_eq!(known.tls_port(7001), for_7001, "{ports:?}");
        }
    }

    #[tokio::test]
    async fn who_finds_nobody_listening_has_it_looked_for_once_more() {
        let local = Arc::new(Local::default());
        let asking = tokio::spawn({
            let local = Arc::clone(&local);
            async move { local.tls_port(7000).await }
        });
        local.wanted.notified().await;
        local.tell(vec![(7000, Speech::Tls)]);
        assert_eq!(asking.await.unwrap(), Some(7000));
        assert_eq!(local.tls_port(7000).await, Some(7000));
    }

    #[test]
    fn a_database_is_left_as_its_product_takes_it_without_a_word() {
        let asked = |port, speech| Asked {
            port,
            sockets: Vec::new(),
            speech: Some(speech),
            again: Instant::now(),
        };
        for (asked, of_storage, of_ssl) in [
            (vec![], Parting::Orderly, Parting::Reset),
            (
                vec![asked(7000, Speech::Plaintext)],
                Parting::Orderly,
                Parting::Reset,
            ),
            (
                vec![asked(7000, Speech::Tls)],
                Parting::Orderly,
                Parting::Orderly,
            ),
        ] {
            let watcher = Watcher {
                ports: vec![7000, 7001],
                asked,
                complained: false,
            };
            assert_eq!(watcher.parting(7000), of_storage);
            assert_eq!(watcher.parting(7001), of_ssl);
        }
    }

    #[test]
    fn a_socket_that_listens_everywhere_is_reached_over_loopback() {
        for (address, expected) in [
            ("0.0.0.0:7000", "127.0.0.1:7000"),
            ("[::]:7000", "[::1]:7000"),
            ("10.0.0.1:7000", "10.0.0.1:7000"),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(reachable(address).to_string(), expected);
        }
    }
}
