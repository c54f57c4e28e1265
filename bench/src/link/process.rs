//! A proxy process and its children: started in a group of their own, counted, ended.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};

use super::procfs;
use crate::clock;

/// How long a proxy may take to end after SIGTERM.
const PATIENCE: Duration = Duration::from_secs(2);
/// How much of the end of a log is worth quoting.
const TAIL_LINES: usize = 8;

/// A running proxy; dropping it ends the process and all its children.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` in a process group of its own, with both outputs in the file `log`.
    ///
    /// A group of its own, so that Ctrl-C at the terminal ends the benchmark, and the benchmark
    /// then ends its proxies, in this order.
    pub(crate) fn spawn(mut command: Command, log: &Path) -> Result<Self> {
        let program = command.get_program().to_owned();
        let output = create_log(log).with_context(|| format!("creating {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        Ok(Self {
            child,
            log: log.to_owned(),
        })
    }

    /// Whether it has ended, by itself or when told to.
    ///
    /// Leaves it unreaped, so that its id, which is its group's too, stays its own until
    /// everything in the group is ended.
    pub(crate) fn has_ended(&self) -> Result<bool> {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let found = waitid(WaitId::Pid(Pid::from_child(&self.child)), look)?;
        Ok(found.is_some())
    }

    /// The last lines it wrote.
    pub(crate) fn log_tail(&self) -> String {
        let Ok(file) = open_log(&self.log) else {
            return format!("(no log at {})", self.log.display());
        };
        let lines: Vec<String> = BufReader::new(file).lines().map_while(Result::ok).collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }

    /// CPU time that it and its children have used since they were started.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let pids = procfs::tree(self.child.id())?;
        pids.into_iter().map(procfs::cpu).sum()
    }

    /// Memory of it and its children in KiB; what they share is counted once.
    pub(crate) fn memory(&self) -> Result<u64> {
        let pids = procfs::tree(self.child.id())?;
        pids.into_iter().map(procfs::proportional_set_size).sum()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let pid = Pid::from_child(&self.child);
        // Errors mean that there is nothing left to signal.
        let _ = kill_process(pid, Signal::TERM);
        let end = clock::now() + PATIENCE;
        while clock::now() < end && matches!(self.has_ended(), Ok(false)) {
            std::thread::sleep(Duration::from_millis(5));
        }
        // Also children that outlived their parent.
        let _ = kill_process_group(pid, Signal::KILL);
        let _ = self.child.wait();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the log is written by the child, not by us"
)]
fn create_log(path: &Path) -> std::io::Result<File> {
    File::create(path)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a log is quoted from its end, whatever its size"
)]
fn open_log(path: &Path) -> std::io::Result<File> {
    File::open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_ended_with_its_children_even_if_it_does_not_heed_sigterm() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "trap '' TERM; sleep 600 & echo $!; while :; do sleep 1; done",
        ]);
        let process = Process::spawn(command, &log).unwrap();
        let child = loop {
            if let Ok(pid) = process.log_tail().parse::<u32>() {
                break pid;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        assert!(procfs::tree(process.child.id()).unwrap().contains(&child));
        assert!(!process.has_ended().unwrap());
        drop(process);
        // Killed is not yet gone, and gone it may still be a zombie for its new parent to reap.
        let alive = || {
            let stat = procfs::read(&format!("/proc/{child}/stat"));
            stat.is_ok_and(|stat| !stat.contains(") Z "))
        };
        let looks = (0..1000).take_while(|_| alive());
        looks.for_each(|_| std::thread::sleep(Duration::from_millis(5)));
        assert!(!alive());
    }

    #[test]
    fn a_process_that_ends_by_itself_is_noticed_and_its_last_words_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo out; echo err >&2; exit 3"]);
        let process = Process::spawn(command, &dir.path().join("log")).unwrap();
        while !process.has_ended().unwrap() {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(process.has_ended().unwrap());
        assert_eq!(process.log_tail(), "out\nerr");
    }
}
