//! Long-running programs: started, listened to, ended.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    time::Duration,
};

use fs_err as fs;
use rustix::process::{Pid, kill_process, kill_process_group};

pub use rustix::process::Signal;

use crate::{
    cleanup::{self, Registration},
    clock::poll,
    command::CommandError,
    lab::Namespace,
};

/// How often a log is looked at while a line is waited for.
const GLANCE: Duration = Duration::from_millis(50);
/// How many of a log's last lines an error shows.
const LAST_LINES: usize = 15;

/// Why a program is not in the state that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It could not be started.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// Its log could not be written or read.
    #[error("cannot use the log of {name}: {source}")]
    Log {
        /// What the program is called here.
        name: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// It ended while something was expected of it.
    #[error("{name} ended ({status}); its last lines:\n{last_lines}")]
    Ended {
        /// What the program is called here.
        name: String,
        /// How it ended.
        status: ExitStatus,
        /// The end of its log.
        last_lines: String,
    },
    /// What was waited for did not come.
    #[error("{name}: no {awaited} within {patience:?}; its last lines:\n{last_lines}")]
    Silent {
        /// What the program is called here.
        name: String,
        /// What was waited for.
        awaited: String,
        /// For how long.
        patience: Duration,
        /// The end of its log.
        last_lines: String,
    },
}

/// A program of its own process group, so that Ctrl-C at the terminal does not end it before its
/// owner has looked; both its outputs go to one log file. Killed when dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    log: PathBuf,
    child: Child,
    registration: Option<Registration>,
}

impl Process {
    /// Starts the command, in the namespace or where this program runs, and logs to the file.
    pub fn start(
        name: &str,
        command: Command,
        namespace: Option<&Namespace>,
        log: &Path,
    ) -> Result<Self, ProcessError> {
        Self::start_with(name, command, namespace, log, Stdio::from)
    }

    /// As [`Self::start`], but only standard error is logged; gives standard output to read.
    pub fn start_piped(
        name: &str,
        command: Command,
        namespace: Option<&Namespace>,
        log: &Path,
    ) -> Result<(Self, Option<ChildStdout>), ProcessError> {
        let mut process = Self::start_with(name, command, namespace, log, |_| Stdio::piped())?;
        let output = process.child.stdout.take();
        Ok((process, output))
    }

    fn start_with(
        name: &str,
        mut command: Command,
        namespace: Option<&Namespace>,
        log: &Path,
        stdout: impl FnOnce(File) -> Stdio,
    ) -> Result<Self, ProcessError> {
        let (first, second) = open_log(log).map_err(|source| ProcessError::Log {
            name: name.to_owned(),
            source,
        })?;
        command
            .stdin(Stdio::null())
            .stdout(stdout(first))
            .stderr(second)
            .process_group(0);
        let child = match namespace {
            Some(namespace) => namespace.spawn(&mut command)?,
            None => command.spawn().map_err(|source| CommandError::Start {
                program: command.get_program().to_string_lossy().into_owned(),
                source,
            })?,
        };
        let group = Pid::from_child(&child);
        Ok(Self {
            name: name.to_owned(),
            log: log.to_owned(),
            child,
            registration: Some(cleanup::register(move || {
                kill_process_group(group, Signal::KILL).ok();
            })),
        })
    }

    /// What the program is called here.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its log, growing while it runs.
    pub fn log_path(&self) -> &Path {
        &self.log
    }

    /// All it has said so far.
    pub fn log(&self) -> Result<String, ProcessError> {
        fs::read(&self.log)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .map_err(|source| ProcessError::Log {
                name: self.name.clone(),
                source,
            })
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        let status = self.child.try_wait().ok().flatten();
        if status.is_some() {
            self.registration = None;
        }
        status
    }

    /// Waits until the log holds `times` lines with this text.
    pub fn wait_for(
        &mut self,
        text: &str,
        times: usize,
        patience: Duration,
    ) -> Result<(), ProcessError> {
        let found = poll(patience, GLANCE, || {
            // Asked first, so that the last words of a program that ends are still heard.
            let ended = self.ended();
            let log = self.log()?;
            if log.lines().filter(|line| line.contains(text)).count() >= times {
                return Ok(Some(()));
            }
            match ended {
                Some(status) => Err(ProcessError::Ended {
                    name: self.name.clone(),
                    status,
                    last_lines: last_lines(&log),
                }),
                None => Ok(None),
            }
        })?;
        found.ok_or_else(|| ProcessError::Silent {
            name: self.name.clone(),
            awaited: format!("\"{text}\""),
            patience,
            last_lines: last_lines(&self.log().unwrap_or_default()),
        })
    }

