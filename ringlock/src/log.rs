//! Log lines on standard error.

use std::io::{self, IsTerminal};

use clap::ValueEnum;
use tracing_subscriber::{EnvFilter, fmt};

use crate::outcome::{Failure, Outcome};

/// Selects lines by level and module, such as `debug` or `warn,ringlock_agent=debug`.
const FILTER: &str = "RINGLOCK_LOG";

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging. `RINGLOCK_LOG` selects what is logged; `info` is the default.
pub(crate) fn init(format: LogFormat) -> Outcome {
    let filter = match std::env::var(FILTER) {
        Ok(directives) => EnvFilter::try_new(&directives).map_err(|error| {
            Failure::wrong(format!("{FILTER}: \"{directives}\" is no filter: {error}"))
        })?,
        Err(_) => EnvFilter::new("info"),
    };
    let lines = fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    match format {
        LogFormat::Text => lines.with_target(false).try_init(),
        LogFormat::Json => lines.json().try_init(),
    }
    .map_err(Failure::failed)
}
