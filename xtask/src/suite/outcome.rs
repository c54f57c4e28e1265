//! How many tests passed, from what test programs print.

/// What a test prints when it cannot run here and passes without having tested.
const PASSED_OVER: &[&str] = &["skipped", "passed over"];

/// Counts of one or more test programs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Ran and held.
    pub(super) passed: usize,
    /// Ran and did not hold.
    pub(super) failed: usize,
    /// Did not run, or said that it could not.
    pub(super) left_out: Vec<String>,
}

impl Outcome {
    /// Adds another's counts.
    pub(super) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.left_out.extend(other.left_out);
    }
}

/// Reads the output of test programs that were told `--show-output`, line by line.
///
/// With that option they repeat what passed tests printed. It is wanted for the sake of those
/// that could not run, and is otherwise kept from the reader.
#[derive(Debug, Default)]
pub(super) struct Reader {
    outcome: Outcome,
    in_successes: bool,
    test: String,
    /// Of the program's passed tests, those that tested nothing.
    passed_over: usize,
}

impl Reader {
    /// Takes note of one line; says whether a person should see it.
    pub(super) fn read(&mut self, line: &str) -> bool {
        if let Some(counts) = line.strip_prefix("test result: ") {
            self.in_successes = false;
            self.count(counts);
        } else if line == "successes:" {
            self.in_successes = true;
        } else if line == "failures:" {
            self.in_successes = false;
        } else if self.in_successes {
            self.read_success(line);
        } else if let Some((name, reason)) = ignored(line) {
            self.outcome.left_out.push(format!("{name}{reason}"));
        }
        !self.in_successes
    }

    /// The counts, when all is read.
    pub(super) fn finish(self) -> Outcome {
        self.outcome
    }

    fn count(&mut self, counts: &str) {
        for (count, what) in counts.split([';', '.']).filter_map(counted) {
            match what {
                "passed" => self.outcome.passed += count.saturating_sub(self.passed_over),
                "failed" => self.outcome.failed += count,
                _ => {}
            }
        }
        self.passed_over = 0;
    }

    fn read_success(&mut self, line: &str) {
        if let Some(rest) = line.strip_prefix("---- ") {
            rest.strip_suffix(" stdout ----")
                .unwrap_or(rest)
                .clone_into(&mut self.test);
        } else if PASSED_OVER.iter().any(|words| line.starts_with(words)) {
            self.outcome.left_out.push(format!("{}: {line}", self.test));
            self.passed_over += 1;
        }
    }
}

/// The name of a test that did not run, and the reason if it gave one.
fn ignored(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("test ")?.split_once(" ... ignored")
}

/// `12 passed` as its two parts.
fn counted(part: &str) -> Option<(usize, &str)> {
    let (count, what) = part.trim().split_once(' ')?;
    Some((count.parse().ok()?, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is counted and what is shown of a program's output.
    fn read(printed: &str) -> (Outcome, Vec<&str>) {
        let mut reader = Reader::default();
        let shown = printed.lines().filter(|line| reader.read(line)).collect();
        (reader.finish(), shown)
    }

    #[test]
    fn the_closing_lines_of_several_programs_are_added_up() {
        let (outcome, shown) = read(
            "running 2 tests\n\
             test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.02s\n\
             test result: FAILED. 1 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.50s\n",
        );
        assert_eq!(
            outcome,
            Outcome {
                passed: 3,
                failed: 4,
                left_out: Vec::new()
            }
        );
        assert_eq!(shown.len(), 3);
    }

    #[test]
    fn a_test_that_was_left_out_is_named_with_its_reason() {
        let (outcome, _) = read(
            "test on_ipv6 ... ignored, no IPv6 here\ntest other ... ok\n\
             test result: ok. 1 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n",
        );
        assert_eq!(outcome.left_out, ["on_ipv6, no IPv6 here"]);
    }

    #[test]
    fn a_test_that_passes_because_it_cannot_run_counts_as_left_out() {
        let (outcome, shown) = read(
            "test a ... ok\ntest b ... ok\n\nsuccesses:\n\n---- a stdout ----\nhello\n\n\
             ---- b stdout ----\nskipped, as this user is not root\n\nsuccesses:\n    a\n    b\n\n\
             test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n",
        );
        assert_eq!(outcome.left_out, ["b: skipped, as this user is not root"]);
        assert_eq!(outcome.passed, 1);
        assert_eq!(shown[..3], ["test a ... ok", "test b ... ok", ""]);
        assert!(shown[3].starts_with("test result: "));
    }

    #[test]
    fn what_failed_tests_printed_is_shown() {
        let (_, shown) = read(
            "successes:\n    a\n\nfailures:\n\n---- b stdout ----\nskipped over\n\nfailures:\n    b\n",
        );
        assert_eq!(
            shown,
            [
                "failures:",
                "",
                "---- b stdout ----",
                "skipped over",
                "",
                "failures:",
                "    b"
            ]
        );
    }
}
