//! The main job on real nodes: the demo takes a cluster under load to mutual TLS and back, and
//! what it proves is what it promises.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use fs_err as fs;
use ringlock_itest::{
    OrFail as _, may_run_as_root,
    testkit::{command, process::Process},
};

/// What a slow machine may take for the whole run.
const PATIENCE: Duration = Duration::from_secs(360);
/// What the demo may take to remove everything.
const CLEANUP: Duration = Duration::from_secs(60);

/// The steps in the order in which they must be taken.
const STEPS: [&str; 9] = [
    "anyone on the network reads",
    "agents in place",
    "accept both",
    "dial TLS",
    "cut old links, pair by pair",
    "require",
    "encrypted",
    "agents away",
    "plaintext again",
];

#[test]
fn a_cluster_under_load_is_encrypted_and_back_with_no_restart_and_no_failed_request() {
    if !may_run_as_root() {
        return;
    }
    let demo = Demo::run();
    demo.assert_steps();
    let report = Report::read(&demo.said);
    report.assert_promise_kept();
    demo.assert_nothing_left();
}

/// The demo, run to its end without a terminal.
struct Demo {
    /// Where it has put its files.
    dir: tempfile::TempDir,
    said: String,
}

impl Demo {
    fn run() -> Self {
        let outside = tempfile::tempdir().or_fail("making a directory");
        let dir = tempfile::tempdir().or_fail("making a directory");
        let mut command = Command::new(program());
        command.args(["--seconds", "8"]).env("TMPDIR", dir.path());
        let log = outside.path().join("log");
        let mut process =
            Process::start("the demo", command, None, &log).or_fail("starting the demo");
        let ended = process.wait_for_end(PATIENCE);
        if ended.is_err() {
            // It removes its network and its nodes only if it is asked to end.
            process.stop(CLEANUP);
        }
        let said = process.log().or_fail("reading what the demo said");
        let status = ended.or_fail("waiting for the demo");
        assert_eq!(status.code(), Some(0), "{status}:\n{said}");
        Self { dir, said }
    }

    /// Each step was taken, after the one before it, and no agent had a complaint.
    fn assert_steps(&self) {
        let taken: Vec<_> = self.said.lines().filter_map(step).collect();
        let mut rest = taken.iter();
        for wanted in STEPS {
            let found = rest.any(|title| *title == wanted);
            assert!(found, "no step {wanted:?} in its place: {taken:?}");
        }
        assert!(!self.said.contains("complained"), "{}", self.said);
    }

    /// Neither namespaces nor processes nor files outlive it.
    fn assert_nothing_left(&self) {
        let id = self.lab();
        let names = command::run(Command::new("ip").args(["netns", "list"]));
        let names = names.or_fail("listing network namespaces");
        assert!(!names.contains(&format!("ringlock-{id}-")), "{names}");
        // Agents and databases have paths below the demo's directory in their arguments.
        let left = processes_naming(self.dir.path());
        assert!(left.is_empty(), "{left:?}");
        let files = fs::read_dir(self.dir.path()).or_fail("listing the demo's directory");
        let files: Vec<_> = files.flatten().map(|entry| entry.path()).collect();
        assert!(files.is_empty(), "{files:?}");
    }

    /// What the names of its namespaces have in common.
    fn lab(&self) -> &str {
        let name = self.said.split_once("(ringlock-");
        let id = name.and_then(|(_, rest)| rest.split_once("-…)"));
        id.or_fail("looking for the names of the namespaces").0
    }
}

/// The tables at the end: the cells of each row, by the first.
struct Report {
    rows: BTreeMap<String, Vec<String>>,
}

impl Report {
    fn read(said: &str) -> Self {
        let rows = said.lines().filter_map(|line| {
            let line = line.trim().strip_prefix('│')?.strip_suffix('│')?;
            let mut cells = line.split(['│', '┆']).map(|cell| cell.trim().to_owned());
            Some((cells.next()?, cells.collect()))
        });
        Self {
            rows: rows.collect(),
        }
    }

    fn assert_promise_kept(&self) {
        for phase in ["plaintext", "switching on", "encrypted", "switching off"] {
            self.assert_load(phase);
        }
        self.assert_load("plaintext again");
        self.assert_fact("failed", "0");
        self.assert_fact("nodes marked down, by any node's log", "0");
        self.assert_fact("nodes restarted", "0 of 3, process ids unchanged");
        self.assert_fact("packets that the capture missed", "0");
        let required = "plaintext between the nodes after require";
        self.assert_fact(required, "0 bytes, 0 rows read");
        let before = self.row("plaintext between the nodes at first").concat();
        let (bytes, rows) = before.split_once(" bytes, ").or_fail("reading a fact");
        let rows = rows.strip_suffix(" rows read").or_fail("reading a fact");
        assert!(number(bytes) > 0 && number(rows) > 0, "{before}");
    }

    /// Clients were served in the phase, and every request succeeded.
    #[track_caller]
    fn assert_load(&self, phase: &str) {
        let row = self.row(phase);
        let [_seconds, requests, failed, ..] = row else {
            panic!("{phase}: too few columns: {row:?}");
        };
        assert!(number(requests) > 0, "{phase}: {row:?}");
        assert_eq!(number(failed), 0, "{phase}: {row:?}");
    }

    #[track_caller]
    fn assert_fact(&self, fact: &str, value: &str) {
        assert_eq!(self.row(fact), [value], "{fact}");
    }

    #[track_caller]
    fn row(&self, name: &str) -> &[String] {
        let row = self.rows.get(name);
        row.unwrap_or_else(|| panic!("no row {name:?}: {:?}", self.rows))
    }
}

/// The built demo: `RINGLOCK_DEMO`, or the one beside the program under test.
fn program() -> PathBuf {
    let beside = || {
        let ringlock = PathBuf::from(std::env::var_os("RINGLOCK_BIN")?);
        Some(ringlock.with_file_name("ringlock-demo"))
    };
    std::env::var_os("RINGLOCK_DEMO")
        .map(PathBuf::from)
        .or_else(beside)
        .unwrap_or_else(|| "ringlock-demo".into())
}

/// The title of the step in a line such as `✓ 00:34  require: mode all everywhere (0.1 s)`.
fn step(line: &str) -> Option<&str> {
    let (_time, step) = line.strip_prefix("✓ ")?.split_once("  ")?;
    let (title, _result) = step.split_once(": ")?;
    Some(title)
}

/// The arguments of every process that has this directory in them.
fn processes_naming(dir: &Path) -> Vec<String> {
    let dir = dir.display().to_string();
    let processes = fs::read_dir("/proc").or_fail("listing processes");
    processes
        .flatten()
        .filter_map(|entry| fs::read(entry.path().join("cmdline")).ok())
        .map(|arguments| String::from_utf8_lossy(&arguments).replace('\0', " "))
        .filter(|arguments| arguments.contains(&dir))
        .collect()
}

/// A number whose thousands are set apart.
#[track_caller]
fn number(text: &str) -> u64 {
    text.replace(',', "").parse().or_fail("reading a number")
}
