//! `ringlock check` over the configuration files of many nodes, beside yamllint.
//!
//! yamllint only looks at the form of YAML; it is the tool that operators have for these files, and
//! it has to parse every one of them as well.

mod fleet;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::interrupt::Interrupt;
use crate::link::{binary, machine::Machine};
use crate::outcome;
use crate::run::Run;

/// The most that 100 files may take.
const TARGET_SECONDS: f64 = 1.0;

/// The exit codes by which a checker says that it read everything: nothing found, something found.
const CHECKED: &[i32] = &[0, 1];

/// How many nodes, and how often.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Nodes of the large fleet; the small one, which yamllint gets as well, is a tenth of it.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    nodes: u32,
    /// Lines of each node's file, at least.
    #[arg(long, default_value_t = 2000)]
    lines: usize,
    /// How often each has its turn.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// The program to measure [default: $RINGLOCK_BIN, else target/release/ringlock].
    #[arg(long, value_name = "PATH")]
    ringlock: Option<PathBuf>,
    /// Where the JSON goes.
    #[arg(long, value_name = "FILE", default_value = "target/bench/check.json")]
    out: PathBuf,
}

/// Everything that a run found out.
#[derive(Debug, Serialize)]
struct Report {
    machine: Machine,
    lines: usize,
    rounds: u32,
    rows: Vec<Row>,
}

/// One program over one fleet: medians of all rounds.
#[derive(Debug, Serialize)]
struct Row {
    program: String,
    files: u32,
    /// Wall time, in seconds for 100 files.
    seconds_per_100: f64,
    /// The most memory that it had at any time, in MiB.
    peak_mib: f64,
}

/// Measures, prints the table, and writes the JSON.
pub(crate) fn run(options: &Options) -> Result<()> {
    let interrupt = Interrupt::install().context("taking over signals")?;
    let root = tempfile::Builder::new()
        .prefix("ringlock-bench-")
        .tempdir()
        .context("creating a temporary folder")?;
    let small = options.nodes / 10;
    let fleets = [small, options.nodes].map(|nodes| (nodes, root.path().join(nodes.to_string())));
    for (nodes, folder) in &fleets {
        fleet::write(folder, *nodes, options.lines)?;
    }
    let ringlock = binary(options.ringlock.as_deref());
    let mut rows = Vec::new();
    for (nodes, folder) in &fleets {
        let command = || ringlock_check(&ringlock, folder);
        rows.push(measure(
            "ringlock check",
            command,
            *nodes,
            options.rounds,
            &interrupt,
        )?);
        if *nodes == small {
            let command = || yamllint(folder);
            rows.push(measure(
                "yamllint",
                command,
                *nodes,
                options.rounds,
                &interrupt,
            )?);
        }
    }
    let report = Report {
        machine: Machine::this()?,
        lines: options.lines,
        rounds: options.rounds,
        rows,
    };
    outcome::tell(&report.text(), &report, &options.out)
}

fn measure(
    program: &str,
    command: impl Fn() -> Command,
    files: u32,
    rounds: u32,
    interrupt: &Interrupt,
) -> Result<Row> {
    let mut runs = Vec::new();
    for round in 1..=rounds {
        interrupt.check()?;
        let say = format!("{program}, {files} files, round {round} of {rounds}");
        // With standard error gone there is nobody to show it to.
        let _ = writeln!(std::io::stderr(), "{say}");
        runs.push(Run::of(command(), CHECKED, interrupt).context(say)?);
    }
    let seconds = median(runs.iter().map(|run| run.wall.as_secs_f64()));
    Ok(Row {
        program: program.to_owned(),
        files,
        seconds_per_100: seconds * 100.0 / f64::from(files),
        peak_mib: median(runs.iter().map(|run| run.peak_kib as f64 / 1024.0)),
    })
}

fn ringlock_check(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["check", "--format", "json"]).arg(folder);
    command
}

fn yamllint(folder: &Path) -> Command {
    let mut command = Command::new("yamllint");
    command
        .args(["-f", "parsable", "-d", "relaxed"])
        .arg(folder);
    command
}

impl Report {
    fn text(&self) -> String {
        let header = [
            "program",
            "files",
            "s per 100 files",
            "peak MiB",
            "target",
            "reached",
        ];
        let rows = self.rows.iter().map(|row| {
            let ours = row.program != "yamllint";
            let reached = row.seconds_per_100 < TARGET_SECONDS;
            let of_ours = |text: String| if ours { text } else { String::new() };
            [
                row.program.clone(),
                row.files.to_string(),
                format!("{:.3}", row.seconds_per_100),
                format!("{:.1}", row.peak_mib),
                of_ours(format!("< {TARGET_SECONDS}")),
                of_ours(outcome::reached(reached).to_owned()),
            ]
        });
        format!(
            "{}\n{}\n\
             Time, ringlock ÷ yamllint: {:.4}. Medians of {} rounds, files of {} lines or more.",
            self.machine,
            outcome::table(header, 1..4, rows),
            self.ratio(),
            self.rounds,
            self.lines
        )
    }

    fn ratio(&self) -> f64 {
        match &self.rows[..] {
            [ours, rival, ..] => ours.seconds_per_100 / rival.seconds_per_100,
            _ => f64::NAN,
        }
    }
}

pub(crate) fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
