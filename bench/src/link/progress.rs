//! Where a run is: a bar at a terminal, a line a turn elsewhere.

use std::io::Write as _;
use std::time::Duration;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

use super::scenario::Scenario;

/// Shows on standard error where a run is.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Nothing done yet of `turns`.
    pub(crate) fn new(turns: u64) -> Result<Self> {
        let style = "{elapsed_precise} {bar:30} {pos}/{len} {wide_msg}";
        let bar = ProgressBar::new(turns).with_style(ProgressStyle::with_template(style)?);
        bar.enable_steady_tick(Duration::from_millis(500));
        Ok(Self(bar))
    }

    /// Says what comes next.
    pub(crate) fn next(&self, what: String) {
        if self.0.is_hidden() {
            // With standard error gone there is nobody to show it to.
            let _ = writeln!(std::io::stderr(), "{what}");
        }
        self.0.set_message(what);
    }

    /// What came next is done.
    pub(crate) fn done(&self) {
        self.0.inc(1);
    }

    /// Takes the bar off the screen.
    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

/// A turn in words.
pub(crate) fn turn(scenario: Scenario, round: u32, rounds: u32, label: &str) -> String {
    format!(
        "{}, round {} of {rounds}: {label}",
        scenario.name(),
        round + 1
    )
}
