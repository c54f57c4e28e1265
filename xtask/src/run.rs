//! Running other programs, and saying what is being run and how long it took.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// Prints one line on standard output; a reader that has gone away is no reason to stop.
macro_rules! say {
    ($($argument:tt)*) => {
        $crate::run::line(&format!($($argument)*))
    };
}
pub(crate) use say;

/// Prints `text` and a newline.
pub(crate) fn line(text: &str) {
    use std::io::Write as _;

    // A closed pipe (`./x help | head`) must not turn a passed check into a failed one.
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// A clock for durations that a person reads.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts at zero.
    #[expect(
        clippy::disallowed_methods,
        reason = "the ban makes time testable; here it is only printed"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// The time since the start, as `3.2 s` or `2 min 05 s`.
    pub(crate) fn read(&self) -> String {
        readable(self.0.elapsed())
    }
}

/// The cargo that runs this program, or the one on `PATH`.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs a program to its end, its output going where ours goes.
///
/// # Errors
/// The program could not be started, or did not exit with 0.
pub(crate) fn finish(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("{name} could not be started"))?;
    if !status.success() {
        bail!("{} ended with {status}", described(command));
    }
    Ok(())
}

/// Runs a program to its end and returns what it printed on standard output; its other output
/// goes where the caller said, or where ours goes.
///
/// # Errors
/// The program could not be started, did not exit with 0, or printed something else than UTF-8.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .and_then(std::process::Child::wait_with_output)
        .with_context(|| format!("{name} could not be started"))?;
    if !output.status.success() {
        bail!("{} ended with {}", described(command), output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("{name} printed bytes, not text"))
}

/// The program's name and first arguments, as one would type them.
fn described(command: &Command) -> String {
    const SHOWN: usize = 3;
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let mut words = vec![name.to_string_lossy().into_owned()];
    words.extend(
        command
            .get_args()
            .take(SHOWN)
            .map(|word| word.to_string_lossy().into_owned()),
    );
    words.join(" ")
}

fn readable(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_reads_in_seconds_until_a_minute_is_full() {
        assert_eq!(readable(Duration::from_millis(3_240)), "3.2 s");
        assert_eq!(readable(Duration::from_secs(125)), "2 min 05 s");
    }

    #[test]
    fn a_program_that_fails_is_named_with_its_status() {
        let error = finish(Command::new("false").arg("--anything")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "false --anything ended with exit status: 1"
        );
    }
}
