//! `ringlock check`: every mistake in the databases' configuration, before it hurts.

use std::{
    io::{self, IsTerminal as _},
    path::PathBuf,
};

use clap::ValueEnum;
use ringlock_check::{Options, Profile, Report, check, explain, json, sarif, text};
use ringlock_config::Dialect;
use ringlock_finding::Severity;
use time::OffsetDateTime;

use crate::outcome::{Failure, Outcome, print};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Configuration files, folders that hold one, or folders of a fleet's files or folders
    #[arg(value_name = "PATH", required_unless_present = "explain")]
    paths: Vec<PathBuf>,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The least severity that makes the exit code 1
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t)]
    fail_on: FailOn,
    /// Whose files they are, such as cassandra-4.1, dse-6.7 or scylla; told from each file where it
    /// is left out
    #[arg(long)]
    dialect: Option<Dialect>,
    /// Demands beyond the product's own
    #[arg(long, value_enum)]
    profile: Option<ProfileWord>,
    /// Whether text is coloured
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    color: Color,
    /// Print the long text about one code instead
    #[arg(long, value_name = "CODE", conflicts_with = "paths")]
    explain: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Findings with their lines, for people.
    #[default]
    Text,
    /// An object with all findings.
    Json,
    /// SARIF 2.1.0, for code hosts and editors.
    Sarif,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Anything.
    Note,
    /// Warnings and errors.
    Warning,
    /// Errors only.
    #[default]
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ProfileWord {
    /// What FIPS 140-3 allows.
    Fips,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Carries out the command.
pub(crate) fn run(args: &Args) -> Outcome {
    if let Some(code) = &args.explain {
        return print(explain(code).map_err(Failure::wrong)?);
    }
    let options = Options {
        dialect: args.dialect,
        profile: args.profile.map(|ProfileWord::Fips| Profile::Fips),
        now: OffsetDateTime::now_utc(),
    };
    let report = check(&args.paths, &options);
    print(match args.format {
        Format::Text => text(&report, colored(args.color)),
        Format::Json => json(&report).map_err(Failure::failed)?,
        Format::Sarif => sarif(&report).map_err(Failure::failed)?,
    })?;
    judge(args, &report)
}

/// The exit code; what there is to say was printed.
fn judge(args: &Args, report: &Report) -> Outcome {
    let least = match args.fail_on {
        FailOn::Note => Severity::Note,
        FailOn::Warning => Severity::Warning,
        FailOn::Error => Severity::Error,
    };
    if report.unreadable {
        Err(Failure::Wrong(String::new()))
    } else if report.reaches(least) {
        Err(Failure::Failed(String::new()))
    } else {
        Ok(())
    }
}

fn colored(color: Color) -> bool {
    match color {
        Color::Auto => {
            let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            io::stdout().is_terminal() && !unwanted
        }
        Color::Always => true,
        Color::Never => false,
    }
}
