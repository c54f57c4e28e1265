//! The `nft` program, run once for each question or change.

use std::{
    io::{self, Write},
    process::{Command, Output, Stdio},
};

use nftables::schema::Nftables;
use serde_json::Value;

use super::table::TABLE;
use crate::{MissingNetAdmin, require_net_admin};

/// Why `nft` did not do it. A transaction that fails changes nothing.
#[derive(Debug, thiserror::Error)]
pub enum NftError {
    /// The caller may not.
    #[error("{0}")]
    NoPrivilege(#[source] MissingNetAdmin),
    /// There is no such program.
    #[error("the program `nft` is not there: install the package `nftables`")]
    Missing,
    /// It cannot be run.
    #[error("the program `nft` cannot be run: {0}")]
    NotRun(#[source] io::Error),
    /// It, or the kernel, refuses.
    #[error("nft says: {said}")]
    Refused {
        /// Its own words, on one line.
        said: String,
    },
    /// Its answer is no JSON.
    #[error("the answer of the program `nft` is not the JSON that was asked for: {0}")]
    Unreadable(#[source] serde_json::Error),
}

/// How to run it.
pub(super) struct Nft {
    /// Tried in turn: the `PATH` of a service often lacks the folders of the administrator.
    programs: &'static [&'static str],
}

impl Default for Nft {
    fn default() -> Self {
        Self {
            programs: &["nft", "/usr/sbin/nft", "/sbin/nft"],
        }
    }
}

impl Nft {
    /// The listing of our table; nothing when there is none.
    pub(super) fn list(&self) -> Result<Option<Value>, NftError> {
        let tables = self.run(&["-j", "list", "tables", "inet"], "")?;
        let tables: Value = serde_json::from_str(&tables).map_err(NftError::Unreadable)?;
        let ours = |object: &Value| {
            object["table"]["name"] == TABLE && object["table"]["family"] == "inet"
        };
        if !tables["nftables"]
            .as_array()
            .is_some_and(|objects| objects.iter().any(ours))
        {
            return Ok(None);
        }
        let listing = self.run(&["-j", "list", "table", "inet", TABLE], "")?;
        serde_json::from_str(&listing)
            .map(Some)
            .map_err(NftError::Unreadable)
    }

    /// Makes all the changes, or none.
    pub(super) fn apply(&self, batch: &Nftables<'_>) -> Result<(), NftError> {
        let batch = serde_json::to_string(batch).map_err(NftError::Unreadable)?;
        self.run(&["-j", "-f", "-"], &batch).map(drop)
    }

    fn run(&self, arguments: &[&str], input: &str) -> Result<String, NftError> {
        require_net_admin().map_err(NftError::NoPrivilege)?;
        for program in self.programs {
            match feed(program, arguments, input) {
                Ok(output) => return answer(&output),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(NftError::NotRun(error)),
            }
        }
        Err(NftError::Missing)
    }
}

/// Runs a program to its end. One that does not take all its input has a reason, and says it.
fn feed(program: &str, arguments: &[&str], input: &str) -> io::Result<Output> {
    let mut child = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let written = match child.stdin.take() {
        Some(mut stdin) => stdin.write_all(input.as_bytes()),
        None => Ok(()),
    };
    let output = child.wait_with_output()?;
    if output.status.success() {
        written.map(|()| output)
    } else {
        Ok(output)
    }
}

fn answer(output: &Output) -> Result<String, NftError> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("Operation not permitted") {
        return Err(NftError::NoPrivilege(MissingNetAdmin::after_refusal()));
    }
    let said = match said.lines().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) => line.to_owned(),
        None => format!("nothing ({})", output.status),
    };
    Err(NftError::Refused { said })
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn without_the_program_the_error_names_the_package() {
        let nft = Nft {
            programs: &["/nonexistent/nft", "nonexistent-nft"],
        };
        let error = nft.list().unwrap_err();
        if require_net_admin().is_ok() {
            assert_eq!(
                error.to_string(),
                "the program `nft` is not there: install the package `nftables`"
            );
        } else {
            assert!(error.to_string().contains("CAP_NET_ADMIN"));
        }
    }

    #[test]
    fn a_refusal_is_told_in_the_programs_own_words() {
        let failed = |stderr: &str| {
            let output = Output {
                status: std::process::ExitStatus::from_raw(1 << 8),
                stdout: Vec::new(),
                stderr: stderr.into(),
            };
            answer(&output).unwrap_err().to_string()
        };
        let said = failed("internal:0:0-0: Error: Could not process rule: No such file\n");
        assert_eq!(
            said,
            "nft says: internal:0:0-0: Error: Could not process rule: No such file"
        );
        assert_eq!(failed(""), "nft says: nothing (exit status: 1)");
        assert!(failed("Operation not permitted (you must be root)").contains("CAP_NET_ADMIN"));
    }

    #[test]
    fn a_program_that_does_not_read_its_input_is_judged_by_its_end() {
        let long = "x".repeat(1 << 20);
        assert!(!feed("false", &[], &long).unwrap().status.success());
        assert!(
            feed("true", &[], &long).is_err(),
            "success without reading is no success"
        );
    }
}
