//! Where a command reads a password from: a file, the environment or standard input, and never
//! its arguments, which every user of the machine can read.

use std::{marker::PhantomData, path::PathBuf};

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command, value_parser};
use ringlock_secret::{Password, PasswordSource};

use crate::outcome::Failure;

/// Options that say where a password comes from; which password, and under which names, `W` says.
#[derive(Clone, Debug)]
pub(crate) struct PasswordArgs<W> {
    source: Option<PasswordSource>,
    whose: PhantomData<W>,
}

impl<W> PasswordArgs<W> {
    /// Reads the password, where a place was given.
    pub(crate) fn read(&self) -> Result<Option<Password>, Failure> {
        self.source
            .as_ref()
            .map(|source| source.read().map_err(Failure::wrong))
            .transpose()
    }
}

impl<W> Default for PasswordArgs<W> {
    fn default() -> Self {
        Self {
            source: None,
            whose: PhantomData,
        }
    }
}

impl<W> From<PasswordSource> for PasswordArgs<W> {
    fn from(source: PasswordSource) -> Self {
        Self {
            source: Some(source),
            whose: PhantomData,
        }
    }
}

/// A password that a command asks for.
pub(crate) trait Whose {
    /// What it is, in the words of the help.
    const WHAT: &'static str;
    /// The option that names a file.
    const FILE: &'static str;
    /// The option that names an environment variable.
    const ENV: &'static str;
    /// The option for standard input.
    const STDIN: &'static str;
    /// The name of the three together.
    const GROUP: &'static str;
    /// Another option of the same command that wants standard input for itself.
    const OTHER_STDIN: Option<&'static str> = None;
}

/// `--password-file`, `--password-env`, `--password-stdin`.
#[derive(Clone, Debug)]
pub(crate) enum Main {}

impl Whose for Main {
    const WHAT: &'static str = "the password";
    const FILE: &'static str = "password-file";
    const ENV: &'static str = "password-env";
    const STDIN: &'static str = "password-stdin";
    const GROUP: &'static str = "password";
}

impl<W: Whose> clap::FromArgMatches for PasswordArgs<W> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let file = matches.get_one::<PathBuf>(W::FILE).cloned();
        let variable = matches.get_one::<String>(W::ENV).cloned();
        let source = file
            .map(PasswordSource::File)
            .or(variable.map(PasswordSource::Environment))
            .or(matches
                .get_flag(W::STDIN)
                .then_some(PasswordSource::StandardInput));
        Ok(Self {
            source,
            whose: PhantomData,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl<W: Whose> clap::Args for PasswordArgs<W> {
    fn augment_args(command: Command) -> Command {
        let file = Arg::new(W::FILE)
            .long(W::FILE)
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help(format!(
                "A file that holds {}, for its owner alone",
                W::WHAT
            ));
        let variable = Arg::new(W::ENV)
            .long(W::ENV)
            .value_name("NAME")
            .help(format!("The environment variable that holds {}", W::WHAT));
        let mut input = Arg::new(W::STDIN)
            .long(W::STDIN)
            .action(ArgAction::SetTrue)
            .help(format!("Read {} from standard input", W::WHAT));
        if let Some(other) = W::OTHER_STDIN {
            input = input.conflicts_with(other);
        }
        let group = ArgGroup::new(W::GROUP)
            .args([W::FILE, W::ENV, W::STDIN])
            .multiple(false);
        command.args([file, variable, input]).group(group)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::*;

    /// A second password beside the first.
    #[derive(Clone, Debug)]
    enum Other {}

    impl Whose for Other {
        const WHAT: &'static str = "the other password";
        const FILE: &'static str = "other-password-file";
        const ENV: &'static str = "other-password-env";
        const STDIN: &'static str = "other-password-stdin";
        const GROUP: &'static str = "other-password";
        const OTHER_STDIN: Option<&'static str> = Some(Main::STDIN);
    }

    fn parse(words: &[&str]) -> Result<(PasswordArgs<Main>, PasswordArgs<Other>), clap::Error> {
        let command = PasswordArgs::<Main>::augment_args(Command::new("x"));
        let command = PasswordArgs::<Other>::augment_args(command);
        let words = ["x"].iter().chain(words);
        let matches = command.try_get_matches_from(words)?;
        Ok((
            PasswordArgs::from_arg_matches(&matches)?,
            PasswordArgs::from_arg_matches(&matches)?,
        ))
    }

    #[test]
    fn a_password_comes_from_one_place_or_from_none() {
        let (main, other) = parse(&["--password-file", "a", "--other-password-env", "B"]).unwrap();
        assert_eq!(main.source, Some(PasswordSource::File("a".into())));
        let variable = PasswordSource::Environment("B".to_owned());
        assert_eq!(other.source, Some(variable));
        let (main, other) = parse(&["--password-stdin"]).unwrap();
        assert_eq!(main.source, Some(PasswordSource::StandardInput));
        assert!(other.read().unwrap().is_none());
    }

    #[test]
    fn two_places_for_one_password_are_refused() {
        for words in [
            &["--password-file", "a", "--password-stdin"][..],
            &["--password-env", "A", "--password-stdin"],
            &["--password-file", "a", "--password-env", "A"],
            &["--password-stdin", "--other-password-stdin"],
        ] {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }
}
