//! What no file of the tree may say.

use std::process::Command;

use anyhow::{Result, bail};

use crate::project::Project;
use crate::run::{self, say};

/// Notes to oneself: what is not done is an issue, not a line in a file.
const NOTES: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("X", "XX"),
];

/// Folders that exist on the machine of whoever wrote the line, and nowhere else.
const FOLDERS: &[&str] = &[
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
];

/// Written by cargo, not by us.
const GENERATED: &[&str] = &["Cargo.lock"];

/// Reads every text file that belongs to the tree.
///
/// # Errors
/// A file says what none may (each line was printed), or the list of files cannot be had.
pub(super) fn run(project: &Project) -> Result<()> {
    let listed = run::output(Command::new("git").current_dir(&project.root).args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    let mut found = 0;
    for name in listed
        .split('\0')
        .filter(|name| !name.is_empty() && !GENERATED.contains(name))
    {
        let path = project.root.join(name);
        if !path.is_file() {
            continue;
        }
        let Ok(text) = String::from_utf8(fs_err::read(&path)?) else {
            continue;
        };
        for (line, what) in complaints(&text) {
            say!("text: {name}:{line} says {what}");
            found += 1;
        }
    }
    if found > 0 {
        bail!("{found} lines that no file may hold");
    }
    Ok(())
}

/// The lines that may not stay, with what is wrong in each.
fn complaints(text: &str) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let notes = NOTES.iter().filter(|note| has_word(line, note));
        let folders = FOLDERS.iter().filter(|folder| has_folder(line, folder));
        found.extend(notes.chain(folders).map(|what| (index + 1, *what)));
    }
    found
}

fn has_word(line: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(part_of_word) && !line[at + word.len()..].starts_with(part_of_word)
    })
}

/// Whether the folder stands at the start of a path, not in the middle of one or of an address.
fn has_folder(line: &str, folder: &str) -> bool {
    let part_of_path = |c: char| c.is_alphanumeric() || "_-.~/}".contains(c);
    line.match_indices(folder)
        .any(|(at, _)| !line[..at].ends_with(part_of_path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_found_as_a_word_of_its_own() {
        let note = NOTES[0];
        assert_eq!(
            complaints(&format!("fine\n// {note}: later\n")),
            [(2, note)]
        );
        assert!(complaints(&format!("MAS{note}N {note}S todo")).is_empty());
    }

    #[test]
    fn a_folder_of_somebodys_machine_is_found_where_a_path_starts() {
        let folder = FOLDERS[0];
        assert_eq!(
            complaints(&format!("file://{folder}me\nsee \"{folder}me\"\n")),
            [(2, folder)]
        );
        assert!(complaints(&format!("docs{folder}page https://example.org{folder}")).is_empty());
    }
}