    /// Waits until it has ended by itself.
    pub fn wait_for_end(&mut self, patience: Duration) -> Result<ExitStatus, ProcessError> {
        let status = poll(patience, GLANCE, || Ok::<_, ProcessError>(self.ended()))?;
        status.ok_or_else(|| ProcessError::Silent {
            name: self.name.clone(),
            awaited: "end".to_owned(),
            patience,
            last_lines: last_lines(&self.log().unwrap_or_default()),
        })
    }

    /// Sends a signal; a program that has ended meanwhile takes no notice.
    pub fn signal(&mut self, signal: Signal) {
        if self.ended().is_none() {
            kill_process(Pid::from_child(&self.child), signal).ok();
        }
    }

    /// Ends it with SIGKILL and waits for it.
    pub fn kill(&mut self) {
        if self.ended().is_none() {
            kill_process_group(Pid::from_child(&self.child), Signal::KILL).ok();
            drop(self.child.wait());
            self.registration = None;
        }
    }

    /// Ends it with SIGTERM, or with SIGKILL after `patience`; tells how it ended.
    pub fn stop(&mut self, patience: Duration) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait_for_end(patience).unwrap_or_else(|_| {
            self.kill();
            self.ended()
                .unwrap_or_else(|| ExitStatus::from_raw(Signal::KILL.as_raw()))
        })
    }

    /// Its resident memory, in bytes; nothing once it has ended.
    pub fn resident_bytes(&self) -> Option<u64> {
        let status = self.proc_file("status")?;
        let fields: BTreeMap<_, _> = status.lines().filter_map(|l| l.split_once(':')).collect();
        let kibibytes = fields.get("VmRSS")?.trim().strip_suffix(" kB")?;
        kibibytes.parse::<u64>().ok().map(|kib| kib * 1024)
    }

    /// The processor time it has used, of all its threads; nothing once it has ended.
    pub fn processor_time(&self) -> Option<Duration> {
        // The name in parentheses may hold blanks; utime and stime are fields 14 and 15, proc(5).
        let stat = self.proc_file("stat")?;
        let (_, fields) = stat.rsplit_once(") ")?;
        let mut ticks = fields.split(' ').skip(11).map(str::parse::<u64>);
        let used = ticks.next()?.ok()? + ticks.next()?.ok()?;
        Some(Duration::from_millis(
            used * 1000 / rustix::param::clock_ticks_per_second(),
        ))
    }

    fn proc_file(&self, name: &str) -> Option<String> {
        fs::read_to_string(format!("/proc/{}/{name}", self.pid())).ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The log, opened twice, so that both outputs append to it.
fn open_log(path: &Path) -> io::Result<(File, File)> {
    let mut append = fs::OpenOptions::new();
    append.create(true).append(true);
    Ok((
        append.open(path)?.into_file(),
        append.open(path)?.into_file(),
    ))
}

/// The end of a log, as errors show it.
pub(crate) fn last_lines(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> (tempfile::TempDir, Process) {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let process = Process::start("shell", command, None, &dir.path().join("log")).unwrap();
        (dir, process)
    }

    #[test]
    fn a_program_that_ends_too_early_is_reported_with_its_last_words() {
        let (_dir, mut process) = shell("echo no room; exit 3");
        let error = process
            .wait_for("ready", 1, Duration::from_secs(20))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "shell ended (exit status: 3); its last lines:\nno room"
        );
    }

    #[test]
    fn a_program_is_ready_when_it_says_so_and_ends_when_told() {
        let (_dir, mut process) = shell("echo ready; exec sleep 600");
        process
            .wait_for("ready", 1, Duration::from_secs(20))
            .unwrap();
        assert!(process.resident_bytes().unwrap() > 0);
        assert!(process.processor_time().is_some());
        let status = process.stop(Duration::from_secs(20));
        assert_eq!(status.signal(), Some(Signal::TERM.as_raw()));
        assert!(process.resident_bytes().is_none());
    }

    #[test]
    fn a_program_that_ignores_the_request_to_end_is_killed() {
        let (_dir, mut process) = shell("trap '' TERM; echo ready; while :; do sleep 1; done");
        process
            .wait_for("ready", 1, Duration::from_secs(20))
            .unwrap();
        let status = process.stop(Duration::from_millis(100));
        assert_eq!(status.signal(), Some(Signal::KILL.as_raw()));
    }
}
