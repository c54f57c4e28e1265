//! Adds files up and compares the sums with the budgets.

use std::path::Path;

use super::documentation::Documentation;
use super::measure::Measure;
use super::source::Source;
use super::{
    DOCUMENTED_PERCENT, FILE_MAX, FUNCTION_MAX, FUNCTION_P90, INLINE_TESTS_MAX,
    UNWRAPS_PER_THOUSAND,
};

/// The sums of one crate, or of a group of them.
pub(super) struct Tally {
    name: String,
    files: Vec<Length>,
    functions: Vec<Length>,
    lines: usize,
    unwraps: Vec<Place>,
    public: usize,
    undocumented: Vec<Place>,
    inline_tests: Vec<Length>,
}

/// `file:line`.
type Place = String;

/// Something that has a number of lines.
struct Length {
    what: String,
    lines: usize,
}

impl Tally {
    /// Headings of the columns of [`Tally::row`].
    pub(super) const HEADINGS: &str = "                   files  lines  largest  functions  p90  longest  documented  unwraps/1000";

    /// Nothing counted yet.
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            files: Vec::new(),
            functions: Vec::new(),
            lines: 0,
            unwraps: Vec::new(),
            public: 0,
            undocumented: Vec::new(),
            inline_tests: Vec::new(),
        }
    }

    /// Counts one file, its public items only if it is a library's.
    pub(super) fn count(&mut self, path: &Path, source: &Source, library: bool) {
        let measure = Measure::of(source);
        let file = path.display();
        let place = |line: usize| format!("{file}:{line}");
        self.files.push(Length {
            what: file.to_string(),
            lines: measure.lines,
        });
        self.inline_tests.push(Length {
            what: file.to_string(),
            lines: measure.inline_tests,
        });
        self.lines += measure.lines;
        self.unwraps
            .extend(measure.unwraps.iter().copied().map(place));
        self.functions
            .extend(measure.functions.into_iter().map(|function| Length {
                what: format!("{} {}", place(function.line), function.name),
                lines: function.lines,
            }));
        if library {
            let documentation = Documentation::of(source);
            self.public += documentation.public;
            self.undocumented
                .extend(documentation.undocumented.into_iter().map(place));
        }
    }

    /// Adds another's sums.
    pub(super) fn add(&mut self, other: Self) {
        self.files.extend(other.files);
        self.functions.extend(other.functions);
        self.lines += other.lines;
        self.unwraps.extend(other.unwraps);
        self.public += other.public;
        self.undocumented.extend(other.undocumented);
        self.inline_tests.extend(other.inline_tests);
    }

    /// The sums as a row of a table.
    pub(super) fn row(&self) -> String {
        let documented = if self.public == 0 {
            "-".to_owned()
        } else {
            format!("{:.1} %", self.documented_percent())
        };
        format!(
            "{:<18} {:>5}  {:>5}  {:>7}  {:>9}  {:>3}  {:>7}  {:>10}  {:>12.1}",
            self.name,
            self.files.len(),
            self.lines,
            largest(&self.files),
            self.functions.len(),
            self.function_p90(),
            largest(&self.functions),
            documented,
            self.unwraps_per_thousand(),
        )
    }

    /// Files and stretches of tests that are too long.
    pub(super) fn excesses_of_files(&self) -> Vec<String> {
        let files = over(&self.files, FILE_MAX).map(|(what, lines)| {
            format!("{what} has {lines} lines; a file has at most {FILE_MAX}")
        });
        let tests = over(&self.inline_tests, INLINE_TESTS_MAX).map(|(what, lines)| {
            format!(
                "{what} ends with {lines} lines of tests; \
                 more than {INLINE_TESTS_MAX} go to a file of their own"
            )
        });
        files.chain(tests).collect()
    }

    /// Functions that are too long, one by one or as a whole.
    pub(super) fn excess_of_functions(&self) -> Vec<String> {
        let mut found: Vec<String> = over(&self.functions, FUNCTION_MAX)
            .map(|(what, lines)| {
                format!("{what} has {lines} lines; a function has at most {FUNCTION_MAX}")
            })
            .collect();
        let p90 = self.function_p90();
        if p90 > FUNCTION_P90 {
            found.push(format!(
                "{}: one of ten functions has over {p90} lines; at most {FUNCTION_P90} are meant",
                self.name
            ));
            found.extend(self.longest_functions());
        }
        found
    }

    /// Too few documented public items.
    pub(super) fn excess_of_documentation(&self) -> Option<String> {
        (self.documented_percent() < DOCUMENTED_PERCENT).then(|| {
            format!(
                "{}: {:.1} % of the public items are documented, {DOCUMENTED_PERCENT} % are meant: {}",
                self.name,
                self.documented_percent(),
                self.undocumented.join(", ")
            )
        })
    }

    /// Too many unwraps.
    pub(super) fn excess_of_unwraps(&self) -> Option<String> {
        (self.unwraps_per_thousand() > UNWRAPS_PER_THOUSAND).then(|| {
            format!(
                "{}: {:.1} unwraps in 1000 lines, {UNWRAPS_PER_THOUSAND} are allowed: {}",
                self.name,
                self.unwraps_per_thousand(),
                self.unwraps.join(", ")
            )
        })
    }

    fn longest_functions(&self) -> impl Iterator<Item = String> {
        const SHOWN: usize = 10;
        let mut functions: Vec<&Length> = self.functions.iter().collect();
        functions.sort_by_key(|function| std::cmp::Reverse(function.lines));
        functions
            .into_iter()
            .take(SHOWN)
            .map(|f| format!("  {} has {} lines", f.what, f.lines))
    }

    /// The length that nine of ten functions do not exceed.
    fn function_p90(&self) -> usize {
        let mut lengths: Vec<usize> = self.functions.iter().map(|one| one.lines).collect();
        lengths.sort_unstable();
        let rank = (lengths.len() * 9).div_ceil(10);
        rank.checked_sub(1)
            .and_then(|index| lengths.get(index))
            .copied()
            .unwrap_or(0)
    }

    fn documented_percent(&self) -> f64 {
        if self.public == 0 {
            return 100.0;
        }
        ratio(self.public - self.undocumented.len(), self.public) * 100.0
    }

    fn unwraps_per_thousand(&self) -> f64 {
        ratio(self.unwraps.len(), self.lines.max(1)) * 1000.0
    }
}

