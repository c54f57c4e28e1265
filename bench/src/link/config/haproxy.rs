//! HAProxy in TCP mode.

use std::process::Command;

use anyhow::Result;

use super::{GROUP, Leg, MAX_CONNECTIONS, SUITE, Side, write};
use crate::link::identity::BACK_NAME;

/// The program, as Debian installs it.
pub(in crate::link) const PROGRAM: &str = "/usr/sbin/haproxy";

/// The command that runs one leg.
pub(in crate::link) fn command(leg: &Leg<'_>) -> Result<Command> {
    let file = write(leg, "haproxy.cfg", &render(leg))?;
    let mut command = Command::new(PROGRAM);
    // In the foreground, quiet.
    command.args(["-db", "-q", "-f"]).arg(file);
    Ok(command)
}

fn render(leg: &Leg<'_>) -> String {
    let (bind, server) = match leg.side {
        Side::Front => (String::new(), dial(leg)),
        Side::Back => (accept(leg), String::new()),
    };
    format!(
        "global
    # One process, a thread a core.
    nbthread {cores}
    maxconn {MAX_CONNECTIONS}
    # A server certificate that is not verified is a mistake.
    ssl-server-verify required
    # Several TLS records (16 KiB) fit into one buffer: a tenth less CPU in bulk than with the
    # default of 16384. Idle connections hold no buffer, whatever its size.
    tune.bufsize 131072
    # Sessions of clients that reconnect, shared by all threads. TCP_NODELAY is always on, and
    # tickets and reuse towards servers are on unless switched off.
    tune.ssl.cachesize 20000

defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h

listen link
    bind {listen}{bind}
    server next {target}{server}
",
        cores = leg.cores,
        listen = leg.listen,
        target = leg.target,
    )
}

fn accept(leg: &Leg<'_>) -> String {
    format!(
        " ssl crt {pem} ca-file {ca} verify required ssl-min-ver TLSv1.3 ciphersuites {SUITE} curves {GROUP}",
        pem = leg.identity.combined().display(),
        ca = leg.identity.authorities().display(),
    )
}

fn dial(leg: &Leg<'_>) -> String {
    format!(
        " ssl crt {pem} ca-file {ca} verify required verifyhost {BACK_NAME} sni str({BACK_NAME}) ssl-min-ver TLSv1.3 ciphersuites {SUITE}",
        pem = leg.identity.combined().display(),
        ca = leg.identity.authorities().display(),
    )
}
