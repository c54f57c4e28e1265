//! nginx with its stream module.

use std::process::Command;

use anyhow::Result;

use super::{GROUP, Leg, MAX_CONNECTIONS, SUITE, Side, write};
use crate::link::identity::BACK_NAME;

/// The program, as Debian installs it.
pub(in crate::link) const PROGRAM: &str = "/usr/sbin/nginx";
/// The stream module, which Debian ships as a package of its own.
pub(in crate::link) const MODULE: &str = "/usr/lib/nginx/modules/ngx_stream_module.so";

/// The command that runs one leg.
pub(in crate::link) fn command(leg: &Leg<'_>) -> Result<Command> {
    let file = write(leg, "nginx.conf", &render(leg))?;
    let mut command = Command::new(PROGRAM);
    command.args(["-e", "stderr", "-p"]).arg(leg.dir);
    command.arg("-c").arg(file);
    Ok(command)
}

fn render(leg: &Leg<'_>) -> String {
    let (listen, tls) = match leg.side {
        Side::Front => ("", dial(leg)),
        Side::Back => (" ssl", accept(leg)),
    };
    format!(
        "daemon off;
pid nginx.pid;
error_log stderr error;
load_module {MODULE};
# A process a core.
worker_processes {cores};
worker_rlimit_nofile {files};
events {{
    worker_connections {files};
    # Both workers take connections as they come; with the mutex on, one would rest.
    accept_mutex off;
}}
stream {{
    access_log off;
    # On by default; written down because the round trips depend on it.
    tcp_nodelay on;
    # Several TLS records (16 KiB) fit into one buffer: a tenth less CPU in bulk, and less memory
    # at rest too, than with 16k.
    proxy_buffer_size 128k;
    proxy_timeout 1h;
    proxy_connect_timeout 5s;
    server {{
        # `reuseport` spreads the connections evenly over the workers.
        listen {listen}{flags} reuseport backlog=4096;
        proxy_pass {target};
{tls}    }}
}}
",
        cores = leg.cores,
        files = 2 * MAX_CONNECTIONS,
        listen = leg.listen,
        flags = listen,
        target = leg.target,
    )
}

fn accept(leg: &Leg<'_>) -> String {
    format!(
        "        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_client_certificate {ca};
        ssl_verify_client on;
        ssl_verify_depth 3;
        ssl_protocols TLSv1.3;
        ssl_conf_command Ciphersuites {SUITE};
        ssl_ecdh_curve {GROUP};
        # Shared by the workers, so that a client may resume at any of them; tickets are on.
        ssl_session_cache shared:link:10m;
        ssl_session_timeout 1h;
",
        certificate = leg.identity.certificate().display(),
        key = leg.identity.key().display(),
        ca = leg.identity.authorities().display(),
    )
}

fn dial(leg: &Leg<'_>) -> String {
    format!(
        "        proxy_ssl on;
        proxy_ssl_certificate {certificate};
        proxy_ssl_certificate_key {key};
        proxy_ssl_trusted_certificate {ca};
        proxy_ssl_verify on;
        proxy_ssl_verify_depth 3;
        # nginx checks names, not addresses.
        proxy_ssl_name {BACK_NAME};
        proxy_ssl_server_name on;
        proxy_ssl_protocols TLSv1.3;
        proxy_ssl_conf_command Ciphersuites {SUITE};
        proxy_ssl_session_reuse on;
",
        certificate = leg.identity.certificate().display(),
        key = leg.identity.key().display(),
        ca = leg.identity.authorities().display(),
    )
}