fn over(all: &[Length], limit: usize) -> impl Iterator<Item = (&str, usize)> {
    all.iter()
        .filter(move |one| one.lines > limit)
        .map(|one| (one.what.as_str(), one.lines))
}

fn largest(all: &[Length]) -> usize {
    all.iter().map(|one| one.lines).max().unwrap_or(0)
}

fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(text: &str) -> Tally {
        let path = Path::new("crates/some/src/lib.rs");
        let mut tally = Tally::new("some");
        tally.count(path, &Source::parse(path, text).unwrap(), true);
        tally
    }

    /// A function of so many lines.
    fn function(name: &str, lines: usize) -> String {
        format!("fn {name}() {{\n{}}}\n", "\n".repeat(lines - 2))
    }

    #[test]
    fn a_function_of_eighty_lines_is_allowed_and_one_of_eighty_one_is_named() {
        let short: String = (0..20).map(|n| function(&format!("f{n}"), 10)).collect();
        assert!(
            tally(&(short.clone() + &function("long", 80)))
                .excess_of_functions()
                .is_empty()
        );
        assert_eq!(
            tally(&(short + &function("long", 81))).excess_of_functions(),
            ["crates/some/src/lib.rs:201 long has 81 lines; a function has at most 80"]
        );
    }

    #[test]
    fn one_function_of_ten_may_be_longer_than_thirty_lines() {
        let text: String = (0..9).map(|n| function(&format!("f{n}"), 30)).collect();
        let one_long = text.clone() + &function("g", 60);
        assert!(tally(&one_long).excess_of_functions().is_empty());
        let two_long = text + &function("g", 60) + &function("h", 60);
        assert!(tally(&two_long).excess_of_functions()[0].starts_with("some: one of ten"));
    }

    #[test]
    fn a_file_over_five_hundred_lines_is_named() {
        assert!(tally(&"\n".repeat(500)).excesses_of_files().is_empty());
        assert_eq!(
            tally(&"\n".repeat(501)).excesses_of_files(),
            ["crates/some/src/lib.rs has 501 lines; a file has at most 500"]
        );
    }

    #[test]
    fn undocumented_items_are_listed_when_there_are_too_many() {
        let said = tally("pub fn f() {}\n").excess_of_documentation().unwrap();
        assert!(
            said.ends_with("95 % are meant: crates/some/src/lib.rs:1"),
            "{said}"
        );
    }

    #[test]
    fn unwraps_are_listed_when_there_are_too_many() {
        let call = "fn f() {\n    a.unwrap();\n}\n";
        assert_eq!(
            tally(&(call.to_owned() + &"\n".repeat(997))).excess_of_unwraps(),
            None
        );
        let said = tally(call).excess_of_unwraps().unwrap();
        assert!(
            said.ends_with("1.5 are allowed: crates/some/src/lib.rs:2"),
            "{said}"
        );
    }
}
