use std::{collections::BTreeMap, fmt::Display};

use ringlock_itest::testkit::{Moment, cassandra::Release};

use crate::{Pair, Setting};

/// What is looked at in every cell, in the order of the table.
const CHECKS: [&str; 6] = ["gossip", "links", "at ALL", "repair", "rebuild", "hints"];

/// What was seen or was wrong, by what was looked at.
type Cell = BTreeMap<&'static str, Result<String, String>>;

/// What was seen, cell by cell.
#[derive(Debug)]
pub(crate) struct Report {
    release: &'static Release,
    cells: BTreeMap<(Setting, Pair), Cell>,
    times: Vec<String>,
    last: Moment,
}

impl Report {
    /// Nothing seen yet.
    pub(crate) fn new(release: &'static Release) -> Self {
        Self {
            release,
            cells: BTreeMap::new(),
            times: Vec::new(),
            last: Moment::now(),
        }
    }

    /// Puts down what was seen.
    pub(crate) fn put<T: Display, E: Display>(
        &mut self,
        setting: Setting,
        pair: Pair,
        check: &'static str,
        seen: Result<T, E>,
    ) {
        let seen = seen
            .map(|seen| seen.to_string())
            .map_err(|error| error.to_string());
        let cell = self.cells.entry((setting, pair));
        cell.or_default().insert(check, seen);
    }

    /// Puts down how long it was since the last time.
    pub(crate) fn took(&mut self, step: impl Display) {
        let now = Moment::now();
        let seconds = (now - self.last).as_secs_f32();
        self.times.push(format!("{step} {seconds:.1} s"));
        self.last = now;
    }

    /// Prints the table, and fails if a cell is not as it should be.
    #[expect(
        clippy::print_stdout,
        reason = "the table is for whoever runs the test"
    )]
    #[track_caller]
    pub(crate) fn conclude(self) {
        let version = self.release.version;
        println!("\nCassandra {version}: {}", self.times.join(", "));
        let mut wrong = Vec::new();
        for (setting, pair) in Setting::ALL
            .into_iter()
            .flat_map(|setting| Pair::ALL.map(|pair| (setting, pair)))
        {
            let title = format!("{setting}, {pair}");
            println!("{title}");
            for check in CHECKS {
                match self.seen(setting, pair, check) {
                    Ok(seen) => println!("  {check:8} {seen}"),
                    Err(error) => {
                        println!("  {check:8} WRONG: {error}");
                        wrong.push(format!("{title}, {check}: {error}"));
                    }
                }
            }
        }
        assert!(
            wrong.is_empty(),
            "Cassandra {version}:\n{}",
            wrong.join("\n")
        );
    }

    fn seen(&self, setting: Setting, pair: Pair, check: &str) -> Result<&str, &str> {
        let cell = self.cells.get(&(setting, pair));
        match cell.and_then(|cell| cell.get(check)) {
            Some(seen) => seen.as_deref().map_err(String::as_str),
            None => Err("not looked at"),
        }
    }
}
