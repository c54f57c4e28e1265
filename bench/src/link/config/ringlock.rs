//! Ringlock as an operator gets it: nothing is set that has a default.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{Leg, Side, write};
use crate::link::identity::CLUSTER;

/// The command that runs one agent.
pub(in crate::link) fn command(binary: &Path, leg: &Leg<'_>) -> Result<Command> {
    let file = write(leg, "ringlock.yaml", &render(leg))?;
    let mut command = Command::new(binary);
    command.args(["agent", "run", "--config"]).arg(file);
    Ok(command)
}

fn render(leg: &Leg<'_>) -> String {
    let direction = match leg.side {
        Side::Front => "outbound",
        Side::Back => "inbound",
    };
    format!(
        "ringlock:
  cluster: {CLUSTER}
  interception: listen
  listeners:
    - address: {listen}
      target: {target}
      direction: {direction}
  admin_socket: {dir}/admin.sock
  state_directory: {dir}
server_encryption_options:
  internode_encryption: all
  require_client_auth: true
  require_endpoint_verification: true
  certificate: {certificate}
  keyfile: {key}
  truststore: {authorities}
",
        listen = leg.listen,
        target = leg.target,
        dir = leg.dir.display(),
        certificate = leg.identity.certificate().display(),
        key = leg.identity.key().display(),
        authorities = leg.identity.authorities().display(),
    )
}
