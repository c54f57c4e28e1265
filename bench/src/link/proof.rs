//! Before anything is measured: every contender really does what is to be compared.
//!
//! Bytes come out as they went in; what passes between the proxies is TLS 1.3; and a proxy whose
//! certificate another authority signed is refused, on either side.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use serde::Serialize;

use super::contender::{Contender, Kind, OPENING, Pair, Route, greet};
use super::identity::Identity;
use super::setting::Setting;
use super::tap::Tap;

/// Connections on which resumption may show; more than one, as caches may be a thread's own.
const VISITS: usize = 10;
/// Time between them for the server's tickets to arrive.
const PAUSE: Duration = Duration::from_millis(30);
/// Checked for integrity, there and back.
const PAYLOAD: u32 = 4 * 1024 * 1024;

/// What a contender's proxies agreed on.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Agreed {
    /// Protocol version.
    pub(crate) version: String,
    /// Cipher suite.
    pub(crate) suite: String,
    /// Key exchange.
    pub(crate) group: String,
    /// How many of the connections after the first took up an earlier session.
    pub(crate) resumed: usize,
    /// Connections after the first.
    pub(crate) of: usize,
}

/// Fails unless the contender carries bytes unharmed over TLS 1.3 with both sides verified.
pub(crate) fn prove(contender: &Contender, setting: &Setting) -> Result<Option<Agreed>> {
    if contender.kind == Kind::Direct {
        return Ok(None);
    }
    let ours = &setting.identities;
    let agreed = agreed(&contender.kind, setting)?;
    refuses(&contender.kind, setting, &ours.foreign, &ours.back)
        .context("the proxy behind must verify the one in front")?;
    refuses(&contender.kind, setting, &ours.front, &ours.foreign)
        .context("the proxy in front must verify the one behind")?;
    Ok(Some(agreed))
}

fn agreed(kind: &Kind, setting: &Setting) -> Result<Agreed> {
    let between = setting.ports.take()?;
    let by_way_of = setting.ports.take()?;
    let tap = Tap::start(by_way_of, between)?;
    let route = Route {
        server: setting.backend.echo.address(),
        front: &setting.identities.front,
        back: &setting.identities.back,
        by_way_of: Some(by_way_of),
        between,
    };
    let pair = Pair::start(kind, setting, &route)?;
    pair.await_ready(setting)?;
    for _ in 0..VISITS {
        setting.interrupt.sleep(PAUSE)?;
        greet(pair.entry()).context("connecting through the tap")?;
    }
    round_trip_payload(&pair).context("sending a larger payload there and back")?;
    let hellos = tap.hellos()?;
    let last = hellos.last().ok_or_else(|| anyhow!("no TLS was seen"))?;
    ensure!(
        last.version == "TLS 1.3",
        "{} was agreed on, not TLS 1.3",
        last.version
    );
    Ok(Agreed {
        version: last.version.clone(),
        suite: last.suite.clone(),
        group: last.group.clone(),
        resumed: hellos.iter().skip(1).filter(|hello| hello.resumed).count(),
        of: hellos.len() - 1,
    })
}

/// A payload that tells when something is lost, doubled or out of order.
fn round_trip_payload(pair: &Pair) -> Result<()> {
    let words = (0..PAYLOAD / 4).flat_map(|n: u32| n.wrapping_mul(2_654_435_761).to_le_bytes());
    let payload: Vec<u8> = OPENING.into_iter().chain(words).collect();
    let mut stream = TcpStream::connect(pair.entry())?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut writer = stream.try_clone()?;
    let mut back = vec![0; payload.len()];
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| writer.write_all(&payload));
        stream.read_exact(&mut back)?;
        sender
            .join()
            .map_err(|_| anyhow!("the sender panicked"))?
            .context("sending")
    })?;
    ensure!(back == payload, "what came back is not what was sent");
    Ok(())
}

/// Starts a pair of which one side is of another cluster, and expects that nothing gets through.
fn refuses(kind: &Kind, setting: &Setting, front: &Identity, back: &Identity) -> Result<()> {
    let route = Route {
        server: setting.backend.echo.address(),
        front,
        back,
        by_way_of: None,
        between: setting.ports.take()?,
    };
    let pair = Pair::start(kind, setting, &route)?;
    pair.await_listening(setting)?;
    for _ in 0..3 {
        setting.interrupt.check()?;
        ensure!(
            greet(pair.entry()).is_err(),
            "a certificate of another authority was let through"
        );
    }
    // A refusal, not a breakdown.
    pair.check_running()
}
