//! Short commands: run, waited for, and an error that says all there is to know.

use std::{
    io::{self, Write},
    process::{Command, Output, Stdio},
    thread,
};

use crate::{agent, secrets};

/// Why a command did not do what it was asked to do.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The program is missing or cannot be executed.
    #[error("cannot start {program}: {source}")]
    Start {
        /// The program as it was asked for.
        program: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// The program ran and failed.
    #[error("{command} failed ({status}): {output}")]
    Failed {
        /// The program with its arguments.
        command: String,
        /// How it ended.
        status: std::process::ExitStatus,
        /// All that it said, standard error last.
        output: String,
    },
    /// It is Ringlock, and printed what nobody may see.
    #[error("{command} printed a secret: {line}")]
    Secret {
        /// The program with its arguments.
        command: String,
        /// The line.
        line: String,
    },
    /// Its input or output broke.
    #[error("lost the connection to {command}: {source}")]
    Pipe {
        /// The program with its arguments.
        command: String,
        /// What the kernel said.
        source: io::Error,
    },
}

/// Runs the command to its end and gives its standard output.
pub fn run(command: &mut Command) -> Result<String, CommandError> {
    run_with_input(command, "")
}

/// Runs the command with a text as its standard input and gives its standard output.
pub fn run_with_input(command: &mut Command, input: &str) -> Result<String, CommandError> {
    let output = output_with_input(command, input)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    let all = text(&[output.stdout, output.stderr].concat());
    Err(CommandError::Failed {
        command: describe(command),
        status: output.status,
        output: all.trim().to_owned(),
    })
}

/// Runs the command to its end, whatever that is, and gives all it said.
pub fn output(command: &mut Command) -> Result<Output, CommandError> {
    output_with_input(command, "")
}

fn output_with_input(command: &mut Command, input: &str) -> Result<Output, CommandError> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| CommandError::Start {
            program: command.get_program().to_string_lossy().into_owned(),
            source,
        })?;
    let stdin = child.stdin.take();
    let pipe_error = |source| CommandError::Pipe {
        command: describe(command),
        source,
    };
    // Written aside, so that a program that talks before it has read everything blocks nobody.
    thread::scope(|scope| {
        let writer =
            scope.spawn(move || stdin.map_or(Ok(()), |mut s| s.write_all(input.as_bytes())));
        let output = child.wait_with_output().map_err(pipe_error)?;
        match writer.join() {
            // A program that ended without reading its input has an exit status to be judged by.
            Ok(Err(source)) if source.kind() != io::ErrorKind::BrokenPipe => {
                Err(pipe_error(source))
            }
            _ => Ok(output),
        }
    })
    .and_then(|output| keeps_secrets(command, output))
}

/// Whatever Ringlock prints in the course of a test is searched for the tests' secrets.
fn keeps_secrets(command: &Command, output: Output) -> Result<Output, CommandError> {
    if command.get_program() == agent::ringlock().get_program() {
        for bytes in [&output.stdout, &output.stderr] {
            if let Some((line, _)) = secrets::shown(&String::from_utf8_lossy(bytes)) {
                return Err(CommandError::Secret {
                    command: describe(command),
                    line,
                });
            }
        }
    }
    Ok(output)
}

fn describe(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_command_tells_its_arguments_and_what_it_said() {
        let error = run(Command::new("sh").args(["-c", "echo no such node >&2; exit 3"]))
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "sh -c echo no such node >&2; exit 3 failed (exit status: 3): no such node"
        );
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run(&mut Command::new("no-such-program-at-all")).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot start no-such-program-at-all: ")
        );
    }

    #[test]
    fn input_reaches_the_program() {
        assert_eq!(
            run_with_input(&mut Command::new("cat"), "abc").unwrap(),
            "abc"
        );
    }
}
