//! stunnel, a thread a connection.

use std::process::Command;

use anyhow::Result;

use super::{GROUP, Leg, SUITE, Side, write};

/// The program, as Debian installs it.
pub(in crate::link) const PROGRAM: &str = "/usr/bin/stunnel";

/// The command that runs one leg.
pub(in crate::link) fn command(leg: &Leg<'_>) -> Result<Command> {
    let file = write(leg, "stunnel.conf", &render(leg))?;
    let mut command = Command::new(PROGRAM);
    command.arg(file);
    Ok(command)
}

fn render(leg: &Leg<'_>) -> String {
    let role = match leg.side {
        Side::Front => "client = yes\n",
        Side::Back => "client = no\n",
    };
    // A client checks the address it dialled; a server has no such check to offer.
    let address = match leg.side {
        Side::Front => "checkIP = 127.0.0.1\n",
        Side::Back => "",
    };
    format!(
        "foreground = yes
pid =
; The default writes two lines a connection.
debug = err
; On by default; written down because the round trips depend on it.
socket = l:TCP_NODELAY=1
socket = r:TCP_NODELAY=1
[link]
{role}{address}accept = {listen}
connect = {target}
cert = {certificate}
key = {key}
CAfile = {ca}
; Demands a certificate of the other side, and verifies its chain.
verifyChain = yes
sslVersion = TLSv1.3
ciphersuites = {SUITE}
curves = {GROUP}
; Resumption is on by default; the cache holds more than any scenario needs.
sessionCacheSize = 20000
sessionCacheTimeout = 3600
TIMEOUTidle = 43200
",
        listen = leg.listen,
        target = leg.target,
        certificate = leg.identity.certificate().display(),
        key = leg.identity.key().display(),
        ca = leg.identity.authorities().display(),
    )
}
