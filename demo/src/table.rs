use std::time::Duration;

use comfy_table::{Cell, CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use ringlock_testkit::load::PhaseReport;

use crate::{
    evidence::{Evidence, Seen},
    show::{grouped, say},
};

/// How many failures and culprits are shown in full.
const SHOWN: usize = 5;

/// Prints what was measured, what was proved, and what speaks against it.
pub(crate) fn print(evidence: &Evidence) {
    say("");
    say(&phases(&evidence.load.phases));
    say(&facts(evidence));
    for objection in objections(evidence) {
        say(&format!("  {objection}"));
    }
    say(verdict(evidence));
}

fn verdict(evidence: &Evidence) -> &'static str {
    match (evidence.proves_the_promise(), evidence.there_and_back) {
        (true, true) => {
            "Encrypted live, and back: no restart, no failed request, nothing in clear while required."
        }
        (true, false) => {
            "Encrypted live: no restart, no failed request, nothing in clear since it is required."
        }
        (false, _) => "The promise was not kept: see above.",
    }
}

fn phases(phases: &[PhaseReport]) -> String {
    let mut table = table([
        "load",
        "seconds",
        "requests",
        "failed",
        "longest pause",
        "median",
        "p99",
    ]);
    for phase in phases {
        table.add_row(right_but_first([
            phase.name.clone(),
            format!("{:.0}", phase.duration.as_secs_f64()),
            grouped(phase.requests),
            grouped(phase.failed),
            millis(phase.longest_pause),
            millis(phase.latency.median),
            millis(phase.latency.p99),
        ]));
    }
    table.to_string()
}

fn facts(evidence: &Evidence) -> String {
    let wire = &evidence.wire;
    let nodes = evidence.nodes.len();
    let mut table = table(["evidence", ""]);
    for (fact, value) in [
        ("plaintext between the nodes at first", seen(wire.before)),
        (
            "plaintext between the nodes after require",
            seen(wire.required),
        ),
        ("packets that the capture missed", grouped(wire.dropped)),
        (
            "nodes restarted",
            match evidence.restarted() {
                0 => format!("0 of {nodes}, process ids unchanged"),
                restarted => format!("{restarted} of {nodes}"),
            },
        ),
        (
            "nodes marked down, by any node's log",
            evidence.marked_down().to_string(),
        ),
        ("requests", grouped(evidence.load.requests())),
        ("failed", grouped(evidence.load.failed())),
    ] {
        table.add_row(right_but_first([fact.to_owned(), value]));
    }
    table.to_string()
}

/// The particulars of all that should not have been.
fn objections(evidence: &Evidence) -> Vec<String> {
    let failures = evidence.load.failures.iter().map(|failure| {
        format!(
            "{} of {} ({}) failed after {}: {}",
            failure.kind,
            failure.began,
            failure.phase,
            millis(failure.after),
            failure.text
        )
    });
    let plaintext = evidence
        .wire
        .culprits
        .iter()
        .map(|flow| format!("plaintext after require: {flow}"));
    let unverified = (evidence.wire.unverified > 0).then(|| {
        format!(
            "{} bytes cannot be judged, as the capture missed others before them",
            grouped(evidence.wire.unverified)
        )
    });
    let down = evidence.nodes.iter().flat_map(|node| {
        node.marked_down
            .iter()
            .map(|line| format!("{}: {line}", node.node))
    });
    failures
        .take(SHOWN)
        .chain(plaintext.take(SHOWN))
        .chain(unverified)
        .chain(down.take(SHOWN))
        .collect()
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(right_but_first(header.map(str::to_owned)));
    table
}

fn right_but_first<const N: usize>(cells: [String; N]) -> Vec<Cell> {
    cells
        .into_iter()
        .enumerate()
        .map(|(index, text)| {
            Cell::new(text).set_alignment(if index == 0 {
                CellAlignment::Left
            } else {
                CellAlignment::Right
            })
        })
        .collect()
}

fn seen(seen: Seen) -> String {
    format!(
        "{} bytes, {} rows read",
        grouped(seen.bytes),
        grouped(seen.rows as u64)
    )
}

fn millis(duration: Duration) -> String {
    let millis = duration.as_secs_f64() * 1000.0;
    if millis < 100.0 {
        format!("{millis:.1} ms")
    } else {
        format!("{millis:.0} ms")
    }
}
