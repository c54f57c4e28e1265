use std::time::Duration;

use hdrhistogram::Histogram;

use crate::clock::Moment;

/// Latencies are told apart to three digits.
const DIGITS: u8 = 3;
/// How many failures are kept with their text; all are counted.
const KEPT_FAILURES: usize = 200;

/// The counts of a running load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Requests answered or failed.
    pub requests: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// The longest time between two requests' ends, over all workers.
    pub longest_pause: Duration,
}

/// All that a load saw.
#[derive(Clone, Debug)]
pub struct LoadReport {
    /// Its phases, in order.
    pub phases: Vec<PhaseReport>,
    /// The first failures, with what the driver said.
    pub failures: Vec<Failure>,
}

/// One phase of a load.
#[derive(Clone, Debug)]
pub struct PhaseReport {
    /// Its name.
    pub name: String,
    /// When it began.
    pub started: Moment,
    /// How long it took.
    pub duration: Duration,
    /// Requests that began in it.
    pub requests: u64,
    /// Those of them that failed or read a wrong row.
    pub failed: u64,
    /// The longest time between two requests' ends, over all workers.
    pub longest_pause: Duration,
    /// How long the requests that did not fail took.
    pub latency: Latency,
}

/// A distribution of latencies, in three figures; zeros where there was no request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// Half of the requests were at least as quick.
    pub median: Duration,
    /// 99 of 100 requests were at least as quick.
    pub p99: Duration,
    /// The slowest request.
    pub max: Duration,
}

/// A request that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// When it began.
    pub began: Moment,
    /// The phase in which it began.
    pub phase: String,
    /// `read` or `write`.
    pub kind: &'static str,
    /// How long it had taken.
    pub after: Duration,
    /// What the driver said, or how the row was wrong.
    pub text: String,
}

impl LoadReport {
    /// Requests of all phases.
    pub fn requests(&self) -> u64 {
        self.phases.iter().map(|phase| phase.requests).sum()
    }

    /// Failed requests of all phases.
    pub fn failed(&self) -> u64 {
        self.phases.iter().map(|phase| phase.failed).sum()
    }

    /// The phase of that name.
    pub fn phase(&self, name: &str) -> Option<&PhaseReport> {
        self.phases.iter().find(|phase| phase.name == name)
    }
}

/// Takes requests as they begin and end.
#[derive(Debug)]
pub(super) struct Recorder {
    /// All phases so far; there is always one.
    phases: Vec<Phase>,
    last_completion: Moment,
    failures: Vec<Failure>,
}

/// A request under way. It counts for the phase in which it began: a request that times out
/// tells of what happened seconds ago.
#[derive(Debug)]
pub(super) struct Begun {
    at: Moment,
    phase: usize,
}

#[derive(Debug)]
struct Phase {
    name: String,
    started: Moment,
    ended: Option<Moment>,
    requests: u64,
    failed: u64,
    longest_pause: Duration,
    latencies: Option<Histogram<u64>>,
}

impl Recorder {
    pub(super) fn new(phase: &str, now: Moment) -> Self {
        Self {
            phases: vec![Phase::new(phase, now)],
            last_completion: now,
            failures: Vec::new(),
        }
    }

    /// Begins the current phase anew: connecting is no part of it.
    pub(super) fn restart(&mut self, now: Moment) {
        if let Some(phase) = self.phases.last_mut() {
            phase.started = now;
        }
        self.last_completion = now;
    }

    pub(super) fn enter_phase(&mut self, name: &str, now: Moment) {
        if let Some(phase) = self.phases.last_mut() {
            phase.ended = Some(now);
        }
        self.phases.push(Phase::new(name, now));
    }

    pub(super) fn begin(&self, now: Moment) -> Begun {
        Begun {
            at: now,
            phase: self.phases.len() - 1,
        }
    }

