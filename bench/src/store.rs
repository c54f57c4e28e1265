//! Opening stores of PKCS #12: a keystore, whose cost should be that of deriving its keys, and a
//! truststore of many certificates, whose cost is memory.
//!
//! Beside Ringlock's reader stand `openssl pkcs12` and Java's `keytool -list`, which open the same
//! files. Each is a process of its own from start to end; the reader is this program again.

mod stores;

use std::hint::black_box;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use ringlock_store::Passwords;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::check::median;
use crate::clock;
use crate::interrupt::Interrupt;
use crate::link::machine::Machine;
use crate::outcome;
use crate::run::Run;

/// What a keystore may cost, in derivations of its keys.
const TARGET_RATIO: f64 = 1.2;
/// How often one opening is repeated in this process.
const REPEATS: usize = 100;
/// What `keytool` 17 writes, and so does Ringlock.
const ITERATIONS: u32 = 10_000;

const PASSWORDS: Passwords<'_> = Passwords {
    store: Some(stores::PASSWORD),
    key: None,
};

/// How many certificates, and how often.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Certificates of the truststore.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=40_000))]
    certificates: u32,
    /// How often each program has its turn.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Where the JSON goes.
    #[arg(long, value_name = "FILE", default_value = "target/bench/store.json")]
    out: PathBuf,
}

/// The store to open.
#[derive(Debug, clap::Args)]
pub(crate) struct One {
    file: PathBuf,
}

/// Everything that a run found out.
#[derive(Debug, Serialize)]
struct Report {
    machine: Machine,
    rounds: u32,
    /// Opening the keystore, in seconds, in this process.
    open_seconds: f64,
    /// Deriving its three keys and nothing else, with the same functions.
    derive_seconds: f64,
    rows: Vec<Row>,
}

/// One program and one file: medians of all rounds.
#[derive(Debug, Serialize)]
struct Row {
    program: &'static str,
    file: &'static str,
    file_mib: f64,
    /// From the program's start to its end, in seconds.
    seconds: f64,
    /// The most memory that it had at any time, in MiB.
    peak_mib: f64,
}

/// Opens one store and ends.
pub(crate) fn open_one(one: &One) -> Result<()> {
    let bytes = ringlock_files::read_limited(&one.file, ringlock_store::MAX_BYTES)?;
    black_box(ringlock_store::open(&bytes, PASSWORDS)?);
    Ok(())
}

/// Measures, prints the table, and writes the JSON.
pub(crate) fn run(options: &Options) -> Result<()> {
    let interrupt = Interrupt::install().context("taking over signals")?;
    let root = tempfile::Builder::new()
        .prefix("ringlock-bench-")
        .tempdir()
        .context("creating a temporary folder")?;
    let keystore = root.path().join("keystore.p12");
    let truststore = root.path().join("truststore.p12");
    stores::write(root.path(), &keystore, &truststore, options.certificates)?;
    let (open_seconds, derive_seconds) = keystore_costs(&keystore, &interrupt)?;
    let mut rows = Vec::new();
    for (name, file) in [("keystore", &keystore), ("truststore", &truststore)] {
        for program in ["ringlock", "openssl", "keytool"] {
            rows.push(measure(program, name, file, options.rounds, &interrupt)?);
        }
    }
    let report = Report {
        machine: Machine::this()?,
        rounds: options.rounds,
        open_seconds,
        derive_seconds,
        rows,
    };
    outcome::tell(&report.text(options.certificates), &report, &options.out)
}

/// The time of opening the keystore and that of deriving its keys, taken in turns: the least of
/// all, since what is above it is other programs' doing.
fn keystore_costs(file: &Path, interrupt: &Interrupt) -> Result<(f64, f64)> {
    let bytes = ringlock_files::read_limited(file, ringlock_store::MAX_BYTES)?;
    let (mut opening, mut deriving) = (Vec::new(), Vec::new());
    for _ in 0..REPEATS {
        interrupt.check()?;
        let started = clock::now();
        black_box(ringlock_store::open(&bytes, PASSWORDS)?);
        opening.push(started.elapsed().as_secs_f64());
        let started = clock::now();
        derive();
        deriving.push(started.elapsed().as_secs_f64());
    }
    let least = |figures: Vec<f64>| figures.into_iter().fold(f64::INFINITY, f64::min);
    Ok((least(opening), least(deriving)))
}

