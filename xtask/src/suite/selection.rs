//! Which tests were asked for.

use anyhow::{Result, bail};

use super::programs::{Kind, Program};

/// The arguments of `./x test`, understood.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Selection {
    only: Option<Kind>,
    names: Vec<String>,
    for_programs: Vec<String>,
}

impl Selection {
    /// Understands `[--unit | --end-to-end] [NAME…] [-- ARGUMENT…]`.
    ///
    /// # Errors
    /// There is an option that is none of these.
    pub(super) fn parse(arguments: &[String]) -> Result<Self> {
        let mut selection = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--unit" => selection.only = Some(Kind::Unit),
                "--end-to-end" => selection.only = Some(Kind::EndToEnd),
                "--" => selection.for_programs.extend(rest.by_ref().cloned()),
                option if option.starts_with('-') => bail!(
                    "there is no option '{option}'; --unit, --end-to-end and, \
                     for the test programs, -- are understood"
                ),
                name => selection.names.push(name.to_owned()),
            }
        }
        Ok(selection)
    }

    /// Whether tests of this kind were asked for at all.
    pub(super) fn includes(&self, kind: Kind) -> bool {
        self.only.is_none_or(|only| only == kind)
    }

    /// Whether tests in the documentation were asked for.
    pub(super) fn includes_documentation(&self) -> bool {
        self.includes(Kind::Unit) && self.names.is_empty() && self.for_programs.is_empty()
    }

    /// Whether the fuzz targets were asked for: with everything, or by the name of the command
    /// that runs them alone.
    pub(super) fn includes_fuzzing(&self) -> bool {
        let everything = self.includes_documentation() && self.only.is_none();
        everything || self.names.iter().any(|name| name == "fuzz")
    }

    /// Parts of the names of those tests in `program` that were asked for; none if all of them
    /// were, because nothing was named or the program itself was.
    pub(super) fn filters(&self, program: &Program) -> &[String] {
        if self.names.iter().any(|name| program.is_called(name)) {
            &[]
        } else {
            &self.names
        }
    }

    /// What every test program is to be given.
    pub(super) fn for_programs(&self) -> &[String] {
        &self.for_programs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(typed: &str) -> Selection {
        let arguments: Vec<String> = typed.split_whitespace().map(str::to_owned).collect();
        Selection::parse(&arguments).unwrap()
    }

    #[test]
    fn nothing_named_is_everything() {
        let all = selection("");
        assert!(all.includes(Kind::Unit) && all.includes(Kind::EndToEnd));
        assert!(all.includes_documentation());
        assert!(
            all.filters(&Program::for_test("ringlock-net", "ringlock_net"))
                .is_empty()
        );
    }

    #[test]
    fn a_name_is_that_of_a_test_file_or_a_crate_or_a_part_of_a_test() {
        let program = Program::for_test("ringlock-itest", "relay");
        assert!(selection("relay").filters(&program).is_empty());
        assert!(selection("itest").filters(&program).is_empty());
        assert!(selection("ringlock-itest").filters(&program).is_empty());
        assert_eq!(
            selection("slow reader").filters(&program),
            ["slow", "reader"]
        );
        assert!(!selection("relay").includes_documentation());
    }

    #[test]
    fn fuzzing_comes_with_everything_and_by_its_name() {
        assert!(selection("").includes_fuzzing());
        assert!(selection("fuzz").includes_fuzzing());
        assert!(!selection("relay").includes_fuzzing());
        assert!(!selection("--unit").includes_fuzzing());
        assert!(!selection("--end-to-end").includes_fuzzing());
    }

    #[test]
    fn one_kind_can_be_asked_for_alone() {
        assert!(!selection("--unit").includes(Kind::EndToEnd));
        assert!(!selection("--end-to-end").includes(Kind::Unit));
        assert!(!selection("--end-to-end").includes_documentation());
    }

    #[test]
    fn what_follows_two_dashes_is_for_the_test_programs() {
        let selection = selection("relay -- --nocapture");
        assert_eq!(selection.for_programs(), ["--nocapture"]);
        assert_eq!(selection.names, ["relay"]);
    }

    #[test]
    fn an_unknown_option_is_refused() {
        assert!(Selection::parse(&["--units".to_owned()]).is_err());
    }
}