    /// A request has ended. A pause counts for the phase in which it ends.
    pub(super) fn end(
        &mut self,
        begun: &Begun,
        kind: &'static str,
        now: Moment,
        outcome: Result<(), String>,
    ) {
        let pause = now - self.last_completion;
        self.last_completion = now;
        if let Some(current) = self.phases.last_mut() {
            current.longest_pause = current.longest_pause.max(pause);
        }
        let Some(phase) = self.phases.get_mut(begun.phase) else {
            return;
        };
        phase.requests += 1;
        let after = now - begun.at;
        let Err(text) = outcome else {
            phase.record(after);
            return;
        };
        phase.failed += 1;
        if self.failures.len() < KEPT_FAILURES {
            self.failures.push(Failure {
                began: begun.at,
                phase: phase.name.clone(),
                kind,
                after,
                text,
            });
        }
    }

    pub(super) fn progress(&self) -> Progress {
        let pauses = self.phases.iter().map(|phase| phase.longest_pause);
        Progress {
            requests: self.phases.iter().map(|phase| phase.requests).sum(),
            failed: self.phases.iter().map(|phase| phase.failed).sum(),
            longest_pause: pauses.max().unwrap_or_default(),
        }
    }

    pub(super) fn report(&self, now: Moment) -> LoadReport {
        LoadReport {
            phases: self.phases.iter().map(|phase| phase.report(now)).collect(),
            failures: self.failures.clone(),
        }
    }
}

impl Phase {
    fn new(name: &str, now: Moment) -> Self {
        Self {
            name: name.to_owned(),
            started: now,
            ended: None,
            requests: 0,
            failed: 0,
            longest_pause: Duration::ZERO,
            latencies: Histogram::new(DIGITS).ok(),
        }
    }

    fn record(&mut self, latency: Duration) {
        if let Some(latencies) = &mut self.latencies {
            // It grows as needed, so no value is out of its range.
            latencies
                .record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX))
                .ok();
        }
    }

    fn report(&self, now: Moment) -> PhaseReport {
        let at = |quantile| {
            self.latencies.as_ref().map_or(Duration::ZERO, |latencies| {
                Duration::from_micros(latencies.value_at_quantile(quantile))
            })
        };
        PhaseReport {
            name: self.name.clone(),
            started: self.started,
            duration: self.ended.unwrap_or(now) - self.started,
            requests: self.requests,
            failed: self.failed,
            longest_pause: self.longest_pause,
            latency: Latency {
                median: at(0.5),
                p99: at(0.99),
                max: at(1.0),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Moment {
        Moment::from_micros(millis * 1000)
    }

    #[test]
    fn requests_count_for_the_phase_they_began_in_and_pauses_for_the_one_they_ended_in() {
        let mut recorder = Recorder::new("before", at(0));
        let request = |recorder: &mut Recorder, began, ended, outcome| {
            let begun = recorder.begin(at(began));
            recorder.end(&begun, "read", at(ended), outcome);
        };
        request(&mut recorder, 6, 10, Ok(()));
        request(&mut recorder, 10, 15, Ok(()));
        let slow = recorder.begin(at(16));
        recorder.enter_phase("after", at(20));
        request(&mut recorder, 21, 25, Ok(()));
        recorder.end(&slow, "write", at(115), Err("no".into()));
        let progress = recorder.progress();
        assert_eq!((progress.requests, progress.failed), (4, 1));

        let report = recorder.report(at(120));
        assert_eq!((report.requests(), report.failed()), (4, 1));
        let before = report.phase("before").unwrap();
        assert_eq!((before.requests, before.failed), (3, 1));
        assert_eq!(before.longest_pause, Duration::from_millis(10));
        assert_eq!(before.duration, Duration::from_millis(20));
        assert_eq!(before.latency.median.as_millis(), 4);
        let after = report.phase("after").unwrap();
        assert_eq!((after.requests, after.failed), (1, 0));
        assert_eq!(after.longest_pause, Duration::from_millis(90));
        assert_eq!(after.duration, Duration::from_millis(100));
        let failure = &report.failures[0];
        assert_eq!((failure.phase.as_str(), failure.kind), ("before", "write"));
        assert_eq!(failure.after, Duration::from_millis(99));
        assert_eq!(failure.text, "no");
    }
}
