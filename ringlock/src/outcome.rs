//! How a command ends.

use std::{
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
};

/// What a command answers.
pub(crate) type Outcome = Result<(), Failure>;

/// Why a command did not do what was asked, by who has to act.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It was understood and tried, and did not succeed: exit code 1.
    Failed(String),
    /// The request or the configuration is wrong, and nothing was tried: exit code 2.
    Wrong(String),
}

impl Failure {
    pub(crate) fn failed(error: impl Display) -> Self {
        Self::Failed(error.to_string())
    }

    pub(crate) fn wrong(error: impl Display) -> Self {
        Self::Wrong(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::failed(error)
    }
}

/// Says on standard error what went wrong, and answers the exit code.
pub(crate) fn exit_code(outcome: Outcome) -> ExitCode {
    let (text, code) = match outcome {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Failed(text)) => (text, 1),
        Err(Failure::Wrong(text)) => (text, 2),
    };
    for line in text.lines() {
        // Where standard error is closed, the exit code still tells.
        let _unsaid = writeln!(io::stderr(), "error: {line}");
    }
    ExitCode::from(code)
}

/// Writes to standard output. A reader that has gone, such as `head`, is no failure.
pub(crate) fn print(text: impl Display) -> Outcome {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}
