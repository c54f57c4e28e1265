//! What was asked of `./x fuzz`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// A shorter run of a target says too little to count.
pub(crate) const LEAST: Duration = Duration::from_secs(20);

/// The arguments of `./x fuzz`, understood.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct CommandLine {
    /// The targets that were named; none is all.
    pub(super) targets: Vec<String>,
    /// How long each of them runs; none is in turns until Ctrl-C.
    pub(super) length: Option<Duration>,
    /// The one input that is to be run again.
    pub(super) input: Option<PathBuf>,
}

impl CommandLine {
    /// Understands `[TARGET…] [--seconds N]` and `TARGET --input FILE`.
    ///
    /// # Errors
    /// There is another option, or a value that is none.
    pub(super) fn parse(arguments: &[String]) -> Result<Self> {
        let mut asked = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--seconds" => asked.length = Some(seconds(rest.next())?),
                "--input" => {
                    let file = rest.next().context("--input needs a file")?;
                    asked.input = Some(PathBuf::from(file));
                }
                option if option.starts_with('-') => {
                    bail!("there is no option '{option}'; --seconds and --input are understood")
                }
                name => asked.targets.push(name.to_owned()),
            }
        }
        if asked.input.is_some() && (asked.targets.len() != 1 || asked.length.is_some()) {
            bail!("--input goes with one target and nothing else");
        }
        Ok(asked)
    }
}

fn seconds(value: Option<&String>) -> Result<Duration> {
    let value = value.context("--seconds needs a number")?;
    let seconds = value
        .parse()
        .with_context(|| format!("--seconds needs a number, found '{value}'"))?;
    let length = Duration::from_secs(seconds);
    if length < LEAST {
        bail!(
            "--seconds {value} is too short to say anything; at least {} are needed",
            LEAST.as_secs()
        );
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(typed: &str) -> Result<CommandLine> {
        let arguments: Vec<String> = typed.split_whitespace().map(str::to_owned).collect();
        CommandLine::parse(&arguments)
    }

    #[test]
    fn nothing_named_is_every_target_until_it_is_interrupted() {
        assert_eq!(parse("").unwrap(), CommandLine::default());
    }

    #[test]
    fn targets_can_be_named_and_given_a_time() {
        let asked = parse("priority --seconds 60 yaml").unwrap();
        assert_eq!(asked.targets, ["priority", "yaml"]);
        assert_eq!(asked.length, Some(Duration::from_secs(60)));
    }

    #[test]
    fn less_than_twenty_seconds_is_refused() {
        assert!(parse("--seconds 20").is_ok());
        assert!(parse("--seconds 19").is_err());
        assert!(parse("--seconds soon").is_err());
        assert!(parse("--seconds").is_err());
    }

    #[test]
    fn an_input_goes_with_exactly_one_target() {
        assert!(parse("priority --input file").is_ok());
        assert!(parse("--input file").is_err());
        assert!(parse("priority yaml --input file").is_err());
        assert!(parse("priority --input file --seconds 20").is_err());
        assert!(parse("--inputs file").is_err());
    }
}
