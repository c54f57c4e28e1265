//! The pages of the reference that are generated, so that what they tell is written once: the
//! command line from the program's own help, the databases' options from the table of options.
//! `cargo xtask reference` writes them; `./x lint` fails when one is stale.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::launch::{self, Profile};
use crate::project::Project;
use crate::run::{self, say};

/// Where a page stands in the tree, and what makes its text.
type Page = (&'static str, fn(&Project) -> Result<String>);

const PAGES: [Page; 2] = [
    ("docs/reference/command-line.md", command_line),
    ("docs/reference/options.md", options),
];

/// Above the command line.
const HEAD: &str = "# The command line\n\n\
    <!-- Written by `cargo xtask reference` from the program's own help; do not edit. -->\n";

/// Writes the pages anew.
///
/// # Errors
/// The product does not build, its help cannot be had, or a file cannot be written.
pub(crate) fn write(project: &Project) -> Result<()> {
    for (file, generate) in PAGES {
        let path = project.root.join(file);
        if let Some(folder) = path.parent() {
            fs_err::create_dir_all(folder)?;
        }
        fs_err::write(&path, generate(project)?)?;
        say!("wrote {file}");
    }
    Ok(())
}

/// Compares the pages that the tree has with what would be written.
///
/// # Errors
/// One differs, or the product's help cannot be had.
pub(crate) fn check(project: &Project) -> Result<()> {
    for (file, generate) in PAGES {
        let path = project.root.join(file);
        if path.exists() && fs_err::read_to_string(&path)? != generate(project)? {
            bail!("{file} is stale; write it anew with cargo xtask reference");
        }
    }
    Ok(())
}

fn options(_project: &Project) -> Result<String> {
    Ok(ringlock_config::options::reference())
}

fn command_line(project: &Project) -> Result<String> {
    launch::build_programs(project, Profile::Fast)?;
    let mut text = HEAD.to_owned();
    append(
        &Profile::Fast.program(project, "ringlock"),
        &mut Vec::new(),
        &mut text,
    )?;
    Ok(text)
}

/// Appends the help of the command called `words`, then that of the commands below it.
fn append(program: &Path, words: &mut Vec<String>, text: &mut String) -> Result<()> {
    // The width of somebody's terminal must not show in the file, on whichever stream it is.
    let mut command = Command::new(program);
    command
        .args(&*words)
        .arg("--help")
        .env("COLUMNS", "100")
        .stderr(Stdio::null());
    let help = run::output(&mut command)?;
    *text += &section(words, &help);
    for name in commands(&help) {
        words.push(name);
        append(program, words, text)?;
        words.pop();
    }
    Ok(())
}

fn section(words: &[String], help: &str) -> String {
    let title = std::iter::once("ringlock").chain(words.iter().map(String::as_str));
    let lines = help.trim_end().lines().map(str::trim_end);
    format!(
        "\n## `{}`\n\n```text\n{}\n```\n",
        title.collect::<Vec<_>>().join(" "),
        lines.collect::<Vec<_>>().join("\n")
    )
}

/// The commands that a help text lists, but for `help` itself.
fn commands(help: &str) -> Vec<String> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELP: &str = "Does things   \n\nUsage: ringlock <COMMAND>\n\nCommands:\n  \
        agent   The agent, which has a long text\n          that goes on\n  status  Links\n  \
        help    Print this\n\nOptions:\n  -h, --help  Print help\n";

    #[test]
    fn the_commands_of_a_help_text_are_its_first_words() {
        assert_eq!(commands(HELP), ["agent", "status"]);
        assert!(commands("Usage: ringlock status\n\nOptions:\n  -h\n").is_empty());
    }

    #[test]
    fn a_section_names_the_command_and_shows_its_help_without_trailing_blanks() {
        let section = section(&["status".to_owned()], "Links  \n\n");
        assert_eq!(section, "\n## `ringlock status`\n\n```text\nLinks\n```\n");
    }
}