/// The work that the file's parameters ask for: PBKDF2 for the key and for the certificates, and
/// the repeated SHA-256 of the MAC's key (RFC 7292 appendix B.2).
fn derive() {
    for salt in [[1; 20], [2; 20]] {
        let mut key = [0_u8; 32];
        let password = stores::PASSWORD.as_bytes();
        pbkdf2::pbkdf2_hmac::<Sha256>(password, &salt, ITERATIONS, &mut key);
        black_box(key);
    }
    let mut key = Sha256::digest([0; 192]);
    for _ in 1..ITERATIONS {
        key = Sha256::digest(key);
    }
    black_box(key);
}

fn measure(
    program: &'static str,
    name: &'static str,
    file: &Path,
    rounds: u32,
    interrupt: &Interrupt,
) -> Result<Row> {
    let mut runs = Vec::new();
    for round in 1..=rounds {
        interrupt.check()?;
        let say = format!("{program}, {name}, round {round} of {rounds}");
        // With standard error gone there is nobody to show it to.
        let _ = writeln!(std::io::stderr(), "{say}");
        runs.push(Run::of(command(program, file)?, &[0], interrupt).context(say)?);
    }
    Ok(Row {
        program,
        file: name,
        file_mib: std::fs::metadata(file)?.len() as f64 / f64::from(1 << 20),
        seconds: median(runs.iter().map(|run| run.wall.as_secs_f64())),
        peak_mib: median(runs.iter().map(|run| run.peak_kib as f64 / 1024.0)),
    })
}

fn command(program: &str, file: &Path) -> Result<Command> {
    let password = stores::PASSWORD;
    let mut command = match program {
        "openssl" => Command::new("openssl"),
        "keytool" => Command::new(keytool()),
        _ => Command::new(std::env::current_exe()?),
    };
    match program {
        "openssl" => command
            .args(["pkcs12", "-nodes", "-passin"])
            .arg(format!("pass:{password}"))
            .arg("-in"),
        "keytool" => command.args(["-list", "-storepass", password, "-keystore"]),
        _ => command.arg("open-store"),
    };
    command.arg(file);
    Ok(command)
}

/// The `keytool` beside the `java` that is to be used, else the one on the path.
fn keytool() -> PathBuf {
    let java = std::env::var_os("RINGLOCK_JAVA").map(PathBuf::from);
    java.map_or_else(|| "keytool".into(), |java| java.with_file_name("keytool"))
}

impl Row {
    /// The memory in multiples of the file; a small file says nothing about it.
    fn peak_by_file(&self) -> String {
        if self.file_mib < 1.0 {
            return String::new();
        }
        format!("{:.1}", self.peak_mib / self.file_mib)
    }
}

impl Report {
    fn text(&self, certificates: u32) -> String {
        let header = ["file", "program", "ms", "peak MiB", "peak ÷ file"];
        let rows = self.rows.iter().map(|row| {
            [
                row.file.to_owned(),
                row.program.to_owned(),
                format!("{:.1}", row.seconds * 1000.0),
                format!("{:.1}", row.peak_mib),
                row.peak_by_file(),
            ]
        });
        let ratio = self.open_seconds / self.derive_seconds;
        format!(
            "{}\n{}\n\
             Opening a keystore: {:.2} ms; deriving its keys alone: {:.2} ms; ratio {ratio:.3}, \
             target at most {TARGET_RATIO}: {} (least of {REPEATS} turns).\n\
             Table: medians of {} rounds; the truststore holds {certificates} certificates.",
            self.machine,
            outcome::table(header, 2..5, rows),
            self.open_seconds * 1000.0,
            self.derive_seconds * 1000.0,
            outcome::reached(ratio <= TARGET_RATIO),
            self.rounds,
        )
    }
}
