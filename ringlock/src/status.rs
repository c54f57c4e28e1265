//! `ringlock status`: the links of one agent.

use clap::ValueEnum;
use comfy_table::{CellAlignment, Table, presets};
use ringlock_model::{
    Direction, NativeFacts, Security,
    admin::{Bypassing, Link, Status, TopologyStatus},
};

use crate::{
    client::Target,
    outcome::{Failure, Outcome, print},
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    target: Target,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for people.
    #[default]
    Text,
    /// The admin socket's JSON.
    Json,
}

/// Carries out the command.
pub(crate) fn run(args: &Args) -> Outcome {
    let status: Status = args.target.get("/v1/status")?;
    match args.format {
        Format::Json => print(serde_json::to_string_pretty(&status).map_err(Failure::failed)?),
        Format::Text => {
            print(summary(&status))?;
            print(table(&status))
        }
    }
}

fn summary(status: &Status) -> String {
    let mut lines = vec![
        format!(
            "Cluster {} · agent {} (pid {}), up {}{}",
            status.cluster,
            status.version,
            status.pid,
            span(status.uptime_ms),
            if status.draining { ", draining" } else { "" }
        ),
        format!("Mode {} · {}", status.mode, status.mode_origin),
        format!(
            "Certificate {} · until {}",
            status.certificate.name, status.certificate.not_after
        ),
        format!("Engine {}", status.engine),
    ];
    if let Some(outbound) = &status.outbound_certificate {
        lines.push(format!(
            "Outbound certificate {} · until {}",
            outbound.name, outbound.not_after
        ));
    }
    let trusted = status.trusted_peers.iter();
    lines.extend(trusted.map(|list| format!("Trusted peers by {list}")));
    if status.reloads_failed > 0 {
        lines.push(format!(
            "Reloads {} · failed {} (see the log; what was in force stays)",
            status.reloads, status.reloads_failed
        ));
    }
    for (what, counted) in [
        ("Not connected", &status.refused),
        ("Ended by the agent", &status.turned),
    ] {
        if !counted.is_empty() {
            let counts: Vec<_> = counted
                .iter()
                .map(|(code, times)| format!("{code} {times}"))
                .collect();
            lines.push(format!("{what} {}", counts.join(" · ")));
        }
    }
    lines.extend(topology(&status.topology));
    lines.push(bypassing(&status.bypassing));
    lines.join("\n")
}

/// Where this node is and who says so; nothing where nobody says anything.
fn topology(topology: &TopologyStatus) -> Vec<String> {
    if topology.sources.is_empty() {
        return Vec::new();
    }
    let own = match (&topology.place, &topology.known_by) {
        (Some(place), Some(source)) => format!("{place} by {source}"),
        _ => "unknown".to_owned(),
    };
    let sources = topology.sources.iter();
    let sources: Vec<_> = sources
        .map(|source| format!("{} {}", source.source, source.state))
        .collect();
    let place = format!("Place {own} · {}", sources.join(" · "));
    let conflicts = topology.conflicts.iter();
    let conflicts = conflicts.map(|conflict| format!("Contradiction: {conflict}"));
    std::iter::once(place).chain(conflicts).collect()
}

fn bypassing(bypassing: &Bypassing) -> String {
    match bypassing {
        Bypassing::Connections(found) if found.is_empty() => "Past the agent: nothing".to_owned(),
        Bypassing::Connections(found) => {
            let connections = if found.len() == 1 {
                "connection"
            } else {
                "connections"
            };
            format!("Past the agent: {} {connections} in plaintext", found.len())
        }
        Bypassing::Unknown(why) => format!("Past the agent: unknown, {why}"),
    }
}

fn table(status: &Status) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "Peer",
        "Direction",
        "State",
        "Version",
        "Suite",
        "Group",
        "Identity",
        "Place",
        "Age",
        "Sent",
        "Received",
    ]);
    for link in &status.links {
        table.add_row(row(link));
    }
    if let Bypassing::Connections(found) = &status.bypassing {
        for one in found {
            let peer = endpoint(one.peer, one.port);
            let state = "plaintext (older than the interception)".to_owned();
            table.add_row([peer, one.direction.to_string(), state]);
        }
    }
    for column in table.column_iter_mut().skip(8) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn row(link: &Link) -> [String; 11] {
    let nothing = || "-".to_owned();
    let (version, suite, group, identity) = match &link.security {
        Security::Tls(facts) => (
            facts.version.to_string(),
            facts.suite.to_string(),
            facts.key_exchange.to_string(),
            facts
                .identity
                .as_ref()
                .map_or_else(nothing, ToString::to_string),
        ),
        Security::Native(facts) => native(facts),
        Security::Plaintext { .. } => (nothing(), nothing(), nothing(), nothing()),
    };
    [
        endpoint(link.peer, link.port),
        direction(link.direction),
        match link.ending {
            Some(reason) => format!("{}, ending: {reason}", link.security),
            None => link.security.to_string(),
        },
        version,
        suite,
        group,
        identity,
        link.place
            .as_ref()
            .map_or_else(nothing, ToString::to_string),
        span(link.age_ms),
        size(link.sent),
        size(link.received),
    ]
}

/// What the databases' own handshake said in clear: who was proved in it is not seen, so whom the
/// side that dialled asked for stands in its place.
fn native(facts: &NativeFacts) -> (String, String, String, String) {
    let nothing = || "-".to_owned();
    let chosen = facts.chosen.as_ref();
    (
        match chosen {
            Some(chosen) => chosen.version.to_string(),
            None if facts.offered.is_empty() => nothing(),
            None => format!("offered {}", facts.offered.join(", ")),
        },
        chosen.map_or_else(nothing, |chosen| chosen.suite.to_string()),
        chosen
            .and_then(|chosen| chosen.key_exchange.as_ref())
            .map_or_else(nothing, ToString::to_string),
        facts
            .server_name
            .as_ref()
            .map_or_else(nothing, |name| format!("asked for {name}")),
    )
}

fn direction(direction: Direction) -> String {
    direction.to_string()
}

fn endpoint(peer: std::net::IpAddr, port: u16) -> String {
    std::net::SocketAddr::new(peer, port).to_string()
}

/// A time span as `nodetool` users read it: `12s`, `3m 4s`, `5h 6m`, `7d 8h`.
fn span(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, _, _) => format!("{hours}h {}m", minutes % 60),
        _ => format!("{days}d {}h", hours % 24),
    }
}

/// A size in the units of `nodetool`: bytes, KiB, MiB, GiB, TiB.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} bytes");
    }
    let mut tenths = u128::from(bytes) * 10 / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_sizes_read_as_in_nodetool() {
        assert_eq!(span(12_345), "12s");
        assert_eq!(span(184_000), "3m 4s");
        assert_eq!(span(8 * 86_400_000), "8d 0h");
        assert_eq!(size(1023), "1023 bytes");
        assert_eq!(size(1536), "1.5 KiB");
        assert_eq!(size(5 << 40), "5.0 TiB");
        assert_eq!(size(u64::MAX), "16777215.9 TiB");
    }
}
